#include "run/trying.h"

#include "base/text.h"
#include "warehouse/arrow_text.h"

#include <inttypes.h>
#include <stdlib.h>

enum { BODY_SHOWN_BYTES = 2000 };

void try_say(struct trying *t, const struct buf *lines)
{
	struct buf clean;
	if (t->options->say == NULL)
		return;
	buf_init(&clean, 4 * URL_BYTES_MAX);
	secrets_scrub(t->result->secrets, &clean, buf_span(lines));
	t->options->say(t->options->user, buf_span(&clean));
	buf_done(&clean);
}

/* --- a request --- */

void try_write_request(const struct request *request, const struct sign_mark *mark,
		       struct buf *out)
{
	buf_addf(out, "%s %s", request->method, request->shown);
	if (mark != NULL && mark->header != NULL)
		buf_addf(out, "     %s: ***", mark->header);
	buf_add_char(out, '\n');
	if (request->body.at == NULL)
		return;
	size_t size = request->body.size;
	if (size > BODY_SHOWN_BYTES) {
		size = BODY_SHOWN_BYTES;
		while (size > 0 && (request->body.at[size] & 0xC0) == 0x80)
			size--;
	}
	buf_addf(out, "     %.*s%s\n", (int)size, request->body.at,
		 size < request->body.size ? "..." : "");
}

/* --- an answer --- */

/* HTTP/2 has no words of its own. */
static const char *status_words(int status)
{
	static const struct {
		int status;
		const char *words;
	} KNOWN[] = {
		{200, "OK"}, {201, "Created"}, {202, "Accepted"}, {204, "No Content"},
		{301, "Moved Permanently"}, {302, "Found"}, {303, "See Other"},
		{307, "Temporary Redirect"}, {308, "Permanent Redirect"}, {400, "Bad Request"},
		{401, "Unauthorized"}, {403, "Forbidden"}, {404, "Not Found"},
		{405, "Method Not Allowed"}, {406, "Not Acceptable"}, {408, "Request Timeout"},
		{409, "Conflict"}, {410, "Gone"}, {415, "Unsupported Media Type"},
		{422, "Unprocessable Content"}, {425, "Too Early"}, {429, "Too Many Requests"},
		{500, "Internal Server Error"}, {501, "Not Implemented"}, {502, "Bad Gateway"},
		{503, "Service Unavailable"}, {504, "Gateway Timeout"},
	};
	for (size_t i = 0; i < sizeof KNOWN / sizeof KNOWN[0]; i++) {
		if (KNOWN[i].status == status)
			return KNOWN[i].words;
	}
	return "";
}

static void write_size(struct buf *out, int64_t bytes)
{
	static const char *const UNITS[] = {"kB", "MB", "GB"};
	double size = (double)bytes;
	int unit = -1;
	while (size >= 999.5 && unit < 2) {
		size /= 1000;
		unit++;
	}
	if (unit < 0)
		buf_addf(out, "%" PRId64 " B", bytes);
	else
		buf_addf(out, "%.*f %s", size < 9.95 ? 1 : 0, size, UNITS[unit]);
}

static void write_count(struct buf *out, int64_t count, const char *what)
{
	char text[32];
	text_write_count(text, sizeof text, count);
	buf_addf(out, ", %s %s%s", text, what, count == 1 ? "" : "s");
}

static void write_paging(const struct try_answer *answer, struct buf *out)
{
	if (!answer->pages)
		buf_add_text(out, "; one answer (paging: none)");
	else if (answer->next != NULL)
		buf_addf(out, "; next page: %s; not the end", answer->next);
	else
		buf_add_text(out, "; no next page: the end");
	if (answer->end != NULL)
		buf_addf(out, " (%s)", answer->end);
}

void try_write_answer(const struct try_answer *answer, struct buf *out)
{
	char text[32];
	if (answer->status == 0)
		buf_add_text(out, "saved answer, ");
	else
		buf_addf(out, "%d%s%s, %" PRId64 ".%02" PRId64 " s, ", answer->status,
			 status_words(answer->status)[0] == '\0' ? "" : " ",
			 status_words(answer->status), answer->took_ms / 1000,
			 answer->took_ms % 1000 / 10);
	write_size(out, answer->bytes);
	if (answer->is_page) {
		write_count(out, answer->records, "record");
		if (answer->at[0] != '\0')
			buf_addf(out, " at %s", answer->at);
		write_count(out, answer->rows, "row");
		if (answer->rescued > 0) {
			write_count(out, answer->rescued, "value");
			buf_add_text(out, " rescued");
		}
		if (answer->rejected > 0) {
			text_write_count(text, sizeof text, answer->rejected);
			buf_addf(out, ", %s rejected", text);
		}
		write_paging(answer, out);
	}
	buf_add_char(out, '\n');
}

