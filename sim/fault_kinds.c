#include "fault_kinds.h"

#include "faults.h"
#include "mischief.h"
#include "weather.h"

#include <stdio.h>
#include <stdlib.h>

/* In the order of enum twist_next. */
#define NEXT_WAYS "true self to host none lower relative null empty"

const char *fault_text(const struct fault *fault, const char *name, const char *fallback)
{
	for (size_t i = fault->n; i-- > 0;) {
		if (strcmp(fault->names[i], name) == 0)
			return fault->values[i];
	}
	return fallback;
}

int64_t fault_number(const struct fault *fault, const char *name, int64_t fallback)
{
	const char *text = fault_text(fault, name, "");
	return *text == '\0' ? fallback : strtoll(text, NULL, 10);
}

static void copy(char *to, size_t room, const char *text)
{
	size_t size = strlen(text);
	if (size >= room)
		size = room - 1;
	memcpy(to, text, size);
	to[size] = '\0';
}

/* "30%" of a body, or that many bytes of it. */
static struct place place_of(const struct fault *fault, const char *fallback)
{
	const char *text = fault_text(fault, "at", fallback);
	char *end = NULL;
	double number = strtod(text, &end);
	if (number <= 0)
		return (struct place){0, 0};
	return *end == '%' ? (struct place){number / 100, 0}
			   : (struct place){0, (uint64_t)number};
}

static int64_t milliseconds(const struct fault *fault)
{
	return (int64_t)(strtod(fault_text(fault, "seconds", "10"), NULL) * 1000);
}

static void apply_status(const struct fault *fault, struct twist *twist)
{
	twist->status = (unsigned)fault_number(fault, "code", 503) % 1000;
	copy(twist->retry_after, sizeof twist->retry_after, fault_text(fault, "retry_after", ""));
	copy(twist->style, sizeof twist->style, fault_text(fault, "style", ""));
	copy(twist->message, sizeof twist->message,
	     fault_text(fault, "message", "The simulator was told to answer so."));
}

static void apply_redirect(const struct fault *fault, struct twist *twist)
{
	twist->status = (unsigned)fault_number(fault, "code", 302) % 1000;
	copy(twist->style, sizeof twist->style, "empty");
	copy(twist->location, sizeof twist->location,
	     fault_text(fault, "location", "http://elsewhere.example/"));
}

static void apply_torn(const struct fault *fault, struct twist *twist)
{
	twist->wire = WIRE_TORN;
	twist->at = place_of(fault, "50%");
}

static void apply_reset(const struct fault *fault, struct twist *twist)
{
	twist->wire = WIRE_RESET;
	twist->at = place_of(fault, "0");
}

static void apply_delay(const struct fault *fault, struct twist *twist)
{
	twist->wait_ms = milliseconds(fault);
}

static void apply_hang(const struct fault *fault, struct twist *twist)
{
	twist->wire = WIRE_HANG;
	twist->at = place_of(fault, "50%");
	twist->wait_ms = milliseconds(fault);
}

static void apply_drip(const struct fault *fault, struct twist *twist)
{
	twist->wire = WIRE_DRIP;
	twist->drip_bytes = (uint64_t)fault_number(fault, "bytes", 100);
	twist->wait_ms = fault_number(fault, "ms", 100);
}

static void apply_chunked(const struct fault *fault, struct twist *twist)
{
	(void)fault;
	twist->wire = WIRE_CHUNKED;
}

static void apply_half(const struct fault *fault, struct twist *twist)
{
	twist->body = BODY_HALF;
	twist->at = place_of(fault, "50%");
}

static void apply_trailing(const struct fault *fault, struct twist *twist)
{
	twist->body = BODY_TRAILING;
	twist->at = place_of(fault, "100%");
	copy(twist->trailing, sizeof twist->trailing, fault_text(fault, "text", "}garbage"));
}

static void apply_html(const struct fault *fault, struct twist *twist)
{
	(void)fault;
	twist->body = BODY_HTML;
}

static void apply_empty(const struct fault *fault, struct twist *twist)
{
	(void)fault;
	twist->body = BODY_EMPTY;
}

static void apply_large(const struct fault *fault, struct twist *twist)
{
	twist->large_mib = (uint64_t)fault_number(fault, "mib", 300) % 4096;
}

static void apply_next(const struct fault *fault, struct twist *twist)
{
	struct span as = span_of(fault_text(fault, "as", "self"));
	int way = 0;
	for (const char *name = NEXT_WAYS; !span_starts(span_of(name), as); way++)
		name += strcspn(name, " ") + 1;
	twist->next = (enum twist_next)way;
	twist->next_page = (uint64_t)fault_number(fault, "to", 1);
	copy(twist->next_host, sizeof twist->next_host,
	     fault_text(fault, "host", "elsewhere.example"));
}

static void apply_again(const struct fault *fault, struct twist *twist)
{
	(void)fault;
	twist->rows_before = true;
}

static void apply_double(const struct fault *fault, struct twist *twist)
{
	twist->rows_double = (uint64_t)fault_number(fault, "rows", 10);
}

static void apply_drop(const struct fault *fault, struct twist *twist)
{
	twist->rows_drop = (uint64_t)fault_number(fault, "rows", 10);
}

static void apply_value(const struct fault *fault, struct twist *twist)
{
	const char *as = fault_text(fault, "as", "missing");
	twist->value = *as == 'n'   ? VALUE_NULL
		       : *as == 'o' ? VALUE_OBJECT
		       : *as == 't' ? VALUE_TEXT
				    : VALUE_MISSING;
}

