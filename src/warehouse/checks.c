#include "warehouse/checks.h"

#include "base/bounds.h"
#include "warehouse/arrow_read.h"
#include "warehouse/warehouse_private.h"

#include <stdio.h>
#include <stdlib.h>

/* --- the library --- */

static bool keep_text(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct buf *ret = user;
	struct span text;
	if (arrow_text(reader, 0, &text))
		buf_add_span(ret, text);
	return buf_ok(ret, reterr);
}

bool checks_driver(enum warehouse_kind kind, const char *driver, struct buf *ret,
		   struct err *reterr)
{
	struct warehouse warehouse = {.dialect = dialect_of(kind)};
	const struct adbc_option options[] = {{"path", ":memory:"}};
	if (kind != WAREHOUSE_DUCKDB || warehouse.dialect == NULL)
		return err_set(reterr, ERR_USAGE, "this firn was built without that warehouse");
	buf_init(&warehouse.sql, SQL_BYTES_MAX);
	bool done = adbc_open(&warehouse.adbc, driver, "duckdb_adbc_init", options, 1,
			      warehouse.dialect->judge, reterr);
	if (done) {
		buf_add_text(&warehouse.sql, "SELECT version()");
		done = warehouse_each(&warehouse, keep_text, ret, reterr);
	}
	adbc_close(warehouse.adbc);
	buf_done(&warehouse.sql);
	return done;
}

/* --- the shape of a table --- */

struct comparison {
	const struct dialect *dialect;
	struct table_shape *shape;
	struct written columns[WRITTEN_MAX];
	bool found[WRITTEN_MAX];
	size_t n;
	struct buf differs;
};

static void compare(struct comparison *all, size_t column, struct span type)
{
	const char *want = all->dialect->types[all->columns[column].type];
	all->found[column] = true;
	if (span_is(type, want))
		return;
	buf_addf(&all->differs, "%s%s is %.*s, not %s", all->differs.size == 0 ? "" : ", ",
		 all->columns[column].name, SPAN_ARGS(type), want);
}

/* Table, column, type, kind of the table: sql_existing_columns. */
static bool see_column(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct comparison *all = user;
	struct span name, type, kind;
	char text[4 * NAME_BYTES_MAX];
	if (!arrow_text(reader, 1, &name) || !arrow_text(reader, 2, &type))
		return true;
	all->shape->there = true;
	all->shape->view |= arrow_text(reader, 3, &kind) && span_is(kind, "VIEW");
	if (name.size >= sizeof text)
		return true;
	memcpy(text, name.at, name.size);
	text[name.size] = '\0';
	for (size_t i = 0; i < all->n; i++) {
		if (dialect_same_name(all->dialect, all->columns[i].name, text))
			compare(all, i, type);
	}
	return buf_ok(&all->differs, reterr);
}

/* What does not fit is cut: the first few say enough. */
static void keep_short(char *out, size_t room, const struct buf *text)
{
	snprintf(out, room, "%s", buf_text(text));
	if (text->size >= room)
		memcpy(out + room - 4, "...", 4);
}

static void name_missing(const struct comparison *all)
{
	struct buf missing;
	buf_init(&missing, SQL_BYTES_MAX);
	for (size_t i = 0; i < all->n; i++) {
		if (!all->found[i])
			buf_addf(&missing, "%s%s", missing.size == 0 ? "" : ", ",
				 all->columns[i].name);
	}
	keep_short(all->shape->missing, sizeof all->shape->missing, &missing);
	buf_done(&missing);
}

bool checks_shape(struct warehouse *warehouse, const struct table *table, struct table_shape *ret,
		  struct err *reterr)
{
	struct comparison *all = calloc(1, sizeof *all);
	if (all == NULL)
		return err_memory(reterr);
	*ret = (struct table_shape){0};
	all->dialect = warehouse->dialect;
	all->shape = ret;
	all->n = table_written(table, all->columns);
	buf_init(&all->differs, SQL_BYTES_MAX);
	sql_existing_columns(&warehouse->sql, warehouse->dialect, &table, 1);
	bool done = warehouse_each(warehouse, see_column, all, reterr);
	keep_short(ret->differs, sizeof ret->differs, &all->differs);
	if (ret->there)
		name_missing(all);
	buf_done(&all->differs);
	free(all);
	return done;
}

