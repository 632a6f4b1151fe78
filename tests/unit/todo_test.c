/* Which windows of which streams a command asks for: what came since the watermark, history,
 * what the source no longer has, lists and their elements. No request is made. */
#include "run/flow.h"

#include "base/stamp.h"

#include "rest_case.h"
#include "screen.h"

#include <string.h>

#include <cmocka.h>

/* Times are hours since a midnight; it is six in the morning ten days later. */
#define HOUR STAMP_HOUR
#define ZERO (INT64_C(20000) * STAMP_DAY) /* 2024-10-04 */
enum { NOW_H = 246 };

#define ASK "    path: /p\n    paging: none\n    key: [ID]\n" \
	    "    columns: { ID: text, AT: timestamp }\n"
#define SLICED "    query: { a: '{window.from}', b: '{window.until}' }\n"

static const char STREAMS[] = REST_HEAD
	"settings:\n  places: { type: list, fields: { id: { type: text, required: true } } }\n"
	"streams:\n"
	"  sliced:\n" ASK SLICED "    keeps: 3d\n"
	"    window: { column: AT, format: iso, step: 1d, lookback: 12h }\n"
	"  settling:\n" ASK SLICED
	"    window: { column: AT, format: iso, step: 1d, lookback: 0s, settle: 2h }\n"
	"  days:\n" ASK "    query: { a: '{window.from}', b: '{window.last}' }\n"
	"    window: { column: AT, format: YYYY-MM-DD, step: 2d, lookback: 12h, settle: 8h }\n"
	"  since:\n" ASK "    query: { a: '{window.from}' }\n    keeps: 3d\n"
	"    window: { column: AT, format: iso, lookback: 1h }\n"
	"  ever:\n" ASK "    query: { a: '{window.from}' }\n"
	"    window: { column: AT, format: iso, lookback: 1h }\n"
	"  list:\n    path: /l\n    paging: none\n    keeps: 3d\n    key: [ID]\n"
	"    columns: { ID: text }\n"
	"  child:\n    path: '/l/{parent.ID}'\n    for_each: list\n    paging: none\n"
	"    key: [ID]\n    columns: { ID: text }\n"
	"  told:\n    rows: settings.places\n    key: [ID]\n"
	"    columns: { ID: { type: text, value: '{item.id}' } }\n"
	"  places:\n    path: /w\n    paging: none\n    key: [ID]\n"
	"    query: { p: '{item.id}', a: '{window.from}', b: '{window.until}' }\n"
	"    columns: { ID: text, AT: timestamp }\n    keeps: 3d\n"
	"    repeat: { over: settings.places, id: [id], batch: 2 }\n"
	"    window: { column: AT, format: iso, step: 10d, lookback: 0s }\n";

enum { LANES_MAX = 3 };

struct plan {
	struct rest_case c;
	struct config config;
	struct setup setup;
	struct load_options options;
	struct load_result result;
	struct load load;
	struct lane lanes[LANES_MAX];
	struct buf text;
	struct screen screen;
	const char *said; /* by the last todo_plan */
};

/* --- help --- */

static int begin(void **state)
{
	struct plan *plan = calloc(1, sizeof *plan);
	struct err why = {0}, err = {0};
	assert_non_null(plan);
	rest_read(&plan->c, STREAMS, "places: [{ id: a }, { id: b/b }, { id: c }]\n");
	plan->config.lookback_us = -1;
	assert_true(secrets_new(&plan->config.secrets, ".", &err));
	plan->setup.config = &plan->config;
	plan->setup.connector = plan->c.connector;
	plan->setup.settings = plan->c.settings;
	/* There is no copy, and none is written. */
	assert_true(local_open(&plan->setup.local, "no-such-folder", "p", "d", &why, &err));
	plan->load = (struct load){.options = &plan->options, .setup = &plan->setup, .lanes =
				   plan->lanes, .now_us = ZERO + NOW_H * HOUR, .result =
				   &plan->result};
	struct log_options log = {.pipeline = "p", .screen_level = LOG_INFO};
	assert_true(log_open(&plan->load.log, &log, &err));
	buf_init(&plan->text, MIB);
	*state = plan;
	return 0;
}

static void forget(struct plan *plan)
{
	for (size_t i = 0; i < plan->load.lanes_n; i++) {
		struct lane *lane = &plan->lanes[i];
		while (lane->queue != NULL) {
			struct task *next = lane->queue->next;
			task_free(lane->queue);
			lane->queue = next;
		}
	}
	plan->load.lanes_n = 0;
}

