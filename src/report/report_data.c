/* What the views say: Moveworks' assistant, and the weather. */
#include "base/text.h"
#include "report/reporting.h"

#include <math.h>

static void open_section(struct report *report, const char *title)
{
	buf_addf(report->html.out, "<section>\n<h2>%s</h2>\n", title);
}

static void close_section(struct report *report)
{
	buf_add_text(report->html.out, "</section>\n");
}

static void open_charts(struct report *report)
{
	buf_add_text(report->html.out, "<div class=\"charts\">\n");
}

static void close_charts(struct report *report)
{
	buf_add_text(report->html.out, "</div>\n");
}

static double sum_of(const struct grid *grid, size_t column)
{
	double sum = 0;
	for (size_t i = 0; i < grid->rows; i++) {
		double value = grid_number(grid, i, column);
		sum += isnan(value) ? 0 : value;
	}
	return sum;
}

static void add_tile(struct report *report, const char *name, double value, const char *unit)
{
	char text[32];
	chart_number(value, false, text);
	buf_addf(report->html.out, "<div><dt>%s</dt><dd>%s%s</dd></div>\n", name, text,
		 isnan(value) ? "" : unit);
}

/* Columns of moveworks/daily.sql */
enum { DAY, CONVERSATIONS, INTERACTIONS, ACTIVE, SUCCESS, SUCCESS_RATE };

static void add_tiles(struct report *report, const struct grid *daily)
{
	double conversations = sum_of(daily, CONVERSATIONS), most = NAN;
	double helped = sum_of(daily, SUCCESS), days = (double)daily->rows;
	for (size_t i = 0; i < daily->rows; i++)
		most = fmax(most, grid_number(daily, i, ACTIVE));
	buf_add_text(report->html.out, "<dl class=\"tiles\">\n");
	add_tile(report, "Conversations", conversations, "");
	add_tile(report, "Interactions", sum_of(daily, INTERACTIONS), "");
	add_tile(report, "Active users, average a day",
		 days > 0 ? round(sum_of(daily, ACTIVE) / days * 10) / 10 : NAN, "");
	add_tile(report, "Active users, most in a day", most, "");
	add_tile(report, "Helped by knowledge",
		 conversations > 0 ? round(1000 * helped / conversations) / 10 : NAN, "%");
	buf_add_text(report->html.out, "</dl>\n");
}

static void add_activity(struct report *report)
{
	struct grid daily, grid;
	open_section(report, "Conversations");
	if (report_ask(report, "moveworks", "daily", &daily)) {
		add_tiles(report, &daily);
		open_charts(report);
		report_over_days(
			report, CHART_LINES,
			(struct chart){.title = "Conversations and interactions a day",
				       .about = "How much the assistant is talked to.",
				       .unit = "", .counts = true},
			&daily,
			(const struct chart_column[]){{CONVERSATIONS, "Conversations"},
						      {INTERACTIONS, "Interactions"}}, 2);
		report_over_days(report, CHART_LINES,
				 (struct chart){.title = "Active users a day",
						.about = "People with at least one interaction.",
						.unit = "", .counts = true},
				 &daily,
				 (const struct chart_column[]){{ACTIVE, "Active users"}}, 1);
		close_charts(report);
	}
	open_charts(report);
	if (report_ask(report, "moveworks", "platforms", &grid))
		report_bars(report,
			    (struct chart){.title = "Interactions by platform",
					   .about = "Where people talk to the assistant.",
					   .unit = "", .counts = true,
					   .shares = true},
			    &grid, (const struct chart_column[]){{1, "Interactions"}}, 1);
	if (report_ask(report, "moveworks", "domains", &grid))
		report_bars(report,
			    (struct chart){.title = "Conversations by domain",
					   .about = "What they are about.",
					   .unit = "", .counts = true,
					   .shares = true},
			    &grid, (const struct chart_column[]){{1, "Conversations"}}, 1);
	close_charts(report);
	close_section(report);
}

static void add_knowledge(struct report *report)
{
	struct grid grid;
	open_section(report, "Plugins and knowledge");
	open_charts(report);
	if (report_ask(report, "moveworks", "plugins", &grid))
		report_bars(report,
			    (struct chart){.title = "Plugins: served and used",
					   .about = "How often a plugin's answer was shown, and "
						    "how often it was acted on.",
					   .unit = "", .counts = true},
			    &grid,
			    (const struct chart_column[]){{1, "Served"}, {2, "Used"}}, 2);
	if (report_ask(report, "moveworks", "daily", &grid))
		report_over_days(report, CHART_LINES,
				 (struct chart){.title = "Knowledge success",
						.about = "Share of the day's conversations in "
							 "which a knowledge plugin was used.",
						.unit = "%"},
				 &grid,
				 (const struct chart_column[]){{SUCCESS_RATE, "Success"}}, 1);
	if (report_ask(report, "moveworks", "articles", &grid))
		report_bars(report,
			    (struct chart){.title = "Top articles",
					   .about = "How often an answer cited them.",
					   .unit = "", .counts = true},
			    &grid, (const struct chart_column[]){{1, "Times cited"}}, 1);
	if (report_ask(report, "moveworks", "feedback", &grid))
		report_bars(report,
			    (struct chart){.title = "Feedback",
					   .about = "What users said of all conversations there "
						    "are.",
					   .unit = "", .counts = true,
					   .shares = true},
			    &grid, (const struct chart_column[]){{1, "Conversations"}}, 1);
	close_charts(report);
	close_section(report);
}

static void add_adoption(struct report *report)
{
	struct grid grid;
	open_section(report, "Adoption");
	open_charts(report);
	if (report_ask(report, "moveworks", "adoption", &grid)) {
		report_over_days(report, CHART_LINES,
				 (struct chart){.title = "Adoption rate",
						.about = "Active users of the day among all who "
							 "may use the assistant.",
						.unit = "%"},
				 &grid, (const struct chart_column[]){{1, "Adoption"}}, 1);
		report_over_days(report, CHART_COLUMNS,
				 (struct chart){.title = "New users a day",
						.about = "People whose first interaction it was.",
						.unit = "", .counts = true},
				 &grid, (const struct chart_column[]){{3, "New users"}}, 1);
	}
	close_charts(report);
	close_section(report);
}

static void add_weather(struct report *report)
{
	struct grid grid;
	open_section(report, "Weather");
	open_charts(report);
	if (report_ask(report, "openmeteo", "temperature", &grid))
		report_by_name(report, CHART_LINES,
			       (struct chart){.title = "Mean temperature by location",
					      .about = "Of the day's readings.",
					      .unit = " \xc2\xb0""C"},
			       &grid, false);
	if (report_ask(report, "openmeteo", "latest", &grid))
		report_bars(report,
			    (struct chart){.title = "Latest temperature",
					   .about = "The newest reading of each location.",
					   .unit = " \xc2\xb0""C"},
			    &grid, (const struct chart_column[]){{1, "Temperature"}}, 1);
	close_charts(report);
	close_section(report);
}

static bool shows(const struct report *report, const char *name)
{
	const char *const *connector = report->options->connectors;
	while (*connector != NULL && !report_has(*connector, name))
		connector++;
	return *connector != NULL;
}

void report_data(struct report *report)
{
	if (shows(report, "daily")) {
		add_activity(report);
		add_knowledge(report);
		add_adoption(report);
	}
	if (shows(report, "temperature"))
		add_weather(report);
}
