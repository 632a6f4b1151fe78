/* Makes the tables ready that a load writes to. What is there is read with one statement; where
 * nothing is missing, nothing more is done. */
#include "warehouse/warehouse_private.h"

#include "base/arena.h"
#include "base/bounds.h"
#include "warehouse/arrow_read.h"

#include <stdlib.h>
#include <string.h>

struct existing {
	const char *table, *column, *type;
	bool view;
};

struct preparation {
	struct warehouse *warehouse;
	struct arena *arena;
	const struct table **tables; /* firn's own and the connector's */
	size_t tables_n;
	struct existing *existing;
	size_t existing_n, existing_room;
	bool complete; /* nothing is missing */
};

/* --- what is there --- */

static bool keep(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct preparation *all = user;
	struct span cells[4];
	for (size_t i = 0; i < 4; i++) {
		if (!arrow_text(reader, i, &cells[i]))
			cells[i] = SPAN("");
	}
	if (all->existing_n == all->existing_room) {
		size_t room = all->existing_room * 2 + 64;
		struct existing *more = realloc(all->existing, room * sizeof *more);
		if (more == NULL)
			return err_memory(reterr);
		all->existing = more;
		all->existing_room = room;
	}
	struct existing *at = &all->existing[all->existing_n++];
	*at = (struct existing){arena_text(all->arena, cells[0]), arena_text(all->arena, cells[1]),
				arena_text(all->arena, cells[2]), span_is(cells[3], "VIEW")};
	return (at->table != NULL && at->column != NULL && at->type != NULL) || err_memory(reterr);
}

static bool read_existing(struct preparation *all, struct err *reterr)
{
	struct warehouse *warehouse = all->warehouse;
	sql_existing_columns(&warehouse->sql, warehouse->dialect, all->tables, all->tables_n);
	return warehouse_each(warehouse, keep, all, reterr);
}

static bool is_there(const struct preparation *all, const char *table)
{
	for (size_t i = 0; i < all->existing_n; i++) {
		if (dialect_same_name(all->warehouse->dialect, all->existing[i].table, table))
			return true;
	}
	return false;
}

static const struct existing *find(const struct preparation *all, const char *table,
				   const char *column)
{
	const struct dialect *dialect = all->warehouse->dialect;
	for (size_t i = 0; i < all->existing_n; i++) {
		if (dialect_same_name(dialect, all->existing[i].table, table) &&
		    dialect_same_name(dialect, all->existing[i].column, column))
			return &all->existing[i];
	}
	return NULL;
}

/* --- is it fit to be written to --- */

/* firn tells rows apart by the warehouse's own row number, which a column of that name hides. */
static bool check_row_id(const struct preparation *all, const struct table *table,
			 struct err *reterr)
{
	const char *row_id = all->warehouse->dialect->row_id;
	bool hidden = row_id != NULL && find(all, table->name, row_id) != NULL;
	for (unsigned i = 0; row_id != NULL && i < table->columns_n; i++)
		hidden = hidden || dialect_same_name(all->warehouse->dialect,
						     table->columns[i].name, row_id);
	return !hidden || err_set(reterr, ERR_USAGE, "table '%s' has a column '%s', a name that %s"
				  " keeps for itself", table->name, row_id,
				  all->warehouse->dialect->name);
}

/* Appends "COLUMN is VARCHAR, not BOOLEAN" for each that differs. */
static void compare(struct preparation *all, const struct table *table, struct buf *differs)
{
	const struct dialect *dialect = all->warehouse->dialect;
	struct written columns[WRITTEN_MAX];
	size_t n = table_written(table, columns);
	size_t start = differs->size;
	for (size_t i = 0; i < n; i++) {
		const struct existing *is = find(all, table->name, columns[i].name);
		const char *want = dialect->types[columns[i].type];
		if (is == NULL)
			all->complete = false;
		if (is == NULL || strcmp(is->type, want) == 0)
			continue;
		if (differs->size == start)
			buf_addf(differs, "%stable '%s': ", start == 0 ? "" : "; ", table->name);
		else
			buf_add_text(differs, ", ");
		buf_addf(differs, "%s is %s, not %s", columns[i].name, is->type, want);
	}
}

static bool check(struct preparation *all, struct err *reterr)
{
	bool done = false;
	struct buf differs;
	buf_init(&differs, CONFIG_BYTES_MAX);
	for (size_t i = 0; i < all->tables_n; i++) {
		const struct table *table = all->tables[i];
		if (!check_row_id(all, table, reterr))
			goto out;
		for (size_t k = 0; k < all->existing_n; k++) {
			const struct existing *at = &all->existing[k];
			if (at->view && dialect_same_name(all->warehouse->dialect, at->table,
							  table->name)) {
				err_set(reterr, ERR_USAGE, "'%s' is a view, and firn would write"
					" to it as a table", table->name);
				goto out;
			}
		}
		if (is_there(all, table->name))
			compare(all, table, &differs);
		else
			all->complete = false;
	}
	if (!buf_ok(&differs, reterr))
		goto out;
	done = differs.size == 0 ||
	       err_set(reterr, ERR_USAGE, "these columns have other types than firn writes; 'firn"
		       " ddl --migrate' prints what changes them: %s", buf_text(&differs));
out:
	buf_done(&differs);
	return done;
}

/* --- what is there and must not be --- */

