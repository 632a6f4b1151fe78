#include "filter.h"

#include "base/json.h"
#include "base/stamp.h"

static const char *const FIELDS[ENTITIES][13] = {
	{"created_time", "detail", "id", "last_updated_time", "primary_domain", "route", "type",
	 "user_id"},
	{"actor", "conversation_id", "created_time", "detail", "id", "label",
	 "last_updated_time", "parent_interaction_id", "platform", "type", "user_id"},
	{"conversation_id", "created_time", "id", "interaction_id", "last_updated_time",
	 "plugin_name", "plugin_update_time", "served", "used", "user_id"},
	{"cited", "conversation_id", "created_time", "detail", "id", "interaction_id",
	 "last_updated_time", "plugin_call_id", "resource_id", "type", "user_id"},
	{"access_to_bot", "email_addr", "external_ids", "first_interaction_time", "first_name",
	 "id", "last_name", "last_updated_time", "latest_interaction_time",
	 "user_preferred_language"},
};

/* The field's own name, which outlives the request; NULL: the entity has none of that name. */
static const char *field_of(enum entity entity, struct span name)
{
	for (size_t i = 0; FIELDS[entity][i] != NULL; i++) {
		if (span_is(name, FIELDS[entity][i]))
			return FIELDS[entity][i];
	}
	return NULL;
}

/* --- $filter --- */

struct reader {
	struct span text;
	size_t at;
	enum entity entity;
	struct query *query;
	struct err *reterr;
};

static bool wrong(struct reader *reader, const char *expected)
{
	struct span rest = span_from(reader->text, reader->at);
	if (rest.size > 40)
		rest.size = 40;
	return err_set(reader->reterr, ERR_USAGE,
		       "Syntax error at position %zu in $filter: expected %s near '%.*s'.",
		       reader->at, expected, SPAN_ARGS(rest));
}

static void skip_blanks(struct reader *reader)
{
	while (reader->at < reader->text.size && reader->text.at[reader->at] == ' ')
		reader->at++;
}

static bool take_char(struct reader *reader, char c)
{
	skip_blanks(reader);
	if (reader->at >= reader->text.size || reader->text.at[reader->at] != c)
		return false;
	reader->at++;
	return true;
}

static struct span take_word(struct reader *reader)
{
	skip_blanks(reader);
	size_t start = reader->at;
	while (reader->at < reader->text.size) {
		char c = reader->text.at[reader->at];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'))
			break;
		reader->at++;
	}
	return (struct span){reader->text.at + start, reader->at - start};
}

static void narrow(struct range *range, struct span operator, int64_t us)
{
	bool equal = span_is(operator, "eq");
	int64_t low = span_is(operator, "gt") ? us + 1 : us;
	int64_t high = span_is(operator, "lt") ? us - 1 : us;
	if ((equal || operator.at[0] == 'g') && range->min_us < low)
		range->min_us = low;
	if ((equal || operator.at[0] == 'l') && range->max_us > high)
		range->max_us = high;
}

static bool take_time(struct reader *reader, int64_t *ret_us)
{
	if (!take_char(reader, '\''))
		return wrong(reader, "a time in single quotes");
	size_t start = reader->at;
	while (reader->at < reader->text.size && reader->text.at[reader->at] != '\'')
		reader->at++;
	struct span text = {reader->text.at + start, reader->at - start};
	if (!take_char(reader, '\''))
		return wrong(reader, "a closing quote");
	if (!stamp_read_iso(text, ret_us)) {
		reader->at = start;
		return wrong(reader, "an ISO 8601 time with a zone");
	}
	return true;
}

static bool comparison(struct reader *reader)
{
	size_t start = reader->at;
	struct span field = take_word(reader);
	bool created = span_is(field, "created_time");
	if (field_of(reader->entity, field) == NULL ||
	    (!created && !span_is(field, "last_updated_time"))) {
		reader->at = start;
		return wrong(reader, reader->entity == USERS
					     ? "last_updated_time"
					     : "last_updated_time or created_time");
	}
	struct span operator = take_word(reader);
	if (!span_is(operator, "ge") && !span_is(operator, "gt") && !span_is(operator, "le") &&
	    !span_is(operator, "lt") && !span_is(operator, "eq"))
		return wrong(reader, "one of ge gt le lt eq");
	int64_t us = 0;
	if (!take_time(reader, &us))
		return false;
	narrow(created ? &reader->query->created : &reader->query->updated, operator, us);
	return true;
}

static bool expression(struct reader *reader, int depth)
{
	if (depth > FILTER_DEPTH_MAX)
		return wrong(reader, "fewer parentheses");
	for (;;) {
		if (take_char(reader, '(')) {
			if (!expression(reader, depth + 1))
				return false;
			if (!take_char(reader, ')'))
				return wrong(reader, "a closing parenthesis");
		} else if (!comparison(reader)) {
			return false;
		}
		skip_blanks(reader);
		size_t start = reader->at;
		struct span word = take_word(reader);
		if (span_is(word, "and"))
			continue;
		reader->at = start;
		if (word.size > 0)
			return wrong(reader, "'and'");
		return true;
	}
}

bool filter_read(struct span text, enum entity entity, struct query *query, struct err *reterr)
{
	struct reader reader = {text, 0, entity, query, reterr};
	if (!expression(&reader, 1))
		return false;
	skip_blanks(&reader);
	return reader.at == text.size || wrong(&reader, "'and' or the end");
}

/* --- the other options --- */

