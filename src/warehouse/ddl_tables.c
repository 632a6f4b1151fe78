#include "warehouse/ddl.h"

#include "warehouse/warehouse_private.h"

static void end(struct buf *out)
{
	buf_add_text(out, ";\n");
}

static void add_table(struct buf *out, const struct dialect *dialect, const struct table *table)
{
	struct written columns[WRITTEN_MAX];
	size_t n = table_written(table, columns);
	buf_add_char(out, '\n');
	sql_create_table(out, dialect, table, false);
	end(out);
	if (table->comment != NULL) {
		sql_comment_table(out, dialect, table);
		end(out);
	}
	for (size_t i = 0; i < n; i++) {
		if (columns[i].comment == NULL)
			continue;
		sql_comment_column(out, dialect, table->name, &columns[i]);
		end(out);
	}
}

bool ddl_tables(struct buf *out, enum warehouse_kind kind, const struct table *const *tables,
		size_t n, struct err *reterr)
{
	const struct dialect *dialect = dialect_of(kind);
	if (dialect == NULL)
		return err_set(reterr, ERR_USAGE, "this firn was built without that warehouse");
	buf_addf(out, "-- The tables of firn in %s. firn makes them itself when it first loads;\n"
		 "-- this is for whoever wants to make them beforehand, or to read them.\n"
		 "\n-- firn's own: state, windows, runs, files, rejected records.\n",
		 dialect->name);
	for (size_t i = 0; i < OWN_TABLES_N; i++)
		add_table(out, dialect, OWN_TABLES[i]);
	buf_add_text(out, "\n-- What is loaded.\n");
	for (size_t i = 0; i < n; i++)
		add_table(out, dialect, tables[i]);
	return buf_ok(out, reterr);
}
