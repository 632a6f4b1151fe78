#include "source/plan.h"

#include "base/bounds.h"
#include "base/text.h"

static bool named(const char *const *names, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], name) == 0)
			return true;
	}
	return false;
}

static bool refuse_column(const struct stream *stream, const char *name, struct err *reterr)
{
	struct buf known;
	buf_init(&known, CONFIG_BYTES_MAX);
	for (size_t i = 0; i < stream->columns_n; i++)
		buf_addf(&known, "%s%s", i == 0 ? "" : ", ", stream->columns[i].name);
	err_set(reterr, ERR_USAGE, "source.streams.%s: no column %s; columns are %s", stream->name,
		name, buf_text(&known));
	buf_done(&known);
	return false;
}

static bool check_names(struct arena *arena, const struct stream *stream,
			const char *const *names, size_t n, struct err *reterr)
{
	const char **known = arena_array(arena, stream->columns_n + 1, sizeof *known);
	if (known == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < stream->columns_n; i++)
		known[i] = stream->columns[i].name;
	for (size_t i = 0; i < n; i++) {
		if (named(known, stream->columns_n, names[i]))
			continue;
		const char *near = text_nearest(names[i], known);
		if (near != NULL)
			return err_set(reterr, ERR_USAGE, "source.streams.%s: no column %s; did you"
				       " mean %s?", stream->name, names[i], near);
		return refuse_column(stream, names[i], reterr);
	}
	return true;
}

/* What the connector says of a column, else where it comes from: whoever meets it in the warehouse
 * can look it up in the API's manual. False: no memory. */
static bool plan_comment(struct arena *arena, const struct connector_column *from,
			 struct column *ret)
{
	ret->comment = from->comment;
	if (from->comment != NULL || from->at.n == 0 || from->source == FROM_VALUE)
		return true;
	const char *at = from->at.at[0].text;
	ret->comment = from->source == FROM_DIGEST
			       ? arena_printf(arena, "SHA-256 over %s and what follows", at)
			       : arena_printf(arena, "%s of the API", at[0] == '\0' ? "all" : at);
	return ret->comment != NULL;
}

static void plan_column(const struct connector_column *from, const struct privacy *privacy,
			struct column *ret)
{
	*ret = (struct column){
		.name = from->name,
		.type = from->type,
		.given = from->type,
		.format = from->format,
		.required = from->required,
		.keep_first = from->keep_first,
		.at = from->at,
		.excluded = named(privacy->excluded, privacy->excluded_n, from->name),
		.hashed = named(privacy->hashed, privacy->hashed_n, from->name),
	};
	switch (from->source) {
	case FROM_RECORD:
		ret->from = CELL_RECORD;
		break;
	case FROM_OUTER:
	case FROM_VALUE:
		ret->from = CELL_FIXED;
		break;
	case FROM_DIGEST:
		ret->from = CELL_DIGEST;
		break;
	}
	/* A digest is text, whatever it was made of. */
	if (ret->hashed && !ret->excluded)
		ret->type = TYPE_TEXT;
}

/* --- what stands around the records --- */

static bool holds(const struct pointer *outer, const struct pointer *inner)
{
	size_t depth = 0;
	while (depth < outer->depth && depth < inner->depth &&
	       text_same_nocase(outer->keys[depth], inner->keys[depth]))
		depth++;
	return depth == outer->depth;
}

static bool any_holds(struct pointers outer, struct pointers inner)
{
	static const struct pointer whole = {.text = ""};
	struct pointers all = {&whole, 1};
	if (outer.n == 0)
		outer = all;
	if (inner.n == 0)
		inner = all;
	for (size_t i = 0; i < outer.n; i++) {
		for (size_t k = 0; k < inner.n; k++) {
			if (holds(&outer.at[i], &inner.at[k]))
				return true;
		}
	}
	return false;
}

/* Shaping sees to what is private in a record, but not to what stands around it: no other column
 * may hold that, nor the records themselves. */
static bool check_around(const struct stream *stream, const struct column *columns, size_t private,
			 struct err *reterr)
{
	const struct connector_column *hidden = &stream->columns[private];
	for (size_t i = 0; i < stream->columns_n; i++) {
		const struct connector_column *other = &stream->columns[i];
		bool safe = columns[i].excluded ||
			    (columns[i].hashed && !columns[private].excluded);
		if (i == private || safe || other->source != FROM_OUTER ||
		    !any_holds(other->at,
			       hidden->source == FROM_OUTER ? hidden->at : stream->records.at))
			continue;
		return err_set(reterr, ERR_USAGE,
			"source.streams.%s: %s holds %s as well; exclude it "
			       "too", stream->name, other->name, hidden->name);
	}
	if (hidden->source == FROM_OUTER && any_holds(stream->records.at, hidden->at))
		return err_set(reterr, ERR_USAGE, "source.streams.%s: %s cannot be kept from the "
			       "records that it stands in; take it `from` them",
			       stream->name, hidden->name);
	return true;
}

bool plan_table(struct arena *arena, const struct stream *stream, const char *prefix, bool append,
		const struct privacy *privacy, struct table **ret, struct err *reterr)
{
	if (!check_names(arena, stream, privacy->excluded, privacy->excluded_n, reterr) ||
	    !check_names(arena, stream, privacy->hashed, privacy->hashed_n, reterr))
		return false;
	struct table *table = arena_alloc(arena, sizeof *table);
	struct column *columns = arena_array(arena, stream->columns_n, sizeof *columns);
	char *name = arena_printf(arena, "%s%s", prefix, stream->table);
	if (table == NULL || columns == NULL || name == NULL)
		return err_memory(reterr);

	*table = (struct table){
		.name = name,
		.stream = stream->name,
		.comment = stream->comment,
		.columns = columns,
		.columns_n = (unsigned)stream->columns_n,
		.key = stream->key,
		.key_n = (unsigned)stream->key_n,
		.newest = stream->newest,
		.cursor = -1,
		.append = append && stream->newest >= 0,
		.has_extra = true,
		.ignore = stream->ignore,
		.ignore_n = (unsigned)stream->ignore_n,
	};
	for (size_t i = 0; i < stream->columns_n; i++) {
		plan_column(&stream->columns[i], privacy, &columns[i]);
		if (!plan_comment(arena, &stream->columns[i], &columns[i]))
			return err_memory(reterr);
		if (stream->window.given &&
		    strcmp(stream->window.column, stream->columns[i].name) == 0)
			table->cursor = (int)i;
	}
	for (size_t i = 0; i < stream->columns_n; i++) {
		if ((columns[i].excluded || columns[i].hashed) &&
		    stream->columns[i].source != FROM_VALUE &&
		    !check_around(stream, columns, i, reterr))
			return false;
	}
	*ret = table;
	return true;
}
