#include "warehouse/migrate.h"

#include "base/arena.h"
#include "base/bounds.h"
#include "warehouse/arrow_read.h"
#include "warehouse/warehouse_private.h"

#include <string.h>

struct old_column {
	const char *name, *type;
};

/* One table as it is, against what it should be. */
struct old {
	struct warehouse *warehouse;
	const struct dialect *dialect;
	const struct table *table;
	struct arena *arena;
	struct old_column columns[WRITTEN_MAX];
	size_t n;
	struct written wanted[WRITTEN_MAX];
	size_t wanted_n;
	struct buf *out;
};

static bool keep(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct old *old = user;
	struct span name, type;
	if (!arrow_text(reader, 1, &name) || !arrow_text(reader, 2, &type) ||
	    old->n == WRITTEN_MAX)
		return true;
	struct old_column *column = &old->columns[old->n++];
	*column = (struct old_column){arena_text(old->arena, name), arena_text(old->arena, type)};
	return (column->name != NULL && column->type != NULL) || err_memory(reterr);
}

static const struct old_column *find(const struct old *old, const char *name)
{
	for (size_t i = 0; i < old->n; i++) {
		if (dialect_same_name(old->dialect, old->columns[i].name, name))
			return &old->columns[i];
	}
	return NULL;
}

static bool is_same(const struct old *old, const struct old_column *column, enum type type)
{
	return strcmp(column->type, old->dialect->types[type]) == 0;
}

static bool differs(const struct old *old)
{
	for (size_t i = 0; i < old->wanted_n; i++) {
		const struct old_column *is = find(old, old->wanted[i].name);
		if (is != NULL && !is_same(old, is, old->wanted[i].type))
			return true;
	}
	return false;
}

/* --- the statements --- */

static void add_table(struct old *old, const char *suffix)
{
	struct buf name;
	buf_init(&name, SQL_BYTES_MAX);
	buf_addf(&name, "%s%s", old->table->name, suffix);
	sql_name(old->out, buf_text(&name));
	buf_done(&name);
}

static void add_around(struct old *old, const char *before, const struct old_column *column,
		       const char *behind)
{
	buf_add_text(old->out, before);
	sql_column(old->out, "o", column->name);
	buf_add_text(old->out, behind);
}

/* JSON that was kept as a string becomes what it says; what is no JSON stays, as a string. */
static void add_json(struct old *old, const struct old_column *column)
{
	if (old->dialect->kind == WAREHOUSE_SNOWFLAKE) {
		add_around(old, "COALESCE(TRY_PARSE_JSON(", column, "::VARCHAR), ");
		add_around(old, "TO_VARIANT(", column, "))");
		return;
	}
	bool json = is_same(old, column, TYPE_JSON);
	add_around(old, json ? "COALESCE(TRY_CAST((" : "COALESCE(TRY_CAST(CAST(", column,
		   json ? " ->> '$') AS JSON), " : " AS VARCHAR) AS JSON), ");
	add_around(old, "to_json(", column, "))");
}

static void add_read(struct old *old, const struct old_column *column, enum type type)
{
	static const char *const SNOWFLAKE[TYPE_COUNT][2] = {
		[TYPE_TEXT] = {"TO_VARCHAR(", ")"},
		[TYPE_INT] = {"TRY_TO_NUMBER(TO_VARCHAR(", "))"},
		[TYPE_FLOAT] = {"TRY_TO_DOUBLE(TO_VARCHAR(", "))"},
		[TYPE_BOOL] = {"TRY_TO_BOOLEAN(TO_VARCHAR(", "))"},
		[TYPE_TIMESTAMP] = {"TRY_TO_TIMESTAMP_NTZ(TO_VARCHAR(", "))"},
	};
	if (type == TYPE_JSON) {
		add_json(old, column);
	} else if (is_same(old, column, type)) {
		sql_column(old->out, "o", column->name);
	} else if (old->dialect->kind == WAREHOUSE_SNOWFLAKE) {
		add_around(old, SNOWFLAKE[type][0], column, SNOWFLAKE[type][1]);
	} else {
		add_around(old, "TRY_CAST(", column, " AS ");
		buf_addf(old->out, "%s)", old->dialect->types[type]);
	}
}

static void add_select(struct old *old)
{
	const struct table *table = old->table;
	for (size_t i = 0; i < old->wanted_n; i++) {
		const struct written *wanted = &old->wanted[i];
		const struct old_column *is = find(old, wanted->name);
		buf_add_text(old->out, i == 0 ? "\nSELECT\n\t" : ",\n\t");
		if (is != NULL)
			add_read(old, is, wanted->type);
		else
			buf_addf(old->out, "CAST(NULL AS %s)", old->dialect->types[wanted->type]);
		buf_add_text(old->out, " AS ");
		sql_name(old->out, wanted->name);
	}
	buf_add_text(old->out, "\nFROM ");
	add_table(old, "");
	buf_add_text(old->out, " AS o\nWHERE ");
	for (unsigned i = 0; i < table->key_n; i++) {
		buf_add_text(old->out, i == 0 ? "" : " AND ");
		sql_column(old->out, "o", table->columns[table->key[i]].name);
		buf_add_text(old->out, " IS NOT NULL");
	}
	buf_add_text(old->out, "\nQUALIFY ROW_NUMBER() OVER (PARTITION BY ");
	for (unsigned i = 0; i < table->key_n; i++) {
		buf_add_text(old->out, i == 0 ? "" : ", ");
		sql_column(old->out, "o", table->columns[table->key[i]].name);
	}
	const struct old_column *newest =
		table->newest < 0 ? NULL : find(old, table->columns[table->newest].name);
	buf_add_text(old->out, " ORDER BY ");
	if (newest != NULL)
		add_around(old, "", newest, " DESC NULLS LAST) = 1;\n");
	else
		buf_add_text(old->out, "1) = 1;\n");
}