static int end(void **state)
{
	struct plan *plan = *state;
	forget(plan);
	log_close(plan->load.log);
	local_close(plan->setup.local);
	secrets_free(plan->config.secrets);
	rest_end(&plan->c);
	buf_done(&plan->text);
	free(plan);
	return 0;
}

static struct local_part *part_of(struct plan *plan, const char *stream, const char *part)
{
	struct local_part *found = local_part(plan->setup.local, stream, part);
	assert_non_null(found);
	return found;
}

static void loaded_until(struct plan *plan, const char *stream, const char *part, int hour)
{
	part_of(plan, stream, part)->watermark_us = ZERO + hour * HOUR;
}

static void complete(struct plan *plan, const char *stream, const char *part, int from, int until)
{
	struct interval range = {ZERO + from * HOUR, ZERO + until * HOUR};
	assert_true(intervals_add(&part_of(plan, stream, part)->complete, range, &plan->c.err));
}

static void history(struct plan *plan, int from, int until)
{
	plan->options.initial = true;
	plan->options.from_us = ZERO + from * HOUR;
	plan->options.until_us = ZERO + until * HOUR;
}

static void add_moment(struct buf *out, int64_t us)
{
	if (us != WINDOW_OPEN)
		buf_addf(out, "%lld", us == 0 ? 0 : (long long)((us - ZERO) / HOUR));
	assert_true(us == WINDOW_OPEN || us == 0 || (us - ZERO) % HOUR == 0);
}

static void add_task(struct buf *out, const struct task *task)
{
	buf_add_text(out, out->size > 0 ? " " : "");
	for (size_t i = 0; i < task->elements_n; i++)
		buf_add_char(out, "abc"[task->element + i]);
	buf_add_text(out, task->elements_n > 0 ? ":" : "");
	if (task->window.from_us < task->window.until_us) {
		add_moment(out, task->window.from_us);
		buf_add_text(out, "..");
		add_moment(out, task->window.until_us);
	} else {
		buf_add_text(out, "all");
	}
	buf_add_text(out, task->completes ? "!" : "");
}

/* "0..24! 24..30": the windows of the last of `streams`, in their order; ! where they will be
 * complete. With the elements in front, "ab:0..24!". */
static const char *asked(struct plan *plan, const char *streams)
{
	struct lane *last = NULL;
	struct err err = {0};
	forget(plan);
	for (struct span left = span_of(streams), name; left.size > 0;) {
		const char *comma = memchr(left.at, ',', left.size);
		char text[32];
		size_t size = comma == NULL ? left.size : (size_t)(comma - left.at);
		name = (struct span){left.at, size};
		snprintf(text, sizeof text, "%.*s", SPAN_ARGS(name));
		last = &plan->lanes[plan->load.lanes_n++];
		*last = (struct lane){.stream = connector_stream(plan->c.connector, text),
				      .load = &plan->load,
				      .run = {.window_from_us = STAMP_NONE,
					      .window_until_us = STAMP_NONE}};
		assert_non_null(last->stream);
		size_t used = name.size + (comma != NULL);
		left = (struct span){left.at + used, left.size - used};
	}
	screen_begin(&plan->screen);
	bool done = todo_plan(&plan->load, &err);
	plan->said = screen_end(&plan->screen);
	if (!done)
		return "error";
	buf_clear(&plan->text);
	size_t n = 0;
	for (const struct task *task = last->queue; task != NULL; task = task->next, n++)
		add_task(&plan->text, task);
	assert_int_equal(last->tasks_total, n);
	return last->failed ? "failed" : buf_text(&plan->text);
}

#define PLANS(plan, streams, expected) assert_string_equal(asked(plan, streams), expected)
#define SAYS(plan, expected) assert_string_equal((plan)->said, expected)

/* --- what came since --- */

static void a_run_asks_from_the_watermark_less_the_lookback_until_now(void **state)
{
	struct plan *plan = *state;
	loaded_until(plan, "sliced", "", 228);
	/* Cut at midnights; each window that has an end is complete with its last row. */
	PLANS(plan, "sliced", "216..240! 240..246!");
	SAYS(plan, "");
	assert_int_equal(plan->lanes[0].run.window_from_us, ZERO + 216 * HOUR);
	assert_int_equal(plan->lanes[0].run.window_until_us, ZERO + 246 * HOUR);
	plan->config.lookback_us = HOUR; /* the configuration's goes before the connector's */
	PLANS(plan, "sliced", "227..240! 240..246!");
	plan->config.lookback_us = 0;
	PLANS(plan, "sliced", "228..240! 240..246!");
}