/* --- rows and keys --- */

static int time_column(const struct table *table)
{
	int at = table->cursor >= 0 ? table->cursor : table->newest;
	bool usable = at >= 0 && table->columns[at].type == TYPE_TIMESTAMP &&
		      !table->columns[at].excluded;
	return usable ? at : -1;
}

static void add_count_where(struct buf *sql, const char *condition_begin)
{
	buf_addf(sql, ", CAST(COALESCE(SUM(CASE WHEN %s", condition_begin);
}

static void add_count_end(struct buf *sql)
{
	buf_add_text(sql, " THEN 1 ELSE 0 END), 0) AS BIGINT)");
}

struct cells {
	int64_t *at;
	size_t n;
};

static bool see_cells(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct cells *cells = user;
	(void)reterr;
	for (size_t i = 0; i < cells->n; i++)
		cells->at[i] = arrow_int(reader, i, STAMP_NONE);
	return true;
}

/* One row of numbers and times. */
static bool read_cells(struct warehouse *warehouse, int64_t *ret, size_t n, struct err *reterr)
{
	struct cells cells = {ret, n};
	memset(ret, 0, n * sizeof *ret);
	return warehouse_each(warehouse, see_cells, &cells, reterr);
}

static bool read_rows(struct warehouse *warehouse, const struct table *table,
		      struct table_facts *ret, struct err *reterr)
{
	struct buf *sql = &warehouse->sql;
	int time = time_column(table);
	int64_t cells[6];
	buf_add_text(sql, "SELECT COUNT(*)");
	add_count_where(sql, "");
	for (unsigned i = 0; i < table->key_n; i++) {
		buf_add_text(sql, i == 0 ? "" : " OR ");
		sql_name(sql, table->columns[table->key[i]].name);
		buf_add_text(sql, " IS NULL");
	}
	add_count_end(sql);
	add_count_where(sql, "\"" COLUMN_EXTRA "\" IS NOT NULL");
	add_count_end(sql);
	buf_add_text(sql, ", MAX(\"" COLUMN_LOAD_TIMESTAMP "\")");
	for (int i = 0; i < 2; i++) {
		if (time < 0) {
			buf_add_text(sql, ", CAST(NULL AS TIMESTAMP)");
			continue;
		}
		buf_add_text(sql, i == 0 ? ", MIN(" : ", MAX(");
		sql_name(sql, table->columns[time].name);
		buf_add_char(sql, ')');
	}
	buf_add_text(sql, " FROM ");
	sql_name(sql, table->name);
	if (!read_cells(warehouse, cells, 6, reterr))
		return false;
	ret->rows = cells[0];
	ret->null_keys = cells[1];
	ret->extra = cells[2];
	ret->loaded_us = cells[3];
	ret->first_us = cells[4];
	ret->last_us = cells[5];
	return true;
}

static bool read_doubled(struct warehouse *warehouse, const struct table *table,
			 struct table_facts *ret, struct err *reterr)
{
	struct buf *sql = &warehouse->sql;
	int64_t cells[2];
	buf_add_text(sql, "SELECT COUNT(*), CAST(COALESCE(SUM(n - 1), 0) AS BIGINT)"
			  " FROM (SELECT COUNT(*) AS n FROM ");
	sql_name(sql, table->name);
	for (unsigned i = 0; i < table->key_n; i++) {
		buf_add_text(sql, i == 0 ? " GROUP BY " : ", ");
		sql_name(sql, table->columns[table->key[i]].name);
	}
	if (table->append && table->newest >= 0) {
		buf_add_text(sql, ", ");
		sql_name(sql, table->columns[table->newest].name);
	}
	buf_add_text(sql, " HAVING COUNT(*) > 1) AS d");
	if (!read_cells(warehouse, cells, 2, reterr))
		return false;
	ret->doubled = cells[0];
	ret->surplus = cells[1];
	return true;
}

