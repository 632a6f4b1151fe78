/* Which column refers to which table: by its name alone. */
#include "report/orphan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

#include <cmocka.h>

static const unsigned FIRST[] = {0};
static const unsigned FIRST_TWO[] = {0, 1};

/* A stream whose key is ID and whose only other column is `column`. */
struct one {
	struct column columns[2];
	struct table table;
};

static struct one make(const char *column)
{
	struct one one = {.columns = {{.name = "ID", .type = TYPE_TEXT},
				      {.name = column, .type = TYPE_TEXT}}};
	one.table = (struct table){.columns_n = 2, .key = FIRST, .key_n = 1};
	return one;
}

/* What the column of a stream `things` refers to among these streams (of `things` too). */
static void assert_refers(const char *column, const char *target)
{
	static const char *const NAMES[] = {"things", "conversations", "interactions",
					    "plugin-calls", "calls", "users", "issues",
					    "repositories", "addresses", "boxes", "keys",
					    "batches"};
	enum { N = sizeof NAMES / sizeof NAMES[0] };
	struct orphan_stream streams[N];
	struct one ones[N];
	for (size_t i = 0; i < N; i++) {
		ones[i] = make(i == 0 ? column : "X");
		ones[i].table.columns = ones[i].columns;
		streams[i] = (struct orphan_stream){NAMES[i], &ones[i].table};
	}
	int found = orphan_target(streams, N, 0, 1);
	const char *name = found < 0 ? NULL : NAMES[found];
	if ((name == NULL) != (target == NULL) || (name != NULL && strcmp(name, target) != 0))
		fail_msg("%s: expected %s, found %s", column, target == NULL ? "nothing" : target,
			 name == NULL ? "nothing" : name);
}

static void a_singular_before_id_names_its_stream(void **state)
{
	(void)state;
	assert_refers("CONVERSATION_ID", "conversations");
	assert_refers("USER_ID", "users");
	assert_refers("ISSUE_ID", "issues");
	assert_refers("THING_ID", "things"); /* also its own */
}

static void a_word_in_front_is_looked_past(void **state)
{
	(void)state;
	assert_refers("PARENT_INTERACTION_ID", "interactions");
	assert_refers("CREATED_BY_USER_ID", "users");
}

/* PLUGIN_CALL_ID is no id of a call where there are plugin-calls. */
static void the_longest_name_counts(void **state)
{
	(void)state;
	assert_refers("PLUGIN_CALL_ID", "plugin-calls");
	assert_refers("OTHER_PLUGIN_CALL_ID", "plugin-calls");
	assert_refers("PHONE_CALL_ID", "calls");
}

static void plurals_follow_english(void **state)
{
	(void)state;
	assert_refers("REPOSITORY_ID", "repositories");
	assert_refers("ADDRESS_ID", "addresses");
	assert_refers("BOX_ID", "boxes");
	assert_refers("KEY_ID", "keys");
	assert_refers("BATCH_ID", "batches");
}

static void other_columns_refer_to_nothing(void **state)
{
	(void)state;
	assert_refers("ID", NULL);
	assert_refers("_ID", NULL);
	assert_refers("USERS_ID", NULL);
	assert_refers("USER", NULL);
	assert_refers("USER_IDS", NULL);
	assert_refers("RESOURCE_ID", NULL);
	assert_refers("USERID", NULL);
	assert_refers("ABUSER_ID", NULL);
}

/* What cannot be compared is not: keys of two columns, other types, hidden values. */
static void only_what_can_be_compared_is(void **state)
{
	struct one from = make("USER_ID"), to = make("X");
	struct orphan_stream streams[] = {{"things", &from.table}, {"users", &to.table}};
	(void)state;
	from.table.columns = from.columns;
	to.table.columns = to.columns;
	assert_int_equal(orphan_target(streams, 2, 0, 1), 1);

	to.table.key = FIRST_TWO;
	to.table.key_n = 2;
	assert_int_equal(orphan_target(streams, 2, 0, 1), -1);
	to.table.key_n = 1;

	to.columns[0].type = TYPE_INT;
	assert_int_equal(orphan_target(streams, 2, 0, 1), -1);
	to.columns[0].type = TYPE_TEXT;

	from.columns[1].excluded = true;
	assert_int_equal(orphan_target(streams, 2, 0, 1), -1);
	from.columns[1].excluded = false;

	from.columns[1].hashed = true;
	assert_int_equal(orphan_target(streams, 2, 0, 1), -1);
	to.columns[0].hashed = true; /* equal values have equal digests */
	assert_int_equal(orphan_target(streams, 2, 0, 1), 1);
}

/* TICKET_ID, the key of tickets, does not refer to itself. */
static void a_key_is_no_reference_to_its_own_table(void **state)
{
	struct column columns[] = {{.name = "TICKET_ID", .type = TYPE_TEXT}};
	struct table table = {.columns = columns, .columns_n = 1, .key = FIRST, .key_n = 1};
	struct orphan_stream streams[] = {{"tickets", &table}};
	(void)state;
	assert_int_equal(orphan_target(streams, 1, 0, 0), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_singular_before_id_names_its_stream),
		cmocka_unit_test(a_word_in_front_is_looked_past),
		cmocka_unit_test(the_longest_name_counts),
		cmocka_unit_test(plurals_follow_english),
		cmocka_unit_test(other_columns_refer_to_nothing),
		cmocka_unit_test(only_what_can_be_compared_is),
		cmocka_unit_test(a_key_is_no_reference_to_its_own_table),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
