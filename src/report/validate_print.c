#include "report/validating.h"

#include "base/bounds.h"
#include "base/json.h"
#include "base/stamp.h"
#include "report/table.h"

static const char *const NAMES[] = {"ok", "warn", "fail"};

static bool print_table(struct validating *v, struct err *reterr)
{
	static const char *const COLUMNS[] = {"check", "table", "result", "detail"};
	static const enum type TYPES[] = {TYPE_TEXT, TYPE_TEXT, TYPE_TEXT, TYPE_TEXT};
	struct table_writer *writer = NULL;
	struct table_options options = {
		.format = TABLE_TEXT,
		.names = COLUMNS,
		.types = TYPES,
		.columns = 4,
		.colour = v->options->colour,
		.screen_columns = v->options->screen_columns,
		.unicode = v->options->unicode,
		.no_count = true,
		.write = v->options->write,
		.user = v->options->user,
	};
	bool done = table_begin(&writer, &options, reterr);
	for (size_t i = 0; i < v->n && done; i++) {
		const struct item *item = &v->items[i];
		struct span cells[] = {span_of(item->check), span_of(item->table),
				       span_of(NAMES[item->verdict]), span_of(item->detail)};
		done = table_row(writer, cells, reterr);
	}
	done = done && table_end(writer, reterr);
	table_free(writer);
	return done;
}

static void add_item(struct buf *out, const struct item *item)
{
	buf_add_char(out, '{');
	json_add_string(out, "check", item->check);
	json_add_string(out, "table", item->table);
	json_add_string(out, "stream", item->stream);
	json_add_string(out, "result", NAMES[item->verdict]);
	if (item->value == NO_VALUE)
		json_add_string(out, "value", NULL);
	else
		json_add_int(out, "value", item->value);
	json_add_string(out, "detail", item->detail);
	buf_add_char(out, '}');
}

static bool print_json(struct validating *v, struct err *reterr)
{
	const struct validate_options *options = v->options;
	const struct validate_result *result = v->result;
	char now[STAMP_TEXT_BYTES];
	struct buf out;
	buf_init(&out, STATE_BYTES_MAX);
	stamp_write_iso(options->now_us, now);
	buf_add_char(&out, '{');
	json_add_string(&out, "pipeline", options->pipeline);
	json_add_string(&out, "destination", options->destination);
	json_add_string(&out, "checked_at", now);
	json_add_string(&out, "result", result->failed > 0 ? "fail"
					: result->warned > 0 ? "warn" : "ok");
	json_add_int(&out, "failed", (int64_t)result->failed);
	json_add_int(&out, "warned", (int64_t)result->warned);
	json_add_name(&out, "checks");
	buf_add_char(&out, '[');
	for (size_t i = 0; i < v->n; i++) {
		buf_add_text(&out, i == 0 ? "\n" : ",\n");
		add_item(&out, &v->items[i]);
	}
	buf_add_text(&out, "\n]}\n");
	bool done = buf_ok(&out, reterr) &&
		    (options->write(options->user, buf_span(&out)) ||
		     err_sys(reterr, "cannot write the results"));
	buf_done(&out);
	return done;
}

bool validate_print(struct validating *v, struct err *reterr)
{
	return v->options->json ? print_json(v, reterr) : print_table(v, reterr);
}