const struct column *warehouse_withheld(const struct warehouse *warehouse,
					const struct table *table, size_t *at)
{
	while (*at < warehouse->withheld_n) {
		const struct withheld *one = &warehouse->withheld[(*at)++];
		if (one->table == table)
			return one->column;
	}
	return NULL;
}

static bool withhold(struct warehouse *warehouse, const struct table *table,
		     const struct column *column)
{
	if (warehouse->withheld_n == warehouse->withheld_room) {
		size_t room = warehouse->withheld_room * 2 + 8;
		struct withheld *more = realloc(warehouse->withheld, room * sizeof *more);
		if (more == NULL)
			return false;
		warehouse->withheld = more;
		warehouse->withheld_room = room;
	}
	warehouse->withheld[warehouse->withheld_n++] = (struct withheld){table, column};
	return true;
}

static bool find_withheld(struct preparation *all, struct err *reterr)
{
	struct warehouse *warehouse = all->warehouse;
	for (size_t i = 0; i < all->tables_n; i++) {
		const struct table *table = all->tables[i];
		size_t kept = 0;
		for (size_t k = 0; k < warehouse->withheld_n; k++) {
			if (warehouse->withheld[k].table != table)
				warehouse->withheld[kept++] = warehouse->withheld[k];
		}
		warehouse->withheld_n = kept;
		for (unsigned k = 0; k < table->columns_n; k++) {
			if (table->columns[k].excluded &&
			    find(all, table->name, table->columns[k].name) != NULL &&
			    !withhold(warehouse, table, &table->columns[k]))
				return err_memory(reterr);
		}
	}
	return true;
}

/* --- making what is missing --- */

/* `there`: it was, or it is since an earlier entry of the list, maybe with other columns. */
static bool make(struct preparation *all, const struct table *table, bool there,
		 struct err *reterr)
{
	struct warehouse *warehouse = all->warehouse;
	const struct dialect *dialect = warehouse->dialect;
	struct written columns[WRITTEN_MAX];
	size_t n = table_written(table, columns);
	if (!there) {
		sql_create_table(&warehouse->sql, dialect, table, warehouse->packs);
		if (!warehouse_run(warehouse, NULL, 0, reterr))
			return false;
	}
	if (!there && table->comment != NULL && !dialect->declares) {
		sql_comment_table(&warehouse->sql, dialect, table);
		if (!warehouse_run(warehouse, NULL, 0, reterr))
			return false;
	}
	for (size_t i = 0; i < n; i++) {
		bool missing = there && find(all, table->name, columns[i].name) == NULL;
		if (missing) {
			sql_add_column(&warehouse->sql, dialect, table->name, &columns[i]);
			if (!warehouse_run(warehouse, NULL, 0, reterr))
				return false;
		}
		if ((missing || (!there && !dialect->declares)) && columns[i].comment != NULL) {
			sql_comment_column(&warehouse->sql, dialect, table->name, &columns[i]);
			if (!warehouse_run(warehouse, NULL, 0, reterr))
				return false;
		}
	}
	return true;
}

static bool was_made(const struct preparation *all, size_t at)
{
	for (size_t i = 0; i < at; i++) {
		if (dialect_same_name(all->warehouse->dialect, all->tables[i]->name,
				      all->tables[at]->name))
			return true;
	}
	return is_there(all, all->tables[at]->name);
}

static bool make_missing(struct preparation *all, struct err *reterr)
{
	if (all->complete)
		return true;
	if (!all->warehouse->dialect->ddl_commits && !adbc_begin(all->warehouse->adbc, reterr))
		return false;
	for (size_t i = 0; i < all->tables_n; i++) {
		if (!make(all, all->tables[i], was_made(all, i), reterr)) {
			err_at(reterr, "cannot make table '%s' ready", all->tables[i]->name);
			adbc_roll_back(all->warehouse->adbc);
			return false;
		}
	}
	return all->warehouse->dialect->ddl_commits || adbc_commit(all->warehouse->adbc, reterr);
}

/* The same table may come twice: two streams can write to one. */
static void add_table(struct preparation *all, const struct table *table)
{
	for (size_t i = 0; i < all->tables_n; i++) {
		if (all->tables[i] == table)
			return;
	}
	all->tables[all->tables_n++] = table;
}

static bool prepare(struct warehouse *warehouse, const struct table *const *tables, size_t n,
		    bool makes, struct err *reterr)
{
	struct preparation all = {.warehouse = warehouse, .complete = true};
	bool done = false;
	all.arena = arena_new();
	all.tables = calloc(n + OWN_TABLES_N, sizeof *all.tables);
	if (all.arena == NULL || all.tables == NULL) {
		err_memory(reterr);
		goto out;
	}
	for (size_t i = 0; i < OWN_TABLES_N; i++)
		add_table(&all, OWN_TABLES[i]);
	for (size_t i = 0; i < n; i++)
		add_table(&all, tables[i]);
	done = read_existing(&all, reterr) && check(&all, reterr) &&
	       find_withheld(&all, reterr) && (!makes || make_missing(&all, reterr));
out:
	free(all.existing);
	free(all.tables);
	arena_free(all.arena);
	return done;
}

bool warehouse_prepare(struct warehouse *warehouse, const struct table *const *tables, size_t n,
		       struct err *reterr)
{
	return prepare(warehouse, tables, n, true, reterr);
}

bool warehouse_fits(struct warehouse *warehouse, const struct table *const *tables, size_t n,
		    struct err *reterr)
{
	return prepare(warehouse, tables, n, false, reterr);
}
