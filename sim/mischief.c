#include "mischief.h"

#include "base/bounds.h"

#include <stdlib.h>

/* A record taken apart at one member: what stands before its name, the name, the value. */
struct member {
	struct span before, value, after;
	bool there;
};

static size_t value_size(const char *at)
{
	if (*at != '"')
		return strcspn(at, ",}");
	size_t size = 1;
	while (at[size] != '"')
		size += at[size] == '\\' ? 2 : 1;
	return size + 1;
}

/* `before` ends behind the colon. The names asked for occur once in a record, or first. */
static struct member find(const char *record, const char *name)
{
	char wanted[64] = "\"";
	size_t size = strlen(name);
	if (size + 4 > sizeof wanted)
		return (struct member){0};
	memcpy(wanted + 1, name, size);
	memcpy(wanted + 1 + size, "\":", 3);
	const char *at = strstr(record, wanted);
	if (at == NULL)
		return (struct member){0};
	at += size + 3;
	struct member found = {.there = true};
	found.before = (struct span){record, (size_t)(at - record)};
	found.value = (struct span){at, value_size(at)};
	found.after = span_of(at + found.value.size);
	return found;
}

static void replace(struct buf *out, const char *record, const char *name, const char *value)
{
	struct member member = find(record, name);
	if (!member.there) {
		buf_add_text(out, record);
		return;
	}
	buf_add_span(out, member.before);
	buf_add_text(out, value);
	buf_add_span(out, member.after);
}

/* Adds bytes at the start of a text. */
static void insert(struct buf *out, const char *record, const char *name, const char *bytes)
{
	struct member member = find(record, name);
	if (!member.there || member.value.at[0] != '"') {
		buf_add_text(out, record);
		return;
	}
	buf_add_span(out, member.before);
	buf_add_char(out, '"');
	buf_add_text(out, bytes);
	buf_add_span(out, span_from(member.value, 1));
	buf_add_span(out, member.after);
}

/* Leaves the member out, with the comma behind it or before it. */
static void leave_out(struct buf *out, const char *record, const char *name)
{
	struct member member = find(record, name);
	if (!member.there) {
		buf_add_text(out, record);
		return;
	}
	member.before.size -= strlen(name) + 3;
	if (member.after.at[0] == ',')
		member.after = span_from(member.after, 1);
	else if (member.before.at[member.before.size - 1] == ',')
		member.before.size--;
	buf_add_span(out, member.before);
	buf_add_span(out, member.after);
}

/* Adds members in front of the others. */
static void add_members(struct buf *out, const char *record, const char *members)
{
	buf_add_char(out, '{');
	buf_add_text(out, members);
	buf_add_text(out, record + 1);
}

static const char *text_field(const char *record, const struct twist *twist)
{
	static const char *const USUAL[] = {"platform", "route", "plugin_name", "resource_id",
					    "first_name"};
	if (twist->field[0] != '\0')
		return twist->field;
	for (size_t i = 0; i < sizeof USUAL / sizeof *USUAL; i++) {
		/* an interaction's detail may hold a resource_id, but it has a platform too */
		if (find(record, USUAL[i]).there)
			return USUAL[i];
	}
	return "id";
}

static void wrong_types(struct buf *out, const char *record)
{
	static const char *const TIMES[] = {"created_time", "first_interaction_time"};
	static const char *const BOOLEANS[] = {"served", "used", "cited", "access_to_bot"};
	struct buf other;
	buf_init(&other, CELL_BYTES_MAX);
	buf_add_text(&other, record);
	for (size_t i = 0; i < 6; i++) {
		buf_clear(out);
		if (i < 2)
			replace(out, buf_text(&other), TIMES[i], "\"yesterday\"");
		else
			replace(out, buf_text(&other), BOOLEANS[i - 2], "\"yes\"");
		buf_clear(&other);
		buf_add_span(&other, buf_span(out));
	}
	buf_done(&other);
}

static void make_long(struct buf *out, const char *record, const char *name, uint64_t bytes)
{
	struct member member = find(record, name);
	if (!member.there || member.value.at[0] != '"') {
		buf_add_text(out, record);
		return;
	}
	buf_add_span(out, member.before);
	buf_add_char(out, '"');
	char *at = buf_reserve(out, bytes);
	if (at != NULL) {
		memset(at, 'x', bytes);
		at[bytes] = '\0';
		out->size += bytes;
	}
	buf_add_span(out, span_from(member.value, 1));
	buf_add_span(out, member.after);
}

static void make_deep(struct buf *out, const char *record)
{
	char members[1100] = "\"deep\":";
	memset(members + 7, '[', 500);
	memset(members + 507, ']', 500);
	memcpy(members + 1007, ",", 2);
	add_members(out, record, members);
}

#define EXTRA                                                                                  \
	"\"brand_new\":{\"a\":[1,2,{\"b\":null}],\"ü\":\"ß\"},\"huge\":1e400,"                  \
	"\"precise\":0.1234567890123456789012345678901234567890,"                              \
	"\"whole\":12345678901234567890123456789012345678901234567890,"

/* The value comes a second time, in front, as another one. */
static void add_twin(struct buf *out, const char *record, const char *field)
{
	buf_addf(out, "{\"%s\":\"an older twin\",%s", field, record + 1);
}

static void spoil(struct buf *out, const char *record, const struct twist *twist)
{
	struct span as = span_of(twist->record);
	const char *field = text_field(record, twist);
	if (span_is(as, "text"))
		buf_add_text(out, "\"no object\"");
	else if (span_is(as, "number"))
		buf_add_text(out, "42");
	else if (span_is(as, "null"))
		buf_add_text(out, "null");
	else if (span_is(as, "list"))
		buf_add_text(out, "[\"id\",1,{}]");
	else if (span_is(as, "noid"))
		leave_out(out, record, "id");
	else if (span_is(as, "nullid"))
		replace(out, record, "id", "null");
	else if (span_is(as, "emptyid"))
		replace(out, record, "id", "\"\"");
	else if (span_is(as, "numberid"))
		replace(out, record, "id", "18446744073709551615");
	else if (span_is(as, "nostamp"))
		leave_out(out, record, "last_updated_time");
	else if (span_is(as, "badstamp"))
		replace(out, record, "last_updated_time", "\"last week\"");
	else if (span_is(as, "types"))
		wrong_types(out, record);
	else if (span_is(as, "utf8"))
		insert(out, record, field, "bad\xff\xc3(\xed\xa0\xbd ");
	else if (span_is(as, "surrogate"))
		insert(out, record, field, "lone\\ud83d ");
	else if (span_is(as, "nul"))
		insert(out, record, field, "nul\\u0000 ");
	else if (span_is(as, "control"))
		insert(out, record, field, "\x01");
	else if (span_is(as, "digits"))
		replace(out, record, field, "123456789012345678901234567890123");
	else if (span_is(as, "twice"))
		add_twin(out, record, field);
	else if (span_is(as, "extra"))
		add_members(out, record, EXTRA);
	else if (span_is(as, "long"))
		make_long(out, record, field, twist->record_bytes);
	else
		make_deep(out, record);
}

bool mischief_record(struct buf *out, size_t start, const struct twist *twist)
{
	struct buf record;
	buf_init(&record, CELL_BYTES_MAX * 16u);
	char *copy = out->failed ? NULL : strdup(out->data + start);
	if (copy == NULL)
		return false;
	spoil(&record, copy, twist);
	buf_cut(out, start);
	bool done = !record.failed && buf_add_span(out, buf_span(&record));
	buf_done(&record);
	free(copy);
	return done;
}
