/* A connector for people: what it asks its user for, what it brings and how. */
#include "base/bounds.h"
#include "base/text.h"
#include "cli/connectors.h"

#include <inttypes.h>
#include <stdio.h>

enum { LABEL_COLUMNS = 11, COLUMN_NAME_MIN = 12, WORDS_BYTES_MAX = 64 * KIB };

void connectors_wrap(struct buf *out, size_t at, size_t indent, const char *text)
{
	size_t column = at;
	bool first = true;
	while (*text != '\0') {
		size_t size = strcspn(text, " \n");
		size_t width = text_width((struct span){text, size});
		if (!first && size > 0 && column + 1 + width > DESCRIBE_COLUMNS) {
			buf_addf(out, "\n%*s", (int)indent, "");
			column = indent;
			first = true;
		}
		if (size > 0) {
			buf_addf(out, "%s%.*s", first ? "" : " ", (int)size, text);
			column += width + (first ? 0 : 1);
			first = false;
		}
		text += size + (text[size] != '\0');
	}
	buf_add_char(out, '\n');
}

/* --- help --- */

struct sheet {
	struct buf *out;
	struct buf words; /* of the line being made */
};

static void put(struct sheet *sheet, size_t indent, const char *label)
{
	struct buf *out = sheet->out;
	size_t at = indent + LABEL_COLUMNS;
	if (buf_text(&sheet->words)[0] != '\0') {
		buf_addf(out, "%*s%-*s", (int)indent, "", LABEL_COLUMNS, label);
		connectors_wrap(out, at, at, buf_text(&sheet->words));
	}
	buf_clear(&sheet->words);
}

static void add_pointers(struct buf *out, struct pointers at, const char *between)
{
	for (size_t i = 0; i < at.n; i++)
		buf_addf(out, "%s%s", i == 0 ? "" : between,
			 at.at[i].depth == 0 ? "\"\"" : at.at[i].text);
}

static void add_duration(struct buf *out, const char *before, int64_t us)
{
	char text[32];
	text_write_duration(text, sizeof text, us);
	buf_addf(out, "%s%s", before, text);
}

/* --- signing in, settings --- */

static void add_way(struct buf *out, const struct auth *auth, enum auth_kind kind)
{
	switch (kind) {
	case AUTH_NONE:
		buf_add_text(out, "none (works without)");
		break;
	case AUTH_API_KEY:
		buf_addf(out, "api_key (%s %s)", auth->query != NULL ? "query" : "header",
			 auth->query != NULL ? auth->query : auth->header);
		break;
	case AUTH_BASIC:
		buf_add_text(out, "basic (user, password)");
		break;
	case AUTH_BEARER:
		buf_add_text(out, "bearer (a token)");
		break;
	case AUTH_OAUTH2:
		buf_add_text(out, "oauth2 (client_id, client_secret; tokens from ");
		template_show(auth->token_url, out);
		buf_add_char(out, ')');
		break;
	case AUTH_KINDS:
		break;
	}
	if (auth->base_url != NULL) {
		buf_add_text(out, " at ");
		template_show(auth->base_url, out);
	}
}

static void describe_auth(struct sheet *sheet, const struct connector *connector)
{
	bool first = true;
	for (int kind = 0; kind < AUTH_KINDS; kind++) {
		if (!connector->auth[kind].given)
			continue;
		buf_add_text(&sheet->words, first ? "" : ", or ");
		add_way(&sheet->words, &connector->auth[kind], (enum auth_kind)kind);
		first = false;
	}
	put(sheet, 0, "sign in");
}

static const char *setting_type_name(enum setting_type type)
{
	static const char *const NAMES[] = {
		[SETTING_TEXT] = "text", [SETTING_INT] = "int", [SETTING_FLOAT] = "float",
		[SETTING_BOOL] = "bool", [SETTING_SECRET] = "secret", [SETTING_LIST] = "list",
	};
	return NAMES[type];
}

static void add_values(struct buf *out, const char *before, const struct value *values, size_t n)
{
	for (size_t i = 0; i < n; i++)
		buf_addf(out, "%s%.*s", i == 0 ? before : ", ", SPAN_ARGS(values[i].text));
}