static bool read_count(struct span value, const char *name, uint64_t *ret, struct err *reterr)
{
	int64_t number = 0;
	if (!json_whole(value, &number) || number < 0)
		return err_set(reterr, ERR_USAGE, "The value of %s must be a non-negative integer.",
			       name);
	*ret = (uint64_t)number;
	return true;
}

static bool read_order(struct span value, enum entity entity, struct query *query,
		       struct err *reterr)
{
	struct reader reader = {value, 0, entity, query, reterr};
	struct span field = take_word(&reader), direction = take_word(&reader);
	skip_blanks(&reader);
	bool known = span_is(field, "id") || span_is(field, "last_updated_time") ||
		     span_is(field, "created_time");
	if (!known || field_of(entity, field) == NULL || reader.at != value.size ||
	    (direction.size > 0 && !span_is(direction, "asc") && !span_is(direction, "desc")))
		return err_set(reterr, ERR_USAGE,
			       "The $orderby expression '%.*s' is not supported.",
			       SPAN_ARGS(value));
	query->order = field.at[0] == 'i'   ? ORDER_ID
		       : field.at[0] == 'c' ? ORDER_CREATED
					    : ORDER_UPDATED;
	query->descending = span_is(direction, "desc");
	return true;
}

static bool read_select(struct span value, enum entity entity, struct query *query,
			struct err *reterr)
{
	struct reader reader = {value, 0, entity, query, reterr};
	query->n_select = 0;
	do {
		struct span name = take_word(&reader);
		const char *field = field_of(entity, name);
		if (field == NULL || query->n_select == SELECT_MAX)
			return err_set(reterr, ERR_USAGE, "Could not find a property named '%.*s'.",
				       SPAN_ARGS(name));
		query->select[query->n_select++] = field;
	} while (take_char(&reader, ','));
	skip_blanks(&reader);
	return reader.at == value.size ||
	       err_set(reterr, ERR_USAGE, "The $select expression '%.*s' is not supported.",
		       SPAN_ARGS(value));
}

static bool read_option(struct span name, struct span value, enum entity entity,
			struct query *query, struct err *reterr)
{
	if (span_is(name, "$filter"))
		return filter_read(value, entity, query, reterr);
	if (span_is(name, "$orderby"))
		return read_order(value, entity, query, reterr);
	if (span_is(name, "$select"))
		return read_select(value, entity, query, reterr);
	if (span_is(name, "$top"))
		return read_count(value, "$top", &query->top, reterr);
	if (span_is(name, "$skip"))
		return read_count(value, "$skip", &query->skip, reterr);
	if (span_is(name, "$count")) {
		query->count = span_is(value, "true");
		return query->count || span_is(value, "false") ||
		       err_set(reterr, ERR_USAGE, "The value of $count must be true or false.");
	}
	if (span_is(name, "$skiptoken") && value.size > 0 && value.size < sizeof query->token) {
		memcpy(query->token, value.at, value.size);
		query->token[value.size] = '\0';
		return true;
	}
	if (name.size > 0 && name.at[0] == '$')
		return err_set(reterr, ERR_USAGE, "The query option '%.*s' is not supported.",
			       SPAN_ARGS(name));
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

bool unescape(struct buf *ret, struct span text, bool query)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];
		if (c == '%' && i + 2 < text.size && hex_digit(text.at[i + 1]) >= 0 &&
		    hex_digit(text.at[i + 2]) >= 0) {
			c = (char)(hex_digit(text.at[i + 1]) << 4 | hex_digit(text.at[i + 2]));
			i += 2;
		} else if (c == '+' && query) {
			c = ' ';
		}
		if (!buf_add_char(ret, c))
			return false;
	}
	return true;
}

/* The next name=value of a query, still encoded. */
static bool next_pair(struct span *rest, struct span *name, struct span *value)
{
	while (rest->size > 0 && rest->at[0] == '&')
		*rest = span_from(*rest, 1);
	if (rest->size == 0)
		return false;
	const char *end = memchr(rest->at, '&', rest->size);
	struct span pair = {rest->at, end == NULL ? rest->size : (size_t)(end - rest->at)};
	*rest = span_from(*rest, pair.size);
	const char *sign = memchr(pair.at, '=', pair.size);
	size_t name_size = sign == NULL ? pair.size : (size_t)(sign - pair.at);
	*name = (struct span){pair.at, name_size};
	*value = span_from(pair, sign == NULL ? pair.size : name_size + 1);
	return true;
}

bool query_value(struct span raw, const char *name, struct buf *ret)
{
	struct span key, value;
	bool found = false;
	while (!found && next_pair(&raw, &key, &value)) {
		buf_clear(ret);
		found = unescape(ret, key, true) && span_is(buf_span(ret), name);
		buf_clear(ret);
		if (found)
			(void)unescape(ret, value, true);
	}
	return found;
}

bool query_read(struct span raw, enum entity entity, struct query *ret, struct err *reterr)
{
	*ret = (struct query){
		.updated = {INT64_MIN, INT64_MAX}, .created = {INT64_MIN, INT64_MAX},
		.top = UINT64_MAX,
	};
	struct buf name, value;
	struct span key, text;
	bool done = true;
	buf_init(&name, QUERY_BYTES_MAX);
	buf_init(&value, QUERY_BYTES_MAX);
	while (done && next_pair(&raw, &key, &text)) {
		buf_clear(&name);
		buf_clear(&value);
		if (!unescape(&name, key, true) || !unescape(&value, text, true))
			done = err_set(reterr, ERR_USAGE, "The query is too long.");
		else
			done = read_option(buf_span(&name), buf_span(&value), entity, ret, reterr);
	}
	buf_done(&name);
	buf_done(&value);
	return done;
}