static void add_insert(struct old *old)
{
	buf_add_text(old->out, "INSERT INTO ");
	add_table(old, "_FIRN_NEW");
	for (size_t i = 0; i < old->wanted_n; i++) {
		buf_add_text(old->out, i == 0 ? " (" : ", ");
		sql_name(old->out, old->wanted[i].name);
	}
	buf_add_char(old->out, ')');
	add_select(old);
}

/* Keys of the old table, rows of the new one; and of both the values that a person would miss. */
static void add_comparison(struct old *old)
{
	buf_add_text(old->out, "-- Each row must show the same number twice:\n");
	for (size_t i = 0; i < old->wanted_n; i++) {
		const struct written *wanted = &old->wanted[i];
		const struct old_column *is = find(old, wanted->name);
		bool key = wanted->column != NULL && old->table->key_n == 1 &&
			   wanted->column == &old->table->columns[old->table->key[0]];
		if (is == NULL || (!key && is_same(old, is, wanted->type)))
			continue;
		buf_add_text(old->out, "SELECT ");
		sql_text(old->out, old->dialect, span_of(wanted->name));
		buf_add_text(old->out, key ? " AS what, (SELECT COUNT(DISTINCT "
					   : " AS what, (SELECT COUNT(");
		sql_name(old->out, is->name);
		buf_add_text(old->out, ") FROM ");
		add_table(old, "");
		buf_add_text(old->out, ") AS before, (SELECT COUNT(");
		sql_name(old->out, wanted->name);
		buf_add_text(old->out, ") FROM ");
		add_table(old, "_FIRN_NEW");
		buf_add_text(old->out, ") AS after;\n");
	}
}

static void add_exchange(struct old *old)
{
	if (old->dialect->kind == WAREHOUSE_SNOWFLAKE) {
		buf_add_text(old->out, "ALTER TABLE ");
		add_table(old, "_FIRN_NEW");
		buf_add_text(old->out, " SWAP WITH ");
		add_table(old, "");
		buf_add_text(old->out, ";\nALTER TABLE ");
		add_table(old, "_FIRN_NEW");
		buf_add_text(old->out, " RENAME TO ");
		add_table(old, "_BEFORE_FIRN");
		buf_add_text(old->out, ";\n-- Grants went with the old table; repeat those"
			     " that SHOW GRANTS ON TABLE ");
		add_table(old, "_BEFORE_FIRN");
		buf_add_text(old->out, " lists.\n");
		return;
	}
	buf_add_text(old->out, "BEGIN;\nALTER TABLE ");
	add_table(old, "");
	buf_add_text(old->out, " RENAME TO ");
	add_table(old, "_BEFORE_FIRN");
	buf_add_text(old->out, ";\nALTER TABLE ");
	add_table(old, "_FIRN_NEW");
	buf_add_text(old->out, " RENAME TO ");
	add_table(old, "");
	buf_add_text(old->out, ";\nCOMMIT;\n");
}

/* What firn has no column for stays where it is. */
static void add_left(struct old *old)
{
	bool first = true;
	for (size_t i = 0; i < old->n; i++) {
		bool wanted = false;
		for (size_t k = 0; k < old->wanted_n; k++)
			wanted |= dialect_same_name(old->dialect, old->wanted[k].name,
						    old->columns[i].name);
		if (wanted)
			continue;
		buf_add_text(old->out, first ? "-- These columns stay in the old table only: "
					     : ", ");
		sql_name(old->out, old->columns[i].name);
		first = false;
	}
	buf_add_text(old->out, first ? "" : "\n");
}

static bool add_one(struct old *old, struct err *reterr)
{
	struct table new = *old->table;
	struct buf name;
	buf_init(&name, SQL_BYTES_MAX);
	buf_addf(&name, "%s_FIRN_NEW", old->table->name);
	new.name = buf_text(&name);
	buf_addf(old->out, "-- %s\n", old->table->name);
	add_left(old);
	sql_create_table(old->out, old->dialect, &new, false);
	buf_add_text(old->out, ";\n");
	add_insert(old);
	add_comparison(old);
	add_exchange(old);
	buf_add_text(old->out, "\n");
	bool done = buf_ok(&name, reterr) && buf_ok(old->out, reterr);
	buf_done(&name);
	return done;
}

bool migrate_sql(struct warehouse *warehouse, const struct table *const *tables, size_t n,
		 struct buf *out, size_t *ret_n, struct err *reterr)
{
	struct arena *arena = arena_new();
	struct old *old = arena == NULL ? NULL : arena_alloc(arena, sizeof *old);
	bool done = old != NULL || err_memory(reterr);
	*ret_n = 0;
	for (size_t i = 0; i < n && done; i++) {
		*old = (struct old){.warehouse = warehouse, .dialect = warehouse->dialect,
				    .table = tables[i], .arena = arena, .out = out};
		old->wanted_n = table_written(tables[i], old->wanted);
		sql_existing_columns(&warehouse->sql, warehouse->dialect, &tables[i], 1);
		done = warehouse_each(warehouse, keep, old, reterr);
		if (!done || !differs(old))
			continue;
		++*ret_n;
		done = add_one(old, reterr);
	}
	arena_free(arena);
	return done;
}