static void add_setting(struct buf *out, const struct setting *setting)
{
	buf_add_text(out, setting_type_name(setting->type));
	if (setting->fields_n > 0)
		buf_add_text(out, " of maps");
	if (setting->required)
		buf_add_text(out, ", required");
	if (setting->has_min && setting->has_max)
		buf_addf(out, ", %.15g to %.15g", setting->min, setting->max);
	else if (setting->has_min)
		buf_addf(out, ", at least %.15g", setting->min);
	else if (setting->has_max)
		buf_addf(out, ", at most %.15g", setting->max);
	add_values(out, ", one of ", setting->one_of, setting->one_of_n);
	if (setting->fallback.kind != VALUE_ABSENT)
		add_values(out, ", default ", &setting->fallback, 1);
	add_values(out, ", default ", setting->fallback_list, setting->fallback_list_n);
	for (size_t i = 0; i < setting->digest_n; i++)
		buf_addf(out, "%s%s.%.*s", i == 0 ? ", default: a digest of " : " and ",
			 slot_scope_name(setting->digest[i].scope),
			 SPAN_ARGS(setting->digest[i].text));
	if (setting->comment != NULL)
		buf_addf(out, " -- %s", setting->comment);
}

static void describe_settings(struct sheet *sheet, const struct setting *settings, size_t n,
			      size_t indent)
{
	size_t widest = 0;
	for (size_t i = 0; i < n; i++)
		widest = strlen(settings[i].name) > widest ? strlen(settings[i].name) : widest;
	for (size_t i = 0; i < n; i++) {
		size_t at = indent + widest + 2;
		buf_addf(sheet->out, "%*s%-*s", (int)indent, "", (int)widest + 2, settings[i].name);
		add_setting(&sheet->words, &settings[i]);
		connectors_wrap(sheet->out, at, at, buf_text(&sheet->words));
		buf_clear(&sheet->words);
		/* Depth is two: elements of a list hold no lists. */
		if (settings[i].fields_n > 0)
			describe_settings(sheet, settings[i].fields, settings[i].fields_n,
					  indent + 4);
	}
}

/* --- a stream --- */

static void describe_request(struct sheet *sheet, const struct stream *stream)
{
	struct buf *out = &sheet->words;
	if (stream->rows == ROWS_FROM_SETTINGS) {
		buf_add_text(out, "nothing: one row out of the settings");
	} else if (stream->rows == ROWS_FROM_LIST) {
		buf_addf(out, "nothing: a row for each of settings.%s", stream->rows_list->name);
	} else {
		buf_addf(out, "%s ", stream->method);
		if (stream->base_url != NULL)
			template_show(stream->base_url, out);
		template_show(stream->path, out);
		if (stream->for_each != NULL)
			buf_addf(out, " for each row of %s", stream->for_each->name);
		if (stream->repeat.over != NULL)
			buf_addf(out, " for each of settings.%s", stream->repeat.over->name);
		if (stream->repeat.batch > 1)
			buf_addf(out, ", %" PRId64 " at once", stream->repeat.batch);
	}
	put(sheet, 2, "asks");
}

static void describe_window(struct sheet *sheet, const struct stream *stream)
{
	struct buf *out = &sheet->words;
	const struct window_rule *window = &stream->window;
	if (stream->rows != ROWS_FROM_API)
		return;
	if (!window->given) {
		if (stream->for_each == NULL)
			buf_add_text(out, "none: the whole list each run");
		put(sheet, 2, "window");
		return;
	}
	buf_addf(out, "by %s, ", window->column);
	if (!window->has_until)
		buf_add_text(out, "from the watermark on, not sliced");
	else
		add_duration(out, window->has_last ? "whole days, in slices of " : "in slices of ",
			     window->step_us);
	add_duration(out, ", asking again for ", window->lookback_us);
	if (window->settle_us > 0)
		add_duration(out, ", not nearer to now than ", window->settle_us);
	put(sheet, 2, "window");
}

static void describe_paging(struct sheet *sheet, const struct stream *stream)
{
	struct buf *out = &sheet->words;
	const struct paging_rule *paging = &stream->paging;
	if (stream->rows != ROWS_FROM_API)
		return;
	switch (paging->kind) {
	case PAGING_NONE:
		buf_add_text(out, "none: one answer holds everything");
		break;
	case PAGING_NEXT_URL:
		buf_add_text(out, "the link at ");
		add_pointers(out, paging->at, " or ");
		break;
	case PAGING_NEXT_TOKEN:
		if (paging->token_from == TOKEN_FROM_HEADER) {
			buf_addf(out, "the token in the header %s", paging->header);
			break;
		}
		buf_add_text(out, "the token at ");
		add_pointers(out, paging->at, " or ");
		if (paging->token_from == TOKEN_FROM_LAST_RECORD)
			buf_add_text(out, " of the last record");
		break;
	case PAGING_LINK_HEADER:
		buf_addf(out, "the Link header (%s)", paging->header);
		break;
	case PAGING_OFFSET:
		buf_addf(out, "an offset, from %" PRId64, paging->first);
		break;
	case PAGING_PAGE:
		buf_addf(out, "a page number, from %" PRId64, paging->first);
		break;
	}
	put(sheet, 2, "paging");
}

