#include "report/validate.h"

#include "base/bounds.h"
#include "base/stamp.h"
#include "base/text.h"
#include "report/orphan.h"
#include "report/validating.h"
#include "warehouse/views.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { DETAIL_BYTES_MAX = 4096, REASONS_SHOWN_MAX = 20 };

void validate_add(struct validating *v, enum verdict verdict, const char *check,
		  const char *table, const char *stream, int64_t value, const char *format, ...)
{
	char detail[DETAIL_BYTES_MAX];
	va_list args;
	va_start(args, format);
	vsnprintf(detail, sizeof detail, format, args);
	va_end(args);
	if (v->n == v->room) {
		size_t room = v->room * 2 + 64;
		struct item *more = realloc(v->items, room * sizeof *more);
		if (more == NULL) {
			v->failed = true;
			return;
		}
		v->items = more;
		v->room = room;
	}
	const char *copy = arena_text(v->arena, span_of(detail));
	const char *name = arena_text(v->arena, span_of(table));
	const char *of = stream == NULL ? NULL : arena_text(v->arena, span_of(stream));
	v->failed |= copy == NULL || name == NULL || (stream != NULL && of == NULL);
	v->items[v->n++] = (struct item){verdict, check, name, of, value, copy};
	v->result->warned += verdict == VERDICT_WARN;
	v->result->failed += verdict == VERDICT_FAIL;
}

/* --- a table --- */

static void add_age(const struct validating *v, int64_t us, char *out, size_t room)
{
	char at[STAMP_TEXT_BYTES], age[32];
	if (us == STAMP_NONE) {
		snprintf(out, room, "none");
		return;
	}
	stamp_write_short(us, at);
	text_write_duration(age, sizeof age, stamp_floor(v->options->now_us - us, STAMP_SECOND));
	snprintf(out, room, "%s (%s ago)", at, age);
}

static void tell_facts(struct validating *v, const struct validate_stream *stream,
		       const struct table_facts *facts)
{
	const struct table *table = stream->table;
	char rows[32], newest[128], loaded[128];
	text_write_count(rows, sizeof rows, facts->rows);
	validate_add(v, facts->rows > 0 ? VERDICT_OK : VERDICT_WARN, "rows", table->name,
		     stream->name, facts->rows, "%s row%s", rows, facts->rows == 1 ? "" : "s");
	if (facts->rows > 0) {
		add_age(v, facts->last_us, newest, sizeof newest);
		add_age(v, facts->loaded_us, loaded, sizeof loaded);
		validate_add(v, VERDICT_OK, "freshness", table->name, stream->name, NO_VALUE,
			     "newest row of %s, last written %s", newest, loaded);
	}
	if (facts->doubled > 0)
		validate_add(v, VERDICT_FAIL, "duplicate keys", table->name, stream->name,
			     facts->doubled, "%lld keys come more than once, %lld rows too many",
			     (long long)facts->doubled, (long long)facts->surplus);
	else
		validate_add(v, VERDICT_OK, "duplicate keys", table->name, stream->name, 0, "none");
	if (facts->null_keys > 0)
		validate_add(v, VERDICT_FAIL, "NULL keys", table->name, stream->name,
			     facts->null_keys, "%lld rows without a key",
			     (long long)facts->null_keys);
	else
		validate_add(v, VERDICT_OK, "NULL keys", table->name, stream->name, 0, "none");
	if (facts->extra > 0)
		validate_add(v, VERDICT_OK, "extra", table->name, stream->name, facts->extra,
			     "%lld rows hold something that no column names or takes",
			     (long long)facts->extra);
	else
		validate_add(v, VERDICT_OK, "extra", table->name, stream->name, 0, "none");
}

static bool look_at_table(struct validating *v, size_t i, struct err *reterr)
{
	const struct validate_stream *stream = &v->options->streams[i];
	const struct table *table = stream->table;
	struct looked *looked = &v->looked[i];
	struct table_shape shape;
	if (!checks_shape(v->options->warehouse, table, &shape, reterr))
		return false;
	looked->whole = shape.there && !shape.view && shape.missing[0] == '\0' &&
			shape.differs[0] == '\0';
	if (looked->whole)
		return checks_facts(v->options->warehouse, table, &looked->facts, reterr);
	if (!stream->selected)
		return true;
	if (!shape.there)
		validate_add(v, VERDICT_WARN, "rows", table->name, stream->name, NO_VALUE,
			     "there is no such table yet: nothing was loaded");
	else if (shape.view)
		validate_add(v, VERDICT_FAIL, "table", table->name, stream->name, NO_VALUE,
			     "a view has the table's name");
	else if (shape.differs[0] != '\0')
		validate_add(v, VERDICT_FAIL, "table", table->name, stream->name, NO_VALUE,
			     "other types than firn writes (firn ddl --migrate changes them): %s",
			     shape.differs);
	else
		validate_add(v, VERDICT_WARN, "table", table->name, stream->name, NO_VALUE,
			     "the next load adds %s; nothing more was checked", shape.missing);
	return true;
}

/* --- references --- */

