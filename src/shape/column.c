#include "shape/column.h"

int table_column(const struct table *table, struct span name)
{
	for (unsigned i = 0; i < table->columns_n; i++) {
		if (span_is(name, table->columns[i].name))
			return (int)i;
	}
	return -1;
}
