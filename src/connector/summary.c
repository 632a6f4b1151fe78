/* A connector for people: what was understood, a line a stream; and its language, for the manual
 * and for editors. */
#include "connector/connector.h"

#include "base/text.h"
#include "connector/grammar.h"

#include <inttypes.h>

static void add_pointers(struct buf *out, struct pointers pointers)
{
	for (size_t i = 0; i < pointers.n; i++)
		buf_addf(out, "%s%s", i > 0 ? " or " : "", pointers.at[i].text);
}

static void add_origin(struct buf *out, const struct stream *stream)
{
	if (stream->rows == ROWS_FROM_SETTINGS) {
		buf_add_text(out, "  one row out of the settings");
		return;
	}
	if (stream->rows == ROWS_FROM_LIST) {
		buf_addf(out, "  a row for each of settings.%s", stream->rows_list->name);
		return;
	}
	buf_addf(out, "  %s ", stream->method);
	if (stream->base_url != NULL)
		template_show(stream->base_url, out);
	template_show(stream->path, out);
}

static void add_times(struct buf *out, const struct stream *stream)
{
	char step[32];
	const struct window_rule *window = &stream->window;
	text_write_duration(step, sizeof step, window->step_us);
	if (stream->for_each != NULL)
		buf_addf(out, "  for each row of %s", stream->for_each->name);
	else if (!window->given)
		buf_add_text(out, "  the whole list each run");
	else if (!window->has_until)
		buf_add_text(out, "  asked from the watermark on (no until: not sliced)");
	else if (window->has_last)
		buf_addf(out, "  asked by whole days, %s at once", step);
	else
		buf_addf(out, "  asked in slices of %s", step);
	if (stream->repeat.over == NULL)
		return;
	buf_addf(out, "  for each of settings.%s", stream->repeat.over->name);
	if (stream->repeat.batch > 1)
		buf_addf(out, ", %" PRId64 " at once", stream->repeat.batch);
}

static void add_paging(struct buf *out, const struct stream *stream)
{
	const struct paging_rule *paging = &stream->paging;
	switch (paging->kind) {
	case PAGING_NONE:
		buf_add_text(out, "  one answer");
		break;
	case PAGING_NEXT_URL:
		buf_add_text(out, "  pages by ");
		add_pointers(out, paging->at);
		break;
	case PAGING_NEXT_TOKEN:
		buf_add_text(out, "  pages by the token in ");
		if (paging->token_from == TOKEN_FROM_HEADER)
			buf_addf(out, "the header %s", paging->header);
		else
			add_pointers(out, paging->at);
		if (paging->token_from == TOKEN_FROM_LAST_RECORD)
			buf_add_text(out, " of the last record");
		break;
	case PAGING_LINK_HEADER:
		buf_addf(out, "  pages by the Link header (%s)", paging->header);
		break;
	case PAGING_OFFSET:
		buf_addf(out, "  pages by offset from %" PRId64, paging->first);
		break;
	case PAGING_PAGE:
		buf_addf(out, "  pages by number from %" PRId64, paging->first);
		break;
	}
}

bool connector_summary(const struct connector *connector, struct buf *out)
{
	for (size_t i = 0; i < connector->streams_n; i++) {
		const struct stream *stream = &connector->streams[i];
		buf_addf(out, "%s%s", stream->name, stream->optional ? " (optional)" : "");
		add_origin(out, stream);
		if (stream->rows == ROWS_FROM_API) {
			add_times(out, stream);
			add_paging(out, stream);
		}
		buf_addf(out, "  → %s (", stream->table);
		for (size_t k = 0; k < stream->key_n; k++)
			buf_addf(out, "%s%s", k > 0 ? ", " : "",
				 stream->columns[stream->key[k]].name);
		buf_add_text(out, ")\n");
	}
	return !out->failed;
}

bool connector_schema(struct buf *out)
{
	return keys_schema(&CONNECTOR_FORM, "firn connector",
			   "An API described as data: its streams, columns, paging and sign-in.",
			   false, out);
}

bool connector_grammar(struct buf *out)
{
	return keys_grammar(&CONNECTOR_FORM, out);
}
