/* Prints the SQL of all built-in views, for tests that run it:
 *
 *   view_sql [--snowflake] [--prefix P] [--timezone Z] [--list NAME=VALUE]... [--empty NAME]...
 *            [--append TABLE]... [--report]
 *
 * Four texts a view, each with a NUL behind it: name, comment, tables (a blank behind each), SQL.
 * With --report the queries of `firn report` instead, as CONNECTOR/NAME.
 * Of an appended table the key is ID and the newest LAST_UPDATED_AT, as in all of Moveworks'. */
#include "base/bounds.h"
#include "warehouse/views.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OPTIONS_MAX = 64 };

struct request {
	enum warehouse_kind kind;
	struct view_options options;
	struct view_list lists[OPTIONS_MAX];
	const char *values[OPTIONS_MAX][OPTIONS_MAX];
	struct table tables[OPTIONS_MAX];
	const struct table *told[OPTIONS_MAX];
	char names[OPTIONS_MAX][256];
	bool report;
};

static const struct column COLUMNS[] = {
	{.name = "ID", .type = TYPE_TEXT},
	{.name = "LAST_UPDATED_AT", .type = TYPE_TIMESTAMP},
};
static const unsigned KEY[] = {0};

static _Noreturn void fail(const char *text)
{
	fprintf(stderr, "view_sql: %s\n", text);
	exit(1);
}

/* The list's values, by its name; made where it is not there yet. */
static size_t find_list(struct request *request, const char *name, size_t size)
{
	size_t i = 0, n = request->options.lists_n;
	while (i < n && (strlen(request->lists[i].name) != size ||
			 memcmp(request->lists[i].name, name, size) != 0))
		i++;
	if (i == OPTIONS_MAX || size >= sizeof request->names[0])
		fail("too many lists, or too long a name");
	if (i == n) {
		memcpy(request->names[i], name, size);
		request->lists[i] = (struct view_list){request->names[i], request->values[i], 0};
		request->options.lists_n++;
	}
	return i;
}

static void add_value(struct request *request, const char *option)
{
	const char *equals = strchr(option, '=');
	if (equals == NULL)
		fail("--list NAME=VALUE");
	size_t i = find_list(request, option, (size_t)(equals - option));
	if (request->lists[i].n == OPTIONS_MAX)
		fail("too many values");
	request->values[i][request->lists[i].n++] = equals + 1;
}

static void add_table(struct request *request, const char *name)
{
	size_t n = request->options.tables_n++;
	if (n == OPTIONS_MAX)
		fail("too many tables");
	request->tables[n] = (struct table){.name = name, .columns = COLUMNS, .columns_n = 2,
		.key = KEY, .key_n = 1, .newest = 1, .append = true, .has_extra = true};
	request->told[n] = &request->tables[n];
}

static void read_options(struct request *request, int n, char **args)
{
	for (int i = 1; i < n; i++) {
		const char *name = args[i];
		if (strcmp(name, "--snowflake") == 0) {
			request->kind = WAREHOUSE_SNOWFLAKE;
			continue;
		}
		if (strcmp(name, "--report") == 0) {
			request->report = true;
			continue;
		}
		if (++i == n)
			fail("an option without its value, or an unknown one");
		if (strcmp(name, "--prefix") == 0)
			request->options.prefix = args[i];
		else if (strcmp(name, "--timezone") == 0)
			request->options.timezone = args[i];
		else if (strcmp(name, "--list") == 0)
			add_value(request, args[i]);
		else if (strcmp(name, "--empty") == 0)
			find_list(request, args[i], strlen(args[i]));
		else if (strcmp(name, "--append") == 0)
			add_table(request, args[i]);
		else
			fail("unknown option");
	}
}

static void print_table(void *user, struct span table)
{
	(void)user;
	printf("%.*s ", SPAN_ARGS(table));
}

static void print_view(const struct request *request, const struct builtin_view *built)
{
	struct view view = {built->name, built->text, NULL};
	struct span comment = view_comment(built->text);
	struct err err;
	struct buf sql;
	buf_init(&sql, SQL_BYTES_MAX);
	if (request->report)
		printf("%s/", built->connector);
	printf("%s%c%.*s%c", built->name, 0, SPAN_ARGS(comment), 0);
	if (!view_tables(&view, print_table, NULL, &err) ||
	    !view_sql(&view, request->kind, &request->options, &sql, &err))
		fail(err.text);
	printf("%c%s%c", 0, buf_text(&sql), 0);
	buf_done(&sql);
}

int main(int n, char **args)
{
	struct request request = {.options = {.prefix = "", .timezone = "UTC"}};
	request.options.lists = request.lists;
	request.options.tables = request.told;
	read_options(&request, n, args);
	const struct builtin_view *built = request.report ? BUILTIN_REPORTS : BUILTIN_VIEWS;
	for (; built->connector != NULL; built++)
		print_view(&request, built);
	return fflush(stdout) == 0 && !ferror(stdout) ? 0 : 1;
}
