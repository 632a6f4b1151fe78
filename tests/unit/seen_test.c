/* What `connectors try` proposes for fields that no column names, and what it says of columns
 * whose field never came. */
#include "run/seen.h"

#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

enum { COLUMNS_MAX_HERE = 8 };

/* A table of text columns, each taken from its pointer; they end with NULL. */
struct world {
	struct arena *arena;
	struct column columns[COLUMNS_MAX_HERE];
	struct pointer pointers[COLUMNS_MAX_HERE];
	struct table table;
	struct seen *seen;
};

static void open_world(struct world *w, const char *const *names_and_pointers)
{
	struct err err;
	*w = (struct world){.arena = arena_new()};
	assert_non_null(w->arena);
	for (unsigned i = 0; names_and_pointers[2 * i] != NULL; i++) {
		assert_true(pointer_parse(w->arena, span_of(names_and_pointers[2 * i + 1]),
					  &w->pointers[i], &err));
		w->columns[i] = (struct column){.name = names_and_pointers[2 * i],
						.from = CELL_RECORD,
						.at = {&w->pointers[i], 1}};
		w->table.columns_n = i + 1;
	}
	w->table.columns = w->columns;
	assert_true(seen_new(&w->seen, &w->table, &err));
}

static void close_world(struct world *w)
{
	seen_free(w->seen);
	arena_free(w->arena);
}

static void see(struct world *w, const char *extra)
{
	struct err err;
	if (!seen_extra(w->seen, span_of(extra), &err))
		fail_msg("%s", err.text);
}

static void assert_written(const struct world *w, const char *expected)
{
	struct buf out;
	buf_init(&out, 1 << 20);
	assert_true(seen_write(w->seen, &out));
	assert_string_equal(buf_text(&out), expected);
	buf_done(&out);
}

/* One field alone: what is proposed for it. */
static void assert_proposed(const char *extra, const char *expected)
{
	static const char *const NONE[] = {"ID", "/id", NULL};
	struct world w;
	struct buf out;
	open_world(&w, NONE);
	seen_column(w.seen, 0);
	see(&w, extra);
	buf_init(&out, 1 << 20);
	assert_true(seen_write(w.seen, &out));
	const char *found = strstr(buf_text(&out), "to name them:  ");
	assert_non_null(found);
	found += strlen("to name them:  ");
	if (strncmp(found, expected, strlen(expected)) != 0 || found[strlen(expected)] != '\n')
		fail_msg("%s: expected %s, found %s", extra, expected, found);
	buf_done(&out);
	close_world(&w);
}

static void leftovers_are_named_as_the_manual_shows(void **state)
{
	static const char *const COLUMNS[] = {"ID", "/id", "PRIORITY", "/priority",
					      "PRIORITY_LEVEL", "/priority_level", NULL};
	struct world w;
	(void)state;
	open_world(&w, COLUMNS);
	seen_column(w.seen, 0);
	seen_column(w.seen, 1);
	see(&w, "{\"via\":{\"channel\":\"web\"},\"brand_id\":3,\"due_at\":null}");
	see(&w, "{\"via\":{},\"brand_id\":4,\"due_at\":\"2026-11-20T08:14:02Z\"}");
	assert_written(&w,
		       "in EXTRA, 3 kinds: /via (object)  /brand_id (int)  /due_at (text or null)"
		       "    to name them:  VIA: json, BRAND_ID: text, DUE_AT: timestamp\n"
		       "never seen: PRIORITY_LEVEL (from /priority_level); near names: "
		       "/priority\n");
	close_world(&w);
}

static void the_type_takes_all_that_was_seen(void **state)
{
	(void)state;
	assert_proposed("{\"a\":1}", "A: int");
	assert_proposed("{\"a\":1.5}", "A: float");
	assert_proposed("{\"a\":true}", "A: bool");
	assert_proposed("{\"a\":\"x\"}", "A: text");
	assert_proposed("{\"a\":[]}", "A: json");
	assert_proposed("{\"a\":null}", "A: text");
	assert_proposed("{\"a\":18446744073709551616}", "A: text"); /* no int can hold it */
	assert_proposed("{\"a\":\"2026-11-20T08:14:02+02:00\"}", "A: timestamp");
	assert_proposed("{\"a\":\"2026-11-20\"}", "A: text"); /* a day is no moment */
}

static void kinds_that_differ_from_row_to_row_need_a_wider_type(void **state)
{
	static const char *const NONE[] = {"ID", "/id", NULL};
	struct world w;
	(void)state;
	open_world(&w, NONE);
	seen_column(w.seen, 0);
	see(&w, "{\"a\":1,\"b\":1,\"c\":true,\"d\":{},\"e\":\"2026-11-20T08:14:02Z\"}");
	see(&w, "{\"a\":1.5,\"b\":\"x\",\"c\":0,\"d\":\"x\",\"e\":\"soon\"}");
	assert_written(&w, "in EXTRA, 5 kinds: /a (int or float)  /b (text or int)  "
			   "/c (int or bool)  /d (object or text)  /e (text)    "
			   "to name them:  A: float, B: text, C: json, D: json, E: text\n");
	close_world(&w);
}