static void tell_orphans(struct validating *v, const struct validate_stream *from,
			 const struct column *column, const struct table *to,
			 const struct orphans *found)
{
	char old[96] = "";
	if (found->values == 0) {
		validate_add(v, VERDICT_OK, "orphans", from->table->name, from->name, 0,
			     "every %s is in %s", column->name, to->name);
		return;
	}
	if (found->old > 0)
		snprintf(old, sizeof old, ", %lld of them for more than %d days",
			 (long long)found->old, ORPHAN_DAYS_MAX);
	validate_add(v, found->old > 0 ? VERDICT_FAIL : VERDICT_WARN, "orphans",
		     from->table->name, from->name, found->values,
		     "%lld values of %s have no row in %s%s", (long long)found->values,
		     column->name, to->name, old);
}

static bool look_for_orphans(struct validating *v, size_t i, const struct orphan_stream *names,
			     struct err *reterr)
{
	const struct validate_options *options = v->options;
	const struct validate_stream *from = &options->streams[i];
	for (unsigned k = 0; k < from->table->columns_n; k++) {
		int at = orphan_target(names, options->streams_n, i, k);
		struct orphans found;
		if (at < 0 || !v->looked[at].whole)
			continue;
		int64_t first_us = v->looked[at].facts.first_us;
		struct orphan_question question = {
			.from = from->table,
			.column = k,
			.to = options->streams[at].table,
			.loaded_before_us = options->now_us - ORPHAN_DAYS_MAX * STAMP_DAY,
			.stamped_after_us = first_us == STAMP_NONE
						    ? STAMP_MIN
						    : first_us + ORPHAN_DAYS_MAX * STAMP_DAY,
		};
		if (!checks_orphans(options->warehouse, &question, &found, reterr))
			return false;
		tell_orphans(v, from, &from->table->columns[k], question.to, &found);
	}
	return true;
}

/* --- records that could not be taken --- */

struct reasons {
	struct validating *v;
	int64_t more, more_records;
	size_t n;
};

static void tell_rejected(void *user, const struct rejected *rejected)
{
	struct reasons *reasons = user;
	struct validating *v = reasons->v;
	const struct validate_stream *stream = NULL;
	for (size_t i = 0; i < v->options->streams_n; i++) {
		if (strcmp(v->options->streams[i].name, rejected->stream) != 0)
			continue;
		stream = &v->options->streams[i];
		v->looked[i].rejected += rejected->records;
	}
	if (stream == NULL || !stream->selected)
		return;
	if (reasons->n++ >= REASONS_SHOWN_MAX) {
		reasons->more++;
		reasons->more_records += rejected->records;
		return;
	}
	char newest[STAMP_TEXT_BYTES] = "?";
	if (rejected->newest_us != STAMP_NONE)
		stamp_write_short(rejected->newest_us, newest);
	validate_add(v, VERDICT_WARN, "rejected", FIRN_REJECTED.name, stream->name,
		     rejected->records, "%s: %lld record%s, last %s: %.1000s", stream->name,
		     (long long)rejected->records, rejected->records == 1 ? "" : "s", newest,
		     rejected->reason);
}

static bool look_at_rejected(struct validating *v, struct err *reterr)
{
	struct reasons reasons = {.v = v};
	struct table_shape shape;
	if (!checks_shape(v->options->warehouse, &FIRN_REJECTED, &shape, reterr))
		return false;
	if (shape.there && !checks_rejected(v->options->warehouse, v->options->pipeline,
					    tell_rejected, &reasons, reterr))
		return false;
	if (reasons.n == 0)
		validate_add(v, VERDICT_OK, "rejected", FIRN_REJECTED.name, NULL, 0, "none");
	if (reasons.more > 0)
		validate_add(v, VERDICT_WARN, "rejected", FIRN_REJECTED.name, NULL,
			     reasons.more_records, "%lld further reasons",
			     (long long)reasons.more);
	return true;
}

/* --- values that did not fit --- */

struct rescues {
	struct validating *v;
	size_t n;
};

static void tell_rescued(void *user, const struct rescued *rescued)
{
	struct rescues *rescues = user;
	struct validating *v = rescues->v;
	char newest[STAMP_TEXT_BYTES] = "?";
	bool selected = false;
	for (size_t i = 0; i < v->options->streams_n; i++)
		selected |= v->options->streams[i].selected &&
			    strcmp(v->options->streams[i].name, rescued->stream) == 0;
	if (!selected)
		return;
	rescues->n++;
	if (rescued->newest_us != STAMP_NONE)
		stamp_write_short(rescued->newest_us, newest);
	validate_add(v, VERDICT_WARN, "rescued", FIRN_RUNS.name, rescued->stream, rescued->rows,
		     "%s: %lld row%s with values that did not fit their column (they are in "
		     "EXTRA), in %lld run%s, last %s",
		     rescued->stream, (long long)rescued->rows, rescued->rows == 1 ? "" : "s",
		     (long long)rescued->runs, rescued->runs == 1 ? "" : "s", newest);
}