/* --- the next page --- */

/* The first of the pointers that has a value; else the first. */
static const char *place_of(struct pointers at, const struct json *root)
{
	for (size_t i = 0; i < at.n; i++) {
		enum json_kind kind = json_kind(json_point(root, &at.at[i], true));
		if (kind == JSON_TEXT || kind == JSON_NUMBER)
			return at.at[i].text;
	}
	return at.n > 0 ? at.at[0].text : "";
}

const char *try_next_words(struct arena *arena, const struct stream *stream,
			   const struct json *root, bool ended)
{
	const struct paging_rule *paging = &stream->paging;
	const char *words = "";
	if (ended)
		return NULL;
	switch (paging->kind) {
	case PAGING_NEXT_URL:
		words = place_of(paging->at, root);
		break;
	case PAGING_NEXT_TOKEN:
		if (paging->token_from == TOKEN_FROM_HEADER)
			words = arena_printf(arena, "the header %s", paging->header);
		else if (paging->token_from == TOKEN_FROM_LAST_RECORD)
			words = arena_printf(arena, "%s of the last record",
					     place_of(paging->at, NULL));
		else
			words = place_of(paging->at, root);
		break;
	case PAGING_LINK_HEADER:
		words = arena_printf(arena, "the Link header (%s)", paging->header);
		break;
	case PAGING_OFFSET:
		words = "the next offset";
		break;
	case PAGING_PAGE:
		words = "the next number";
		break;
	case PAGING_NONE:
		break;
	}
	return words == NULL ? "" : words;
}

static struct span scalar_words(const struct json *value)
{
	switch (json_kind(value)) {
	case JSON_BOOL:
		return json_bool(value) ? SPAN("true") : SPAN("false");
	case JSON_NUMBER:
		return json_digits(value);
	case JSON_NULL:
		return SPAN("null");
	default:
		return (struct span){NULL, 0};
	}
}

const char *try_end_words(struct arena *arena, const struct stream *stream,
			  const struct json *root)
{
	const struct paging_rule *paging = &stream->paging;
	const struct pointers places[] = {paging->more, paging->done, paging->total,
					  paging->pages};
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		if (places[i].n == 0)
			continue;
		struct span words = scalar_words(json_point_any(root, places[i], true));
		if (words.at != NULL)
			return arena_printf(arena, "%s %.*s", places[i].at[0].text,
					    SPAN_ARGS(words));
	}
	return NULL;
}

/* --- cells --- */

static void write_real(struct span text, struct buf *out)
{
	char digits[64];
	if (text.size >= sizeof digits) {
		buf_add_span(out, text);
		return;
	}
	memcpy(digits, text.at, text.size);
	digits[text.size] = '\0';
	show_double(out, strtod(digits, NULL));
}

/* "2026-11-20T08:14:02.500000Z" -> "2026-11-20 08:14:02.5" */
static void write_time(struct span text, struct buf *out)
{
	size_t start = out->size;
	if (text.size > 0 && text.at[text.size - 1] == 'Z')
		text.size--;
	buf_add_span(out, text);
	if (out->size > start + 10 && out->data[start + 10] == 'T')
		out->data[start + 10] = ' ';
	if (memchr(text.at, '.', text.size) == NULL)
		return;
	while (out->size > start && out->data[out->size - 1] == '0')
		buf_cut(out, out->size - 1);
	if (out->size > start && out->data[out->size - 1] == '.')
		buf_cut(out, out->size - 1);
}

void try_write_cell(enum type type, struct span text, struct buf *out)
{
	if (type == TYPE_FLOAT)
		write_real(text, out);
	else if (type == TYPE_TIMESTAMP)
		write_time(text, out);
	else
		buf_add_span(out, text);
}

void try_write_json(enum type type, struct span text, struct buf *out)
{
	switch (type) {
	case TYPE_FLOAT:
		write_real(text, out);
		break;
	case TYPE_INT:
	case TYPE_BOOL:
	case TYPE_JSON:
		buf_add_span(out, text);
		break;
	case TYPE_TEXT:
	case TYPE_TIMESTAMP:
	case TYPE_COUNT:
		json_add_text(out, text);
		break;
	}
}