/* The lookback may have been complete before: it is there to read again. */
static void a_run_reads_complete_windows_again(void **state)
{
	struct plan *plan = *state;
	loaded_until(plan, "sliced", "", 246);
	complete(plan, "sliced", "", 192, 246);
	PLANS(plan, "sliced", "234..240! 240..246!");
}

static void the_first_run_begins_where_the_source_s_retention_does(void **state)
{
	struct plan *plan = *state;
	PLANS(plan, "sliced", "174..192! 192..216! 216..240! 240..246!");
	assert_int_equal(plan->lanes[0].queue->oldest_us, ZERO + 174 * HOUR);
	PLANS(plan, "since", "174..!");
	SAYS(plan, "");
}

static void without_a_retention_the_first_run_asks_for_all_or_for_a_beginning(void **state)
{
	struct plan *plan = *state;
	PLANS(plan, "ever", "0..!");
	assert_int_equal(plan->lanes[0].queue->window.from_us, 0); /* of 1970 */
	PLANS(plan, "settling", "failed");
	SAYS(plan, "error: [settling] settling: nothing was loaded yet and the source keeps its "
	     "history for ever: begin with firn initial-load --from DATE --to DATE\n");
}

static void a_stream_that_cannot_begin_keeps_no_other_from_beginning(void **state)
{
	struct plan *plan = *state;
	PLANS(plan, "settling,list", "all!");
	assert_true(plan->lanes[0].failed);
	assert_null(plan->lanes[0].queue);
}

static void no_window_reaches_nearer_to_now_than_it_takes_to_settle(void **state)
{
	struct plan *plan = *state;
	loaded_until(plan, "settling", "", 230);
	PLANS(plan, "settling", "230..240! 240..244!");
	loaded_until(plan, "settling", "", 244);
	PLANS(plan, "settling", ""); /* nothing has settled since */
	/* Days are whole ones: at six less eight hours yesterday has not settled. */
	loaded_until(plan, "days", "", 200);
	PLANS(plan, "days", "168..192! 192..216!");
}

static void a_stream_without_an_end_is_one_question(void **state)
{
	struct plan *plan = *state;
	loaded_until(plan, "since", "", 200);
	PLANS(plan, "since", "199..!");
	loaded_until(plan, "since", "", 174);
	PLANS(plan, "since", "174..!"); /* the lookback does not reach behind the retention */
}

static void what_the_source_no_longer_has_is_told_kept_and_passed_over(void **state)
{
	struct plan *plan = *state;
	const struct local *local = plan->setup.local;
	loaded_until(plan, "sliced", "", 100);
	PLANS(plan, "sliced", "174..192! 192..216! 216..240! 240..246!");
	SAYS(plan, "warning: [sliced] the source keeps 3d: what came between 2024-10-08 04:00:00 "
	     "and 2024-10-11 06:00:00 can no longer be fetched\n");
	assert_int_equal(local->findings_n, 1);
	assert_int_equal(local->findings[0].kind, FINDING_LOST);
	assert_string_equal(local->findings[0].stream, "sliced");
	assert_int_equal(local->findings[0].from_us, ZERO + 100 * HOUR);
	assert_int_equal(local->findings[0].until_us, ZERO + 174 * HOUR);
	assert_int_equal(part_of(plan, "sliced", "")->watermark_us, ZERO + 174 * HOUR);
	/* Told once: the watermark does not wait for it. */
	PLANS(plan, "sliced", "174..192! 192..216! 216..240! 240..246!");
	SAYS(plan, "");
	assert_int_equal(local->findings_n, 1);
}

/* --- history --- */

static void history_is_asked_for_by_steps_from_its_first_moment(void **state)
{
	struct plan *plan = *state;
	history(plan, 180, 240);
	PLANS(plan, "sliced", "180..204! 204..228! 228..240!");
	history(plan, 192, 264);
	/* Today is not over: it is read, but not complete. What lies ahead is not asked for. */
	PLANS(plan, "sliced", "192..216! 216..240! 240..264");
	history(plan, 216, 312);
	PLANS(plan, "sliced", "216..240! 240..264");
	PLANS(plan, "settling", "216..240! 240..244");
	history(plan, 180, 240);
	PLANS(plan, "since", "180..!");
}