static bool look_at_rescued(struct validating *v, struct err *reterr)
{
	struct rescues rescues = {.v = v};
	struct table_shape shape;
	if (!checks_shape(v->options->warehouse, &FIRN_RUNS, &shape, reterr))
		return false;
	if (shape.there && !checks_rescued(v->options->warehouse, v->options->pipeline,
					   tell_rescued, &rescues, reterr))
		return false;
	if (rescues.n == 0)
		validate_add(v, VERDICT_OK, "rescued", FIRN_RUNS.name, NULL, 0, "none");
	return true;
}

/* --- views --- */

struct view_names {
	struct arena *arena;
	const char **at;
	size_t n, room;
	bool failed;
};

static void keep_view(void *user, const char *name)
{
	struct view_names *names = user;
	if (names->n == names->room) {
		size_t room = names->room * 2 + 32;
		const char **more = realloc(names->at, room * sizeof *more);
		names->failed |= more == NULL;
		if (more == NULL)
			return;
		names->at = more;
		names->room = room;
	}
	names->at[names->n] = arena_text(names->arena, span_of(name));
	names->failed |= names->at[names->n] == NULL;
	names->n += names->at[names->n] != NULL;
}

struct needs {
	const struct validating *v;
	bool missing; /* a table that the view reads */
};

static void need_table(void *user, struct span table)
{
	struct needs *needs = user;
	const struct validate_options *options = needs->v->options;
	size_t prefix = strlen(options->view_options->prefix);
	for (size_t i = 0; i < options->streams_n; i++) {
		const char *name = options->streams[i].table->name;
		if (strlen(name) >= prefix && span_is(table, name + prefix)) {
			needs->missing |= !needs->v->looked[i].whole;
			return;
		}
	}
	needs->missing = true;
}

static bool look_at_view(struct validating *v, const struct view *view,
			 const struct view_names *names, struct err *reterr)
{
	const struct validate_options *options = v->options;
	struct needs needs = {.v = v};
	struct err why = {0};
	int64_t rows;
	bool there = false;
	char *name = arena_printf(v->arena, "%s%s", options->view_options->prefix, view->name);
	if (name == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < names->n; i++)
		there |= text_same_nocase(span_of(names->at[i]), span_of(name));
	if (!view_tables(view, need_table, &needs, reterr))
		return false;
	if (!there && needs.missing)
		return true; /* it is made once its tables are there */
	if (!there) {
		validate_add(v, VERDICT_FAIL, "view", name, NULL, NO_VALUE,
			     "it is not there: firn views makes it");
		return true;
	}
	if (checks_view(options->warehouse, name, &rows, &why))
		validate_add(v, VERDICT_OK, "view", name, NULL, rows, "runs, %lld row%s",
			     (long long)rows, rows == 1 ? "" : "s");
	else if (why.kind == ERR_MEMORY)
		return err_memory(reterr);
	else
		validate_add(v, VERDICT_FAIL, "view", name, NULL, NO_VALUE, "%s", why.text);
	return true;
}

static bool look_at_views(struct validating *v, struct err *reterr)
{
	const struct validate_options *options = v->options;
	struct view_names names = {.arena = v->arena};
	if (options->views_n == 0)
		return true;
	bool done = checks_views(options->warehouse, keep_view, &names, reterr);
	if (done && names.failed)
		done = err_memory(reterr);
	for (size_t i = 0; i < options->views_n && done; i++)
		done = look_at_view(v, &options->views[i], &names, reterr);
	free(names.at);
	return done;
}

/* --- the whole --- */

static bool look(struct validating *v, struct err *reterr)
{
	const struct validate_options *options = v->options;
	size_t n = options->streams_n;
	struct orphan_stream *names = arena_array(v->arena, n, sizeof *names);
	v->looked = arena_array(v->arena, n, sizeof *v->looked);
	if (names == NULL || v->looked == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < n; i++) {
		names[i] = (struct orphan_stream){options->streams[i].name,
						  options->streams[i].table};
		if (!look_at_table(v, i, reterr))
			return false;
	}
	/* First of all: how many were rejected explains what is missing elsewhere. */
	if (!look_at_rejected(v, reterr) || !look_at_rescued(v, reterr))
		return false;
	for (size_t i = 0; i < n; i++) {
		if (!options->streams[i].selected || !v->looked[i].whole)
			continue;
		tell_facts(v, &options->streams[i], &v->looked[i].facts);
		if (!validate_time(v, i, reterr) || !look_for_orphans(v, i, names, reterr))
			return false;
	}
	return look_at_views(v, reterr);
}

bool validate_run(const struct validate_options *options, struct validate_result *ret,
		  struct err *reterr)
{
	struct validating v = {.options = options, .result = ret, .arena = arena_new()};
	*ret = (struct validate_result){0};
	if (v.arena == NULL)
		return err_memory(reterr);
	bool done = warehouse_read_state(options->warehouse, options->pipeline, &v.state, reterr) &&
		    look(&v, reterr);
	if (done && v.failed)
		done = err_memory(reterr);
	done = done && validate_print(&v, reterr);
	if (v.state.arena != NULL)
		state_done(&v.state);
	free(v.items);
	arena_free(v.arena);
	return done;
}
