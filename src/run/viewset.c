#include "run/viewset.h"

#include "base/text.h"
#include "warehouse/views.h"

#include <stdio.h>

enum { LISTS_MAX = 30 }; /* that the views of all connectors together may ask for */

/* What a user wrote for a list, or NULL. */
static const struct config_list *configured(const struct config *config, struct span name)
{
	for (size_t i = 0; i < config->lists_n; i++) {
		if (span_is(name, config->lists[i].name))
			return &config->lists[i];
	}
	return NULL;
}

static bool read_list(struct setup *setup, const struct yaml *name, const struct yaml *value,
		      struct view_list *ret, struct err *reterr)
{
	const struct config_list *given = configured(setup->config, name->text);
	if (given != NULL) {
		*ret = (struct view_list){name->text.at, given->values, given->n};
		return true;
	}
	const char **values = arena_array(setup->arena, value->n + 1, sizeof *values);
	if (values == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < value->n; i++)
		values[i] = value->children[i].text.at;
	*ret = (struct view_list){name->text.at, values, value->n};
	return true;
}

/* Every list that the user wrote must be one of the connector's. */
static bool check_names(const struct setup *setup, const struct view_list *lists, size_t n,
			struct err *reterr)
{
	const struct config *config = setup->config;
	const char *known[32] = {"timezone"};
	for (size_t i = 0; i < n && i < LISTS_MAX; i++)
		known[i + 1] = lists[i].name;
	for (size_t i = 0; i < config->lists_n; i++) {
		bool found = false;
		for (size_t k = 0; k < n; k++)
			found |= strcmp(config->lists[i].name, lists[k].name) == 0;
		if (found)
			continue;
		const char *near = text_nearest(config->lists[i].name, known);
		return err_set(reterr, ERR_USAGE, "%s:%d:%d: unknown key \"%s\" under views%s%s%s",
			       config->file, config->lists[i].line, config->lists[i].column,
			       config->lists[i].name, near == NULL ? "" : "; did you mean ",
			       near == NULL ? "" : near, near == NULL ? "" : "?");
	}
	return true;
}

/* Adds the lists of one connector's settings. */
static bool add_lists(struct setup *setup, const struct builtin_view *settings,
		      struct view_list *lists, size_t *n, struct err *reterr)
{
	struct yaml *root;
	if (!yaml_read(setup->arena, settings->text, "views settings", &root, reterr))
		return false;
	for (size_t i = 0; i < root->n && *n < LISTS_MAX; i++) {
		if (!read_list(setup, &root->names[i], &root->children[i], &lists[(*n)++], reterr))
			return false;
	}
	return true;
}

static bool read_lists(struct setup *setup, struct viewset *set, struct err *reterr)
{
	struct view_list *lists = arena_array(setup->arena, LISTS_MAX, sizeof *lists);
	if (lists == NULL)
		return err_memory(reterr);
	for (size_t i = 0; BUILTIN_VIEW_SETTINGS[i].connector != NULL; i++) {
		if (setup_has_connector(setup, BUILTIN_VIEW_SETTINGS[i].connector) &&
		    !add_lists(setup, &BUILTIN_VIEW_SETTINGS[i], lists, &set->options.lists_n,
			       reterr))
			return false;
	}
	set->options.lists = lists;
	return check_names(setup, set->options.lists, set->options.lists_n, reterr);
}

/* The first column that the view reads and nobody may have, NULL: none. "LAST_UPDATED_AT" in
 * quotes anywhere in the text: views quote every column. */
static const char *excluded_in(const struct setup *setup, const struct builtin_view *view)
{
	char quoted[300];
	for (size_t i = 0; i < setup->streams_n; i++) {
		const struct planned *planned = &setup->streams[i];
		char table[300];
		snprintf(table, sizeof table, "{table %s}", planned->stream->table);
		if (!text_holds_nocase(view->text, span_of(table)))
			continue;
		for (unsigned k = 0; k < planned->table->columns_n; k++) {
			const struct column *column = &planned->table->columns[k];
			snprintf(quoted, sizeof quoted, "\"%s\"", column->name);
			if (column->excluded && text_holds_nocase(view->text, span_of(quoted)))
				return column->name;
		}
	}
	return NULL;
}

static bool leave_out(struct setup *setup, struct viewset *set, const char *view,
		      const char *column)
{
	char *line = arena_printf(setup->arena, "%s%s is not made: it reads %s, which "
				  "source.streams excludes", set->options.prefix, view, column);
	if (line != NULL)
		set->left_out[set->left_out_n++] = line;
	return line != NULL;
}

bool viewset_make(struct setup *setup, struct viewset *ret, struct err *reterr)
{
	size_t n = 0;
	*ret = (struct viewset){.options = {
		.prefix = setup->config->table_prefix,
		.timezone = setup->config->timezone,
		.tables = setup->tables,
		.tables_n = setup->streams_n,
	}};
	if (!read_lists(setup, ret, reterr))
		return false;
	while (BUILTIN_VIEWS[n].connector != NULL)
		n++;
	ret->views = arena_array(setup->arena, n, sizeof *ret->views);
	ret->left_out = arena_array(setup->arena, n, sizeof *ret->left_out);
	if (ret->views == NULL || ret->left_out == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < n; i++) {
		const struct builtin_view *view = &BUILTIN_VIEWS[i];
		if (!setup_has_connector(setup, view->connector))
			continue;
		const char *excluded = excluded_in(setup, view);
		if (excluded != NULL) {
			if (!leave_out(setup, ret, view->name, excluded))
				return err_memory(reterr);
			continue;
		}
		struct span comment = view_comment(view->text);
		ret->views[ret->n++] = (struct view){view->name, view->text,
						     arena_text(setup->arena, comment)};
	}
	return true;
}