static void describe_keeping(struct sheet *sheet, const struct stream *stream)
{
	struct buf *out = &sheet->words;
	if (stream->count.given) {
		template_show(stream->count.path, out);
		put(sheet, 2, "count");
	}
	if (stream->rows != ROWS_FROM_API)
		return;
	if (stream->keeps == KEEPS_FOREVER)
		buf_add_text(out, "for ever: any window can be asked for");
	else if (stream->keeps == KEEPS_NOTHING)
		buf_add_text(out, "nothing: what is not read at once is gone");
	else
		add_duration(out, "", stream->keeps_us);
	put(sheet, 2, "keeps");
}

static void describe_key(struct sheet *sheet, const struct stream *stream)
{
	struct buf *out = &sheet->words;
	for (size_t i = 0; i < stream->key_n; i++)
		buf_addf(out, "%s%s", i == 0 ? "" : ", ", stream->columns[stream->key[i]].name);
	if (stream->newest >= 0)
		buf_addf(out, "; of equal ones the newest %s stays",
			 stream->columns[stream->newest].name);
	put(sheet, 2, "key");
}

static void add_origin(struct buf *out, const struct connector_column *column)
{
	char usual[NAME_BYTES_MAX + 2];
	snprintf(usual, sizeof usual, "/%s", column->name);
	text_lower(usual);
	switch (column->source) {
	case FROM_RECORD:
		if (column->at.n != 1 || strcmp(column->at.at[0].text, usual) != 0) {
			buf_add_text(out, "from ");
			add_pointers(out, column->at, " or ");
		}
		break;
	case FROM_OUTER:
		buf_add_text(out, "around the records, from ");
		add_pointers(out, column->at, " or ");
		break;
	case FROM_VALUE:
		buf_add_text(out, "always ");
		template_show(column->value, out);
		break;
	case FROM_DIGEST:
		buf_add_text(out, "a digest of ");
		add_pointers(out, column->at, ", ");
		break;
	}
}

static void describe_columns(struct sheet *sheet, const struct stream *stream)
{
	size_t widest = COLUMN_NAME_MIN;
	for (size_t i = 0; i < stream->columns_n; i++) {
		size_t size = strlen(stream->columns[i].name);
		widest = size > widest ? size : widest;
	}
	buf_add_text(sheet->out, "  columns\n");
	for (size_t i = 0; i < stream->columns_n; i++) {
		const struct connector_column *column = &stream->columns[i];
		struct buf *out = &sheet->words;
		add_origin(out, column);
		if (column->required)
			buf_addf(out, "%srequired", out->size > 0 ? ", " : "");
		if (column->keep_first)
			buf_addf(out, "%sthe first stays", out->size > 0 ? ", " : "");
		if (column->comment != NULL)
			buf_addf(out, "%s-- %s", out->size > 0 ? " " : "", column->comment);
		/* Where nothing follows, no blanks do. */
		bool more = out->size > 0;
		buf_addf(sheet->out, "    %-*s  %-*s", (int)widest, column->name, more ? 9 : 0,
			 type_name(column->type));
		if (more)
			buf_add_text(sheet->out, "  ");
		connectors_wrap(sheet->out, widest + 17, widest + 17, buf_text(out));
		buf_clear(out);
	}
}

static void describe_stream(struct sheet *sheet, const struct stream *stream)
{
	buf_addf(sheet->out, "\n%s -> %s%s\n", stream->name, stream->table,
		 stream->optional ? "   (optional: only where the configuration names it)" : "");
	if (stream->comment != NULL) {
		buf_add_text(sheet->out, "  ");
		connectors_wrap(sheet->out, 2, 2, stream->comment);
	}
	describe_request(sheet, stream);
	describe_window(sheet, stream);
	describe_paging(sheet, stream);
	describe_keeping(sheet, stream);
	describe_key(sheet, stream);
	describe_columns(sheet, stream);
}

bool connectors_describe(const struct connector *connector, struct buf *out)
{
	struct sheet sheet = {.out = out};
	buf_init(&sheet.words, WORDS_BYTES_MAX);
	buf_addf(out, "%s\n", connector->name);
	if (connector->comment != NULL)
		connectors_wrap(out, 0, 0, connector->comment);
	buf_add_char(out, '\n');
	if (connector->base_url != NULL)
		template_show(connector->base_url, &sheet.words);
	put(&sheet, 0, "base URL");
	describe_auth(&sheet, connector);
	if (connector->settings_n > 0)
		buf_add_text(out, "settings   (under source.settings)\n");
	describe_settings(&sheet, connector->settings, connector->settings_n, 2);
	for (size_t i = 0; i < connector->streams_n; i++)
		describe_stream(&sheet, &connector->streams[i]);
	bool whole = !sheet.words.failed && !out->failed;
	buf_done(&sheet.words);
	return whole;
}
