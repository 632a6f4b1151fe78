#include "report/grid.h"

#include "base/bounds.h"
#include "base/stamp.h"

#include <math.h>
#include <stdlib.h>

static bool name_columns(struct arena *arena, const struct result *result, struct grid *ret)
{
	size_t n = result_columns(result);
	const char **names = arena_array(arena, n + 1, sizeof *names);
	enum type *types = arena_array(arena, n + 1, sizeof *types);
	if (names == NULL || types == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		names[i] = arena_text(arena, span_of(result_name(result, i)));
		types[i] = result_type(result, i);
		if (names[i] == NULL)
			return false;
	}
	ret->names = names;
	ret->types = types;
	ret->columns = n;
	return true;
}

/* A cell longer than anybody reads is cut at a whole character. */
static bool keep(struct arena *arena, struct span text, struct span *ret)
{
	if (text.size > GRID_CELL_BYTES_MAX) {
		text.size = GRID_CELL_BYTES_MAX;
		while (text.size > 0 && ((unsigned char)text.at[text.size] & 0xC0) == 0x80)
			text.size--;
	}
	const char *copy = arena_text(arena, text);
	*ret = (struct span){copy, text.size};
	return copy != NULL;
}

static bool read_rows(struct arena *arena, struct result *result, struct grid *grid,
		      struct err *reterr)
{
	struct err end = {0};
	size_t room = 0;
	struct span text;
	while (result_next(result, &end)) {
		if (grid->rows == GRID_ROWS_MAX) {
			grid->cut = true;
			return true;
		}
		if (grid->rows == room) {
			size_t more = room == 0 ? 64 : room * 2;
			struct span *cells =
				arena_array(arena, more * grid->columns, sizeof *cells);
			if (cells == NULL)
				return err_memory(reterr);
			if (room > 0)
				memcpy(cells, grid->cells, room * grid->columns * sizeof *cells);
			grid->cells = cells;
			room = more;
		}
		struct span *row = grid->cells + grid->rows++ * grid->columns;
		for (size_t i = 0; i < grid->columns; i++) {
			if (result_text(result, i, &text) && !keep(arena, text, &row[i]))
				return err_memory(reterr);
		}
	}
	if (end.kind == ERR_NONE)
		return true;
	*reterr = end;
	return false;
}

bool grid_query(struct arena *arena, struct warehouse *warehouse, const char *sql,
		struct grid *ret, struct err *reterr)
{
	struct result *result = NULL;
	*ret = (struct grid){0};
	bool done = warehouse_query(warehouse, sql, false, &result, reterr);
	if (done)
		done = name_columns(arena, result, ret) || err_memory(reterr);
	done = done && read_rows(arena, result, ret, reterr);
	result_free(result);
	return done;
}

struct span grid_cell(const struct grid *grid, size_t row, size_t column)
{
	return grid->cells[row * grid->columns + column];
}

double grid_number(const struct grid *grid, size_t row, size_t column)
{
	struct span cell = grid_cell(grid, row, column);
	char text[64], *end;
	if (cell.at == NULL || cell.size == 0 || cell.size >= sizeof text)
		return NAN;
	memcpy(text, cell.at, cell.size);
	text[cell.size] = '\0';
	double value = strtod(text, &end);
	return *end == '\0' && isfinite(value) ? value : NAN;
}

bool grid_day(const struct grid *grid, size_t row, size_t column, int64_t *ret)
{
	struct span cell = grid_cell(grid, row, column);
	int64_t us;
	cell.size = cell.size > strlen("2026-11-23") ? strlen("2026-11-23") : cell.size;
	if (cell.at == NULL || !stamp_read_date(cell, &us))
		return false;
	*ret = stamp_floor(us, STAMP_DAY) / STAMP_DAY;
	return true;
}
