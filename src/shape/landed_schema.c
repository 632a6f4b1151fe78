/* A JSON Schema of a table's landed line: what writers should keep to. Reading takes more. */
#include "shape/landed.h"

static bool is_key(const struct table *table, unsigned column)
{
	for (unsigned i = 0; i < table->key_n; i++) {
		if (table->key[i] == column)
			return true;
	}
	return false;
}

static void add_type(struct buf *out, const struct column *column, bool must)
{
	static const char *const NAMES[TYPE_COUNT] = {
		[TYPE_TEXT] = "string", [TYPE_INT] = "integer", [TYPE_FLOAT] = "number",
		[TYPE_BOOL] = "boolean", [TYPE_TIMESTAMP] = "string",
	};
	if (column->type == TYPE_JSON)
		return; /* any */
	buf_addf(out, must ? "\"type\":\"%s\"" : "\"type\":[\"%s\",\"null\"]",
		 NAMES[column->type]);
	if (column->type == TYPE_TIMESTAMP)
		buf_add_text(out, ",\"pattern\":\"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:"
				  "[0-9]{2}[.][0-9]{6}Z$\"");
	if (column->type == TYPE_INT)
		buf_add_text(out, ",\"minimum\":-9223372036854775808,"
				  "\"maximum\":9223372036854775807");
}

bool landed_schema(struct buf *out, const struct table *table)
{
	buf_add_text(out, "{\"title\":");
	json_add_text(out, span_of(table->name));
	if (table->comment != NULL)
		json_add_string(out, "description", table->comment);
	buf_add_text(out, ",\"type\":\"object\",\"properties\":{");
	for (unsigned i = 0; i < table->columns_n; i++) {
		const struct column *column = &table->columns[i];
		if (column->excluded)
			continue;
		json_add_name(out, column->name);
		buf_add_char(out, '{');
		add_type(out, column, is_key(table, i) || column->required);
		if (column->comment != NULL)
			json_add_string(out, "description", column->comment);
		buf_add_char(out, '}');
	}
	json_add_name(out, COLUMN_EXTRA);
	buf_add_text(out, "{\"type\":[\"object\",\"null\"]}},\"required\":[");
	for (unsigned i = 0; i < table->columns_n; i++) {
		if (is_key(table, i) || table->columns[i].required) {
			json_add_comma(out);
			json_add_text(out, span_of(table->columns[i].name));
		}
	}
	return buf_add_text(out, "]}");
}
