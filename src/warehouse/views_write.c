/* Views, written only where they changed. What a view was made from is remembered as a digest
 * behind its comment: a warehouse gives its own rendering of a view's text back, not ours. */
#include "warehouse/views.h"

#include "base/arena.h"
#include "base/bounds.h"
#include "base/digest.h"
#include "warehouse/arrow_read.h"
#include "warehouse/warehouse_private.h"

#include <stdlib.h>
#include <string.h>

enum { MARK_HEX = 16 };

struct name { /* a table, or a view with its comment */
	const char *name, *comment;
};

struct names {
	struct arena *arena;
	struct name *at;
	size_t n, room;
};

struct writer {
	struct warehouse *warehouse;
	const struct view_options *options;
	struct names tables, views;
	struct buf select, comment;
	bool missing; /* a table that the view reads */
};

static bool keep_name(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct names *names = user;
	struct span name, comment;
	if (names->n == names->room) {
		size_t room = names->room * 2 + 32;
		struct name *more = realloc(names->at, room * sizeof *more);
		if (more == NULL)
			return err_memory(reterr);
		names->at = more;
		names->room = room;
	}
	if (!arrow_text(reader, 0, &name))
		name = SPAN("");
	if (!arrow_text(reader, 1, &comment))
		comment = SPAN("");
	struct name *at = &names->at[names->n++];
	*at = (struct name){arena_text(names->arena, name), arena_text(names->arena, comment)};
	return (at->name != NULL && at->comment != NULL) || err_memory(reterr);
}

static const struct name *find(const struct writer *writer, const struct names *names,
			       const char *name)
{
	for (size_t i = 0; i < names->n; i++) {
		if (dialect_same_name(writer->warehouse->dialect, names->at[i].name, name))
			return &names->at[i];
	}
	return NULL;
}

static bool read_names(struct writer *writer, struct err *reterr)
{
	struct warehouse *warehouse = writer->warehouse;
	buf_add_text(&warehouse->sql, "SELECT table_name, '' FROM information_schema.tables"
		     " WHERE table_catalog = current_database() AND table_schema ="
		     " current_schema()");
	if (!warehouse_each(warehouse, keep_name, &writer->tables, reterr))
		return false;
	buf_add_text(&warehouse->sql, warehouse->dialect->views);
	return warehouse_each(warehouse, keep_name, &writer->views, reterr);
}

static void look_for(void *user, struct span table)
{
	struct writer *writer = user;
	struct buf name;
	buf_init(&name, SQL_BYTES_MAX);
	buf_add_text(&name, writer->options->prefix);
	buf_add_span(&name, table);
	if (name.failed || find(writer, &writer->tables, buf_text(&name)) == NULL)
		writer->missing = true;
	buf_done(&name);
}

/* The comment that a view of this text has: equal comments, equal texts. */
static bool make_comment(struct writer *writer, const struct view *view, struct err *reterr)
{
	char digest[SHA256_HEX + 1];
	if (!digest_sha256_hex(buf_span(&writer->select), digest))
		return err_memory(reterr);
	buf_clear(&writer->comment);
	if (view->comment != NULL)
		buf_addf(&writer->comment, "%s ", view->comment);
	buf_addf(&writer->comment, "[firn %.*s]", MARK_HEX, digest);
	return buf_ok(&writer->comment, reterr);
}

static bool replace(struct writer *writer, const char *name, struct err *reterr)
{
	struct warehouse *warehouse = writer->warehouse;
	if (!warehouse->dialect->ddl_commits && !adbc_begin(warehouse->adbc, reterr))
		return false;
	sql_create_view(&warehouse->sql, warehouse->dialect, name, buf_span(&writer->select));
	bool done = warehouse_run(warehouse, NULL, 0, reterr);
	if (done) {
		sql_comment_view(&warehouse->sql, warehouse->dialect, name,
				 buf_span(&writer->comment));
		done = warehouse_run(warehouse, NULL, 0, reterr);
	}
	if (!done) {
		adbc_roll_back(warehouse->adbc);
		return false;
	}
	return warehouse->dialect->ddl_commits || adbc_commit(warehouse->adbc, reterr);
}

/* *ret_written: it was not there like this. */
static bool write_view(struct writer *writer, const struct view *view, const char *name,
		       bool *ret_written, struct err *reterr)
{
	buf_clear(&writer->select);
	if (!view_sql(view, writer->warehouse->dialect->kind, writer->options, &writer->select,
		      reterr) ||
	    !make_comment(writer, view, reterr))
		return false;
	const struct name *is = find(writer, &writer->views, name);
	*ret_written = is == NULL || strcmp(is->comment, buf_text(&writer->comment)) != 0;
	return !*ret_written || replace(writer, name, reterr);
}

static bool write_one(struct writer *writer, const struct view *view,
		      void (*told)(void *user, const char *name, bool written), void *user,
		      struct err *reterr)
{
	bool written = false, done = false;
	struct buf name;
	buf_init(&name, SQL_BYTES_MAX);
	buf_addf(&name, "%s%s", writer->options->prefix, view->name);
	writer->missing = false;
	if (!buf_ok(&name, reterr) || !view_tables(view, look_for, writer, reterr))
		goto out;
	if (writer->missing) {
		done = true;
		goto out;
	}
	done = write_view(writer, view, buf_text(&name), &written, reterr);
	if (done)
		told(user, buf_text(&name), written);
	else
		err_at(reterr, "cannot create view '%s'", buf_text(&name));
out:
	buf_done(&name);
	return done;
}

/* One that fails (a column that it reads is excluded) does not keep the others from being
 * written; the first failure is told. */
bool warehouse_views(struct warehouse *warehouse, const struct view *views, size_t n,
		     const struct view_options *options,
		     void (*told)(void *user, const char *name, bool written), void *user,
		     struct err *reterr)
{
	struct arena *arena = arena_new();
	struct err first = {.kind = ERR_NONE};
	struct writer writer = {
		.warehouse = warehouse, .options = options, .tables = {.arena = arena},
		.views = {.arena = arena},
	};
	buf_init(&writer.select, SQL_BYTES_MAX);
	buf_init(&writer.comment, SQL_BYTES_MAX);
	bool done = (arena != NULL || err_memory(reterr)) && read_names(&writer, reterr);
	for (size_t i = 0; done && i < n; i++) {
		struct err why = {.kind = ERR_NONE};
		if (!write_one(&writer, &views[i], told, user, &why) && first.kind == ERR_NONE)
			first = why;
	}
	if (first.kind != ERR_NONE) {
		*reterr = first;
		done = false;
	}
	buf_done(&writer.select);
	buf_done(&writer.comment);
	free(writer.tables.at);
	free(writer.views.at);
	arena_free(arena);
	return done;
}
