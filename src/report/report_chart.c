#include "base/bounds.h"
#include "report/reporting.h"

#include <math.h>
#include <stdlib.h>

static void draw(struct report *report, enum chart_kind kind, const struct chart *chart,
		 const struct grid *grid)
{
	if (kind == CHART_LINES)
		chart_lines(&report->html, chart);
	else if (kind == CHART_COLUMNS)
		chart_columns(&report->html, chart);
	else
		chart_bars(&report->html, chart);
	report_table(report, grid, chart->title, false);
	chart_end(&report->html);
}

/* The grid's days in order, each once, and at which of them a row stands (-1: at none). */
static bool list_days(struct arena *arena, const struct grid *grid, int64_t **ret_days,
		      size_t *ret_n, int64_t **ret_at)
{
	int64_t *days = arena_array(arena, grid->rows + 1, sizeof *days);
	int64_t *at = arena_array(arena, grid->rows + 1, sizeof *at);
	size_t n = 0;
	if (days == NULL || at == NULL)
		return false;
	for (size_t i = 0; i < grid->rows; i++) {
		int64_t day;
		at[i] = -1;
		if (!grid_day(grid, i, 0, &day) || (n > 0 && day < days[n - 1]))
			continue; /* the queries order by day */
		if (n == 0 || day > days[n - 1])
			days[n++] = day;
		at[i] = (int64_t)n - 1;
	}
	*ret_days = days;
	*ret_n = n;
	*ret_at = at;
	return true;
}

static double *no_values(struct arena *arena, size_t n)
{
	double *values = arena_array(arena, n + 1, sizeof *values);
	for (size_t i = 0; values != NULL && i < n; i++)
		values[i] = NAN;
	return values;
}

void report_over_days(struct report *report, enum chart_kind kind, struct chart chart,
		      const struct grid *grid, const struct chart_column *columns, size_t n)
{
	struct chart_series series[CHART_SERIES_MAX];
	int64_t *days, *at;
	if (!list_days(report->arena, grid, &days, &chart.n, &at)) {
		report->failed = true;
		return;
	}
	for (size_t i = 0; i < n; i++) {
		double *values = no_values(report->arena, chart.n);
		if (values == NULL) {
			report->failed = true;
			return;
		}
		for (size_t row = 0; row < grid->rows; row++) {
			if (at[row] >= 0)
				values[at[row]] = grid_number(grid, row, columns[i].column);
		}
		series[i] = (struct chart_series){span_of(columns[i].name), values};
	}
	chart.days = days;
	chart.series = series;
	chart.series_n = n;
	draw(report, kind, &chart, grid);
}

void report_bars(struct report *report, struct chart chart, const struct grid *grid,
		 const struct chart_column *columns, size_t n)
{
	struct chart_series series[CHART_SERIES_MAX];
	struct span *labels = arena_array(report->arena, grid->rows + 1, sizeof *labels);
	report->failed |= labels == NULL;
	for (size_t row = 0; labels != NULL && row < grid->rows; row++)
		labels[row] = grid_cell(grid, row, 0);
	for (size_t i = 0; i < n; i++) {
		double *values = no_values(report->arena, grid->rows);
		report->failed |= values == NULL;
		for (size_t row = 0; values != NULL && row < grid->rows; row++)
			values[row] = grid_number(grid, row, columns[i].column);
		series[i] = (struct chart_series){span_of(columns[i].name), values};
	}
	if (report->failed)
		return;
	chart.labels = labels;
	chart.n = grid->rows;
	chart.series = series;
	chart.series_n = n;
	draw(report, CHART_BARS, &chart, grid);
}

/* --- a series a name --- */

struct named {
	struct span name;
	double sum;
	size_t series; /* where it is drawn; CHART_SERIES_MAX: nowhere */
};

static int by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	size_t size = x->name.size < y->name.size ? x->name.size : y->name.size;
	int order = size == 0 ? 0 : memcmp(x->name.at, y->name.at, size);
	return order != 0 ? order : (x->name.size > y->name.size) - (x->name.size < y->name.size);
}

static int by_sum(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	return x->sum != y->sum ? (x->sum < y->sum) - (x->sum > y->sum) : by_name(a, b);
}

/* The names of column 1, each once, sorted by name. */
static struct named *list_names(struct report *report, const struct grid *grid, size_t *ret_n)
{
	struct named *names = arena_array(report->arena, grid->rows + 1, sizeof *names);
	size_t n = 0;
	if (names == NULL) {
		report->failed = true;
		return NULL;
	}
	for (size_t row = 0; row < grid->rows; row++) {
		double value = grid_number(grid, row, 2);
		names[row] = (struct named){grid_cell(grid, row, 1), isnan(value) ? 0 : value, 0};
	}
	qsort(names, grid->rows, sizeof *names, by_name);
	for (size_t i = 0; i < grid->rows; i++) {
		if (n > 0 && by_name(&names[n - 1], &names[i]) == 0)
			names[n - 1].sum += names[i].sum;
		else
			names[n++] = names[i];
	}
	*ret_n = n;
	return names;
}

static void set_series(struct named *names, size_t n, bool add_up, size_t *ret_series)
{
	size_t shown = n <= CHART_SERIES_MAX ? n : CHART_SERIES_MAX - (add_up ? 1 : 0);
	qsort(names, n, sizeof *names, by_sum);
	for (size_t i = 0; i < n; i++)
		names[i].series = i < shown ? i : add_up ? shown : CHART_SERIES_MAX;
	*ret_series = n > shown && add_up ? shown + 1 : shown;
}

void report_by_name(struct report *report, enum chart_kind kind, struct chart chart,
		    const struct grid *grid, bool add_up)
{
	struct chart_series series[CHART_SERIES_MAX];
	double *values[CHART_SERIES_MAX];
	int64_t *days, *at;
	size_t names_n = 0;
	struct named *names = list_names(report, grid, &names_n);
	if (names == NULL || !list_days(report->arena, grid, &days, &chart.n, &at)) {
		report->failed = true;
		return;
	}
	set_series(names, names_n, add_up, &chart.series_n);
	for (size_t i = 0; i < chart.series_n; i++) {
		bool others = names_n > chart.series_n && add_up && i + 1 == chart.series_n;
		values[i] = no_values(report->arena, chart.n);
		report->failed |= values[i] == NULL;
		series[i] = (struct chart_series){others ? SPAN("others") : names[i].name,
						  values[i]};
	}
	qsort(names, names_n, sizeof *names, by_name);
	for (size_t row = 0; !report->failed && row < grid->rows; row++) {
		struct named key = {.name = grid_cell(grid, row, 1)};
		const struct named *found =
			bsearch(&key, names, names_n, sizeof *names, by_name);
		double value = grid_number(grid, row, 2);
		if (at[row] < 0 || found == NULL || found->series >= chart.series_n ||
		    isnan(value))
			continue;
		double *cell = &values[found->series][at[row]];
		*cell = isnan(*cell) ? value : *cell + value;
	}
	if (report->failed)
		return;
	chart.days = days;
	chart.series = series;
	draw(report, kind, &chart, grid);
}