/* Numbers that only sound like times or ids are not taken for them, and the other way about. */
static void names_say_what_a_number_means(void **state)
{
	(void)state;
	assert_proposed("{\"owner_id\":7}", "OWNER_ID: text");
	assert_proposed("{\"paid\":7}", "PAID: int");
	assert_proposed("{\"sent_at\":1795132800}", "SENT_AT: { type: timestamp, format: unix }");
	assert_proposed("{\"sent_at\":1795132800123}",
			"SENT_AT: { type: timestamp, format: unix_ms }");
	assert_proposed("{\"sent_at\":17}", "SENT_AT: int");
	assert_proposed("{\"size\":1795132800}", "SIZE: int");
	assert_proposed("{\"closed_at\":null}", "CLOSED_AT: timestamp");
}

/* What a column is called decides where it looks: where that is not the field's place, the place
 * is said. */
static void names_that_are_no_column_names_are_made_into_such(void **state)
{
	(void)state;
	assert_proposed("{\"dueAt\":\"2026-11-20T08:14:02Z\"}",
			"DUE_AT: { type: timestamp, from: /dueAt }");
	assert_proposed("{\"@odata.etag\":\"x\"}",
			"ODATA_ETAG: { type: text, from: /@odata.etag }");
	assert_proposed("{\"2fa\":true}", "N_2FA: { type: bool, from: /2fa }");
	assert_proposed("{\"a b\":1}", "A_B: { type: int, from: \"/a b\" }");
	assert_proposed("{\"a/b~c\":1}", "A_1B_0C: { type: int, from: /a~1b~0c }");
	assert_proposed("{\"ID\":\"x\"}", "ID_2: { type: text, from: /ID }"); /* /id has it */
	assert_proposed("{\"extra\":1}", "EXTRA_2: { type: int, from: /extra }");
	assert_proposed("{\"\xC3\xA4\":1}", "FIELD: { type: int, from: \"/\xC3\xA4\" }");
}

/* Beside a column that looks into an object, what is left of that object is named one by one. */
static void objects_are_opened_where_a_column_looks_into_them(void **state)
{
	static const char *const COLUMNS[] = {"ID", "/id", "AUTHOR", "/user/login", NULL};
	struct world w;
	(void)state;
	open_world(&w, COLUMNS);
	seen_column(w.seen, 0);
	seen_column(w.seen, 1);
	see(&w, "{\"user\":{\"id\":1,\"url\":\"x\"},\"team\":{\"id\":1}}");
	assert_written(&w, "in EXTRA, 3 kinds: /user/id (int)  /user/url (text)  /team (object)    "
			   "to name them:  USER_ID: { type: text, from: /user/id }, "
			   "USER_URL: { type: text, from: /user/url }, TEAM: json\n");
	close_world(&w);
}

/* A value that did not fit its column is in EXTRA under its own name: it has a column already. */
static void rescued_values_are_no_new_fields(void **state)
{
	static const char *const COLUMNS[] = {"ID", "/id", "AT", "/at", NULL};
	struct world w;
	(void)state;
	open_world(&w, COLUMNS);
	seen_column(w.seen, 0);
	seen_column(w.seen, 1);
	see(&w, "{\"at\":\"yesterday\"}");
	assert_written(&w, "");
	close_world(&w);
}

static void near_names_are_those_that_could_have_been_meant(void **state)
{
	static const char *const COLUMNS[] = {"MAIL", "/e_mail", "LOGIN", "/login", "ZEBRA",
					      "/zebra", NULL};
	struct world w;
	(void)state;
	open_world(&w, COLUMNS);
	see(&w, "{\"email\":\"x\",\"user\":{\"login\":\"x\"},\"loginName\":\"x\"}");
	struct buf out;
	buf_init(&out, 1 << 20);
	assert_true(seen_write(w.seen, &out));
	assert_non_null(strstr(buf_text(&out),
			       "never seen: MAIL (from /e_mail); near names: /email\n"));
	assert_non_null(strstr(buf_text(&out),
			       "never seen: LOGIN (from /login); near names: /loginName\n"));
	assert_non_null(strstr(buf_text(&out), "never seen: ZEBRA (from /zebra)\n"));
	buf_done(&out);
	close_world(&w);
}

/* Of no row nothing can be said. */
static void without_a_row_nothing_is_missed(void **state)
{
	static const char *const COLUMNS[] = {"ID", "/id", NULL};
	struct world w;
	(void)state;
	open_world(&w, COLUMNS);
	assert_written(&w, "");
	close_world(&w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(leftovers_are_named_as_the_manual_shows),
		cmocka_unit_test(the_type_takes_all_that_was_seen),
		cmocka_unit_test(kinds_that_differ_from_row_to_row_need_a_wider_type),
		cmocka_unit_test(names_say_what_a_number_means),
		cmocka_unit_test(names_that_are_no_column_names_are_made_into_such),
		cmocka_unit_test(objects_are_opened_where_a_column_looks_into_them),
		cmocka_unit_test(rescued_values_are_no_new_fields),
		cmocka_unit_test(near_names_are_those_that_could_have_been_meant),
		cmocka_unit_test(without_a_row_nothing_is_missed),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