static void apply_record(const struct fault *fault, struct twist *twist)
{
	copy(twist->record, sizeof twist->record, fault_text(fault, "as", "noid"));
	copy(twist->field, sizeof twist->field, fault_text(fault, "field", ""));
	twist->record_rows = (uint64_t)fault_number(fault, "rows", 1);
	twist->record_bytes = (uint64_t)fault_number(fault, "bytes", 1 << 24);
}

static void apply_count(const struct fault *fault, struct twist *twist)
{
	const char *text = fault_text(fault, "text", "");
	twist->count_text_given = *text != '\0';
	copy(twist->count_text, sizeof twist->count_text, text);
	twist->count_add = fault_number(fault, "add", 1);
}

static void apply_quota(const struct fault *fault, struct twist *twist)
{
	const char *as = fault_text(fault, "as", "minutely");
	twist->status = 429;
	twist->style[0] = '\0';
	copy(twist->message, sizeof twist->message,
	     *as == 'c'   ? "Too many concurrent requests"
	     : *as == 'm' ? weather_quota_words(QUOTA_MINUTE)
	     : *as == 'h' ? weather_quota_words(QUOTA_HOUR)
			  : weather_quota_words(QUOTA_DAY));
}

/* In the order of enum twist_place. */
#define PLACE_WAYS "error null text absent twice"

static void apply_place(const struct fault *fault, struct twist *twist)
{
	static const char *const WAYS[] = {"error", "null", "text", "absent", "twice"};
	const char *as = fault_text(fault, "as", "error");
	for (int way = 0; way < 5; way++) {
		if (strcmp(as, WAYS[way]) == 0)
			twist->place = (enum twist_place)(PLACE_ERROR + way);
	}
	twist->place_index = (uint64_t)fault_number(fault, "index", 0);
	copy(twist->message, sizeof twist->message,
	     fault_text(fault, "message", "No data is available for this location"));
}

static void apply_date(const struct fault *fault, struct twist *twist)
{
	twist->date_skew_s = fault_number(fault, "skew", 0);
	twist->date_absent = twist->date_skew_s == 0;
}

static const struct fault_kind KINDS[] = {
	{"status", "code retry_after style message", "records", apply_status, "",
	 "an error status; style: flat nested reason html text empty"},
	{"redirect", "code location", "records", apply_redirect, "", "302 to another host"},
	{"torn", "at", "records", apply_torn, "",
	 "the body ends early, the length says more; at=50% or bytes"},
	{"reset", "at", "records", apply_reset, "", "RST instead of, or within, the answer"},
	{"delay", "seconds", "records", apply_delay, "", "nothing for so long, then the answer"},
	{"hang", "at seconds", "records", apply_hang, "", "silence within the body"},
	{"drip", "bytes ms", "records", apply_drip, "", "a few bytes now and then"},
	{"chunked", "", "records", apply_chunked, "", "no length, chunks instead"},
	{"half", "at", "records", apply_half, "", "200 with the first part of the JSON"},
	{"trailing", "text at", "records", apply_trailing, "",
	 "200 with garbage behind the JSON, or behind its first part"},
	{"html", "", "records", apply_html, "", "200 with a page for people"},
	{"empty", "", "records", apply_empty, "", "200 with nothing"},
	{"large", "mib", "records", apply_large, "", "an answer of so many MiB more"},
	{"next", "as to host", "records", apply_next, NEXT_WAYS, "what the link says"},
	{"again", "", "records", apply_again, "", "the records of the page before, once more"},
	{"double", "rows", "records", apply_double, "", "ids of the page before come again"},
	{"drop", "rows", "records", apply_drop, "", "so many records are left out"},
	{"value", "as", "records", apply_value, "missing null object text", "no list of records"},
	{"record", "as rows field bytes", "records", apply_record, MISCHIEF_WAYS,
	 "records that are wrong"},
	{"count", "add text", "count", apply_count, "", "$count says more, less, or nonsense"},
	{"quota", "as", "weather", apply_quota, "minutely hourly daily concurrent",
	 "429 with those words"},
	{"place", "as index message", "weather", apply_place, PLACE_WAYS,
	 "one place's part of an answer; index=0 is the first"},
	{"date", "skew", "any", apply_date, "", "the Date header is off by seconds, or absent"},
};

const struct fault_kind *fault_kind(struct span name)
{
	for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
		if (span_is(name, KINDS[i].name))
			return &KINDS[i];
	}
	return NULL;
}

bool faults_help(struct buf *out)
{
	for (size_t i = 0; i < sizeof KINDS / sizeof *KINDS; i++) {
		char head[64];
		snprintf(head, sizeof head, "%s%s%s", KINDS[i].name,
			 *KINDS[i].parameters == '\0' ? "" : ":", KINDS[i].parameters);
		buf_addf(out, "  %-40s %s\n", head, KINDS[i].help);
		if (*KINDS[i].as == '\0')
			continue;
		buf_add_text(out, "    as:");
		size_t column = 7;
		for (const char *as = KINDS[i].as; *as != '\0';) {
			size_t size = strcspn(as, " ");
			bool fits = column + 1 + size <= 90;
			buf_addf(out, "%s%.*s", fits ? " " : "\n        ", (int)size, as);
			column = fits ? column + 1 + size : 8 + size;
			as += size + (as[size] == ' ');
		}
		buf_add_char(out, '\n');
	}
	return !out->failed;
}