bool checks_facts(struct warehouse *warehouse, const struct table *table,
		  struct table_facts *ret, struct err *reterr)
{
	*ret = (struct table_facts){0};
	return read_rows(warehouse, table, ret, reterr) &&
	       read_doubled(warehouse, table, ret, reterr);
}

/* --- days --- */

struct days {
	void (*told)(void *user, int64_t day_us);
	void *user;
};

static bool see_day(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct days *days = user;
	(void)reterr;
	days->told(days->user, arrow_int(reader, 0, STAMP_NONE));
	return true;
}

bool checks_days(struct warehouse *warehouse, const struct table *table,
		 void (*told)(void *user, int64_t day_us), void *user, struct err *reterr)
{
	struct days days = {told, user};
	struct buf *sql = &warehouse->sql;
	const char *name = table->columns[table->cursor].name;
	buf_add_text(sql, "SELECT DISTINCT CAST(DATE_TRUNC('day', ");
	sql_name(sql, name);
	buf_add_text(sql, ") AS TIMESTAMP) FROM ");
	sql_name(sql, table->name);
	buf_add_text(sql, " WHERE ");
	sql_name(sql, name);
	buf_add_text(sql, " IS NOT NULL ORDER BY 1");
	return warehouse_each(warehouse, see_day, &days, reterr);
}

/* --- orphans --- */

bool checks_orphans(struct warehouse *warehouse, const struct orphan_question *question,
		    struct orphans *ret, struct err *reterr)
{
	struct buf *sql = &warehouse->sql;
	const struct table *from = question->from, *to = question->to;
	const struct column *column = &from->columns[question->column];
	int time = time_column(from);
	int64_t cells[2];

	buf_add_text(sql, "SELECT COUNT(*)");
	add_count_where(sql, "r.loaded < ");
	sql_stamp(sql, question->loaded_before_us);
	if (time >= 0) {
		buf_add_text(sql, " AND r.stamped > ");
		sql_stamp(sql, question->stamped_after_us);
	}
	add_count_end(sql);
	buf_add_text(sql, " FROM (SELECT ");
	sql_name(sql, column->name);
	buf_add_text(sql, " AS v, MIN(\"" COLUMN_LOAD_TIMESTAMP "\") AS loaded");
	if (time >= 0) {
		buf_add_text(sql, ", MAX(");
		sql_name(sql, from->columns[time].name);
		buf_add_text(sql, ") AS stamped");
	}
	buf_add_text(sql, " FROM ");
	sql_name(sql, from->name);
	buf_add_text(sql, " WHERE ");
	sql_name(sql, column->name);
	buf_add_text(sql, " IS NOT NULL");
	if (column->type == TYPE_TEXT) {
		buf_add_text(sql, " AND ");
		sql_name(sql, column->name);
		buf_add_text(sql, " <> ''");
	}
	buf_add_text(sql, " GROUP BY ");
	sql_name(sql, column->name);
	buf_add_text(sql, ") AS r WHERE NOT EXISTS (SELECT 1 FROM ");
	sql_name(sql, to->name);
	buf_add_text(sql, " AS t WHERE ");
	sql_column(sql, "t", to->columns[to->key[0]].name);
	buf_add_text(sql, " = r.v)");
	if (!read_cells(warehouse, cells, 2, reterr))
		return false;
	*ret = (struct orphans){cells[0], cells[1]};
	return true;
}

/* --- what could not be taken --- */

struct rejections {
	void (*told)(void *user, const struct rejected *);
	void *user;
	struct buf stream, reason;
};

static bool see_rejected(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct rejections *all = user;
	struct span text;
	buf_clear(&all->stream);
	buf_clear(&all->reason);
	if (arrow_text(reader, 0, &text))
		buf_add_span(&all->stream, text);
	if (arrow_text(reader, 1, &text))
		buf_add_span(&all->reason, text);
	if (!buf_ok(&all->stream, reterr) || !buf_ok(&all->reason, reterr))
		return false;
	all->told(all->user, &(struct rejected){buf_text(&all->stream), buf_text(&all->reason),
						arrow_int(reader, 2, 0),
						arrow_int(reader, 3, STAMP_NONE)});
	return true;
}

