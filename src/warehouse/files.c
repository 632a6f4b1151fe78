#include "warehouse/files.h"

#include "warehouse/arrow_read.h"
#include "warehouse/warehouse_private.h"

#include <stdio.h>

struct found {
	struct loaded_file *files;
	size_t n;
};

static bool keep_file(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct found *found = user;
	struct span sha256;
	int64_t at = arrow_int(reader, 0, -1);
	if (at < 0 || (size_t)at >= found->n)
		return err_set(reterr, ERR_REMOTE, "FIRN_FILES answered what was not asked");
	struct loaded_file *file = &found->files[at];
	file->loaded = true;
	file->bytes = arrow_int(reader, 1, -1);
	if (arrow_text(reader, 2, &sha256))
		snprintf(file->sha256, sizeof file->sha256, "%.*s", SPAN_ARGS(sha256));
	return true;
}

bool warehouse_files(struct warehouse *warehouse, const char *pipeline, const char *const *keys,
		     size_t n, struct loaded_file *ret, struct err *reterr)
{
	struct found found = {ret, n};
	struct buf *sql = &warehouse->sql;
	const struct dialect *dialect = warehouse->dialect;
	if (n == 0)
		return true;
	buf_add_text(sql, "SELECT asked.i, f.\"BYTES\", f.\"SHA256\" FROM (VALUES ");
	for (size_t i = 0; i < n; i++) {
		ret[i] = (struct loaded_file){.bytes = -1};
		buf_addf(sql, "%s(%zu, ", i == 0 ? "" : ", ", i);
		sql_text(sql, dialect, span_of(keys[i]));
		buf_add_char(sql, ')');
	}
	buf_add_text(sql, ") AS asked (i, k) JOIN ");
	sql_name(sql, "FIRN_FILES");
	buf_add_text(sql, " AS f ON f.\"FILE_KEY\" = asked.k AND f.\"PIPELINE\" = ");
	sql_text(sql, dialect, span_of(pipeline));
	return warehouse_each(warehouse, keep_file, &found, reterr);
}
