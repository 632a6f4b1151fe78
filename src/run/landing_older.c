/* The files that the collector before firn left on customers' disks: one answer of the weather API
 * each, `<epoch>_<customer>_<location>.json`. A row of CURRENT_WEATHER as the connector would make
 * it, so that what was never uploaded is not lost.
 *
 * The answer's times carry no zone; utc_offset_seconds says what they mean. Its key is the digest
 * that the connector's locations have without an id. */
#include "base/bounds.h"
#include "base/file.h"
#include "base/text.h"
#include "run/landing_private.h"

#include <inttypes.h>

/* Member of the answer or of its block -> column. */
static const struct {
	const char *name, *column;
	bool in_block;
} MEMBERS[] = {
	{"latitude", "LATITUDE", false},
	{"longitude", "LONGITUDE", false},
	{"elevation", "ELEVATION", false},
	{"temperature", "TEMPERATURE", true},
	{"windspeed", "WINDSPEED", true},
	{"winddirection", "WINDDIRECTION", true},
	{"weathercode", "WEATHERCODE", true},
	{"is_day", "IS_DAY", true},
	{"utc_offset_seconds", "UTC_OFFSET_SECONDS", false},
	{"timezone", "TIMEZONE", false},
	{"generationtime_ms", "GENERATIONTIME_MS", false},
};

/* "2026-11-23T04:15" in a time that is `offset_s` ahead of UTC. */
static bool read_time(struct span text, int64_t offset_s, int64_t *ret_us)
{
	struct stamp_format format;
	struct err ignored;
	return stamp_format_parse("YYYY-MM-DDThh:mm", &format, &ignored) &&
	       stamp_read(&format, text, ret_us) &&
	       ((*ret_us -= offset_s * STAMP_SECOND), true);
}

static void add_stamp(struct buf *out, const char *name, int64_t us)
{
	char text[STAMP_TEXT_BYTES];
	stamp_write_iso(us, text);
	json_add_string(out, name, text);
}

/* As the connector's digest of customer and name: each after its length and a colon. */
static bool add_location_id(struct buf *out, const struct landed_older *older)
{
	char hex[SHA256_HEX + 1];
	struct buf parts;
	buf_init(&parts, 4 * PATH_BYTES_MAX);
	buf_addf(&parts, "%zu:", older->customer.size);
	buf_add_span(&parts, older->customer);
	buf_addf(&parts, "%zu:", older->location.size);
	buf_add_span(&parts, older->location);
	bool done = !parts.failed && digest_sha256_hex(buf_span(&parts), hex);
	hex[SHA256_HEX / 2] = '\0';
	json_add_string(out, "LOCATION_ID", hex);
	buf_done(&parts);
	return done;
}

static bool add_row(struct buf *out, const struct json *answer, const struct landed_older *older,
		    struct err *reterr)
{
	const struct json *block = json_member(answer, SPAN("current_weather"));
	struct span time = json_text_member(block, "time", "");
	int64_t observed_us;

	if (json_kind(json_member(answer, SPAN("error"))) == JSON_BOOL) {
		struct span reason = json_text_member(answer, "reason", "no reason is given");
		return err_set(reterr, ERR_DATA, "it holds an error instead of a reading: %.*s",
			       SPAN_ARGS(reason));
	}
	if (!read_time(time, json_int_member(answer, "utc_offset_seconds", 0), &observed_us))
		return err_set(reterr, ERR_DATA, "it holds no reading with a time");
	buf_add_char(out, '{');
	json_add_name(out, "CUSTOMER_ID");
	json_add_text(out, older->customer);
	json_add_name(out, "LOCATION_NAME");
	json_add_text(out, older->location);
	bool done = add_location_id(out, older);
	add_stamp(out, "OBSERVED_AT", observed_us);
	add_stamp(out, "FETCHED_AT", older->at_us);
	for (size_t i = 0; done && i < sizeof MEMBERS / sizeof *MEMBERS; i++) {
		const struct json *value = json_member(MEMBERS[i].in_block ? block : answer,
						       span_of(MEMBERS[i].name));
		if (value == NULL)
			continue;
		json_add_name(out, MEMBERS[i].column);
		done = json_write(out, value, NULL);
	}
	buf_add_text(out, "}\n");
	return (done && !out->failed) || err_memory(reterr);
}

/* Who collects here, where the configuration says it: names may hold underscores. */
static const char *known_customer(const struct landing *l)
{
	const struct yaml *settings = l->setup->config->settings;
	const struct yaml *id = settings == NULL ? NULL : yaml_member(settings, "customer_id");
	return id == NULL || id->kind != YAML_SCALAR ? "" : id->text.at;
}

bool landing_older_lines(const struct landing *l, const struct landing_file *file,
			 struct buf *out, struct landed_sum *ret, struct err *reterr)
{
	struct landed_older older;
	struct json_doc *doc = NULL;
	struct buf text;
	bool done = false;

	buf_init(&text, LANDED_OLDER_BYTES_MAX);
	if (!landed_older(file->place.name, known_customer(l), &older)) {
		err_set(reterr, ERR_DATA, "its name does not say where the customer ends and the "
			"location begins; source.settings.customer_id would");
		goto out;
	}
	if (!file_read(file->content, &text, reterr) ||
	    (doc = json_parse(buf_span(&text), reterr)) == NULL)
		goto out;
	*ret = (struct landed_sum){.bytes = (int64_t)text.size, .lines = 1};
	done = (digest_sha256_hex(buf_span(&text), ret->sha256) || err_memory(reterr)) &&
	       add_row(out, json_root(doc), &older, reterr);
out:
	json_free(doc);
	buf_done(&text);
	return done;
}
