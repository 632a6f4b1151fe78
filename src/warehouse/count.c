#include "base/json.h"
#include "warehouse/dialect.h"

bool warehouse_count(struct warehouse *warehouse, const char *table, int64_t *ret,
		     struct err *reterr)
{
	struct result *result = NULL;
	struct err why = {0};
	struct span text;
	struct buf sql;

	*ret = -1;
	buf_init(&sql, 4096);
	buf_add_text(&sql, "SELECT COUNT(*) FROM ");
	sql_name(&sql, table);
	bool done = buf_ok(&sql, reterr);
	if (done && warehouse_query(warehouse, buf_text(&sql), false, &result, &why) &&
	    result_next(result, &why) && result_text(result, 0, &text))
		(void)json_whole(text, ret);
	result_free(result);
	buf_done(&sql);
	if (done && why.kind == ERR_MEMORY) {
		*reterr = why;
		return false;
	}
	return done;
}