static void complete_history_is_asked_for_again_only_where_that_is_wanted(void **state)
{
	struct plan *plan = *state;
	history(plan, 192, 264);
	complete(plan, "sliced", "", 180, 230);
	PLANS(plan, "sliced", "216..240! 240..264");
	SAYS(plan, "[sliced] 1 windows are complete already (--again loads them anew)\n");
	complete(plan, "sliced", "", 230, 264);
	/* Of what is not over nothing can have been complete: it is asked for. */
	PLANS(plan, "sliced", "240..264");
	plan->options.again = true;
	PLANS(plan, "sliced", "192..216! 216..240! 240..264");
	SAYS(plan, "");
}

static void the_limit_of_a_source_is_told_once_for_all_that_it_keeps_equally_long(void **state)
{
	struct plan *plan = *state;
	history(plan, 0, 48);
	PLANS(plan, "sliced,since,settling", "0..24! 24..48!");
	SAYS(plan, "warning: the source keeps 3d: before 2024-10-11 06:00:00 it has nothing to "
	     "give\n");
	/* The day on which the retention ends is asked for like every other. */
	history(plan, 168, 192);
	PLANS(plan, "sliced", "168..192!");
	SAYS(plan, "");
}

/* --- lists and elements --- */

static void a_list_is_read_whole_by_every_command(void **state)
{
	struct plan *plan = *state;
	PLANS(plan, "list", "all!");
	history(plan, 0, 48);
	PLANS(plan, "list", "all!");
	SAYS(plan, ""); /* it is asked for no time before the limit */
	assert_int_equal(plan->lanes[0].run.window_from_us, STAMP_NONE);
}

static void rows_of_settings_and_of_a_parent_are_not_asked_for_by_windows(void **state)
{
	struct plan *plan = *state;
	PLANS(plan, "told", "");
	assert_false(plan->lanes[0].failed);
	forget(plan);
	plan->load.lanes_n = 2;
	plan->lanes[0] = (struct lane){.stream = connector_stream(plan->c.connector, "list"),
				       .load = &plan->load};
	plan->lanes[1] = (struct lane){.stream = connector_stream(plan->c.connector, "child"),
				       .load = &plan->load, .parent = &plan->lanes[0]};
	assert_true(todo_plan(&plan->load, &plan->c.err));
	assert_int_equal(plan->lanes[0].tasks_total, 1);
	assert_int_equal(plan->lanes[1].tasks_total, 0);
}

static void neighbours_that_need_the_same_go_together(void **state)
{
	struct plan *plan = *state;
	PLANS(plan, "places", "ab:174..240! ab:240..246! c:174..240! c:240..246!");
	/* b is further than a: they cannot ask together; b and c neither. */
	loaded_until(plan, "places", "b%2Fb", 241);
	PLANS(plan, "places", "a:174..240! a:240..246! b:241..246! c:174..240! c:240..246!");
	loaded_until(plan, "places", "c", 241);
	PLANS(plan, "places", "a:174..240! a:240..246! bc:241..246!");
}

static void a_batch_is_complete_when_all_its_elements_are(void **state)
{
	struct plan *plan = *state;
	history(plan, 192, 240);
	complete(plan, "places", "a", 192, 240);
	complete(plan, "places", "c", 192, 240);
	PLANS(plan, "places", "ab:192..240!");
	complete(plan, "places", "b%2Fb", 192, 240);
	PLANS(plan, "places", "");
	SAYS(plan, "[places] 2 windows are complete already (--again loads them anew)\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_run_asks_from_the_watermark_less_the_lookback_until_now),
		TEST(a_run_reads_complete_windows_again),
		TEST(the_first_run_begins_where_the_source_s_retention_does),
		TEST(without_a_retention_the_first_run_asks_for_all_or_for_a_beginning),
		TEST(a_stream_that_cannot_begin_keeps_no_other_from_beginning),
		TEST(no_window_reaches_nearer_to_now_than_it_takes_to_settle),
		TEST(a_stream_without_an_end_is_one_question),
		TEST(what_the_source_no_longer_has_is_told_kept_and_passed_over),
		TEST(history_is_asked_for_by_steps_from_its_first_moment),
		TEST(complete_history_is_asked_for_again_only_where_that_is_wanted),
		TEST(the_limit_of_a_source_is_told_once_for_all_that_it_keeps_equally_long),
		TEST(a_list_is_read_whole_by_every_command),
		TEST(rows_of_settings_and_of_a_parent_are_not_asked_for_by_windows),
		TEST(neighbours_that_need_the_same_go_together),
		TEST(a_batch_is_complete_when_all_its_elements_are),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