bool checks_rejected(struct warehouse *warehouse, const char *pipeline,
		     void (*told)(void *user, const struct rejected *), void *user,
		     struct err *reterr)
{
	struct rejections all = {.told = told, .user = user};
	struct buf *sql = &warehouse->sql;
	buf_init(&all.stream, CELL_BYTES_MAX);
	buf_init(&all.reason, CELL_BYTES_MAX);
	buf_add_text(sql, "SELECT \"STREAM\", \"REASON\", COUNT(*), MAX(\"REJECTED_AT\")"
			  " FROM \"FIRN_REJECTED\" WHERE \"PIPELINE\" = ");
	sql_text(sql, warehouse->dialect, span_of(pipeline));
	buf_add_text(sql, " GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2");
	bool done = warehouse_each(warehouse, see_rejected, &all, reterr);
	buf_done(&all.stream);
	buf_done(&all.reason);
	return done;
}

/* --- what did not fit --- */

struct rescues {
	void (*told)(void *user, const struct rescued *);
	void *user;
	struct buf stream;
};

static bool see_rescued(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct rescues *all = user;
	struct span text;
	buf_clear(&all->stream);
	if (arrow_text(reader, 0, &text))
		buf_add_span(&all->stream, text);
	if (!buf_ok(&all->stream, reterr))
		return false;
	all->told(all->user, &(struct rescued){buf_text(&all->stream), arrow_int(reader, 1, 0),
					       arrow_int(reader, 2, 0),
					       arrow_int(reader, 3, STAMP_NONE)});
	return true;
}

bool checks_rescued(struct warehouse *warehouse, const char *pipeline,
		    void (*told)(void *user, const struct rescued *), void *user,
		    struct err *reterr)
{
	struct rescues all = {.told = told, .user = user};
	struct buf *sql = &warehouse->sql;
	buf_init(&all.stream, CELL_BYTES_MAX);
	buf_add_text(sql, "SELECT \"STREAM\", CAST(SUM(\"ROWS_RESCUED\") AS BIGINT), COUNT(*),"
			  " MAX(\"ENDED_AT\") FROM \"FIRN_RUNS\" WHERE \"ROWS_RESCUED\" > 0"
			  " AND \"PIPELINE\" = ");
	sql_text(sql, warehouse->dialect, span_of(pipeline));
	buf_add_text(sql, " GROUP BY 1 ORDER BY 2 DESC, 1");
	bool done = warehouse_each(warehouse, see_rescued, &all, reterr);
	buf_done(&all.stream);
	return done;
}

/* --- views --- */

struct view_names {
	void (*told)(void *user, const char *name);
	void *user;
};

static bool see_view(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct view_names *names = user;
	struct span name;
	struct buf text;
	buf_init(&text, SQL_BYTES_MAX);
	if (arrow_text(reader, 0, &name))
		buf_add_span(&text, name);
	bool done = buf_ok(&text, reterr);
	if (done)
		names->told(names->user, buf_text(&text));
	buf_done(&text);
	return done;
}

bool checks_views(struct warehouse *warehouse, void (*told)(void *user, const char *name),
		  void *user, struct err *reterr)
{
	struct view_names names = {told, user};
	buf_add_text(&warehouse->sql, warehouse->dialect->views);
	return warehouse_each(warehouse, see_view, &names, reterr);
}

static bool see_row(void *user, struct arrow_reader *reader, struct err *reterr)
{
	int64_t *rows = user;
	(void)reader;
	(void)reterr;
	++*rows;
	return true;
}

/* COUNT(*) would leave columns uncomputed, and their errors unseen. */
bool checks_view(struct warehouse *warehouse, const char *name, int64_t *ret_rows,
		 struct err *reterr)
{
	*ret_rows = 0;
	buf_add_text(&warehouse->sql, "SELECT * FROM ");
	sql_name(&warehouse->sql, name);
	return warehouse_each(warehouse, see_row, ret_rows, reterr);
}
