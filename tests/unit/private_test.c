/* Excluded and hashed columns reach no place in the clear: not their column, not EXTRA, not a
 * JSON column around them, not a rejected record, not a message. */
#include "unit/shape_case.h"

static const struct want PEOPLE[] = {
	{.name = "ID", .type = TYPE_TEXT, .at = "/id", .flags = "k"},
	{.name = "EMAIL", .type = TYPE_TEXT, .at = "/email /mail", .flags = "x"},
	{.name = "NAME", .type = TYPE_TEXT, .at = "/name", .flags = "h"},
	{.name = "AGE", .type = TYPE_INT, .at = "/age", .flags = "h"},
	{.name = "N", .type = TYPE_INT, .at = "/n"},
	{0},
};

/* JSON around what is private. */
static const struct want AROUND[] = {
	{.name = "ID", .type = TYPE_TEXT, .at = "/id", .flags = "k"},
	{.name = "EMAIL", .type = TYPE_TEXT, .at = "/user/email", .flags = "x"},
	{.name = "NAME", .type = TYPE_TEXT, .at = "/user/name", .flags = "h"},
	{.name = "FIRST", .type = TYPE_TEXT, .at = "/list/0", .flags = "x"},
	{.name = "SECOND", .type = TYPE_TEXT, .at = "/list/1", .flags = "h"},
	{.name = "USER", .type = TYPE_JSON, .at = "/user"},
	{.name = "LIST", .type = TYPE_JSON, .at = "/list"},
	{.name = "RECORD", .type = TYPE_JSON, .at = "ALL"},
	{0},
};

/* `pattern` with every <words> in it replaced by the hash of the words. */
static const char *hashed(const char *pattern)
{
	static char text[4000];
	size_t n = 0;
	while (*pattern != '\0' && n < sizeof text - 70) {
		const char *end = *pattern == '<' ? strchr(pattern, '>') : NULL;
		unsigned char mac[SHA256_BYTES];
		if (end == NULL) {
			text[n++] = *pattern++;
			continue;
		}
		struct span words = {pattern + 1, (size_t)(end - pattern - 1)};
		assert_true(digest_hmac_sha256(HASH_KEY, words, mac));
		for (size_t i = 0; i < SHA256_BYTES; i++)
			n += (size_t)snprintf(text + n, 3, "%02x", mac[i]);
		pattern = end + 1;
	}
	text[n] = '\0';
	return text;
}

struct pair {
	const char *json, *row;
};

static void all(const struct want *wants, const struct pair *pairs)
{
	struct shape s;
	shape_open(&s, wants, NULL);
	for (; pairs->json != NULL; pairs++)
		shapes(&s, pairs->json, hashed(pairs->row));
	shape_close(&s);
}

static void columns_are_absent_or_hashed(void **state)
{
	(void)state;
	all(PEOPLE, (const struct pair[]){
		{"{\"id\":\"1\",\"email\":\"a@b\",\"name\":\"Ann\",\"age\":30}",
		 "ID=1 NAME=<Ann> AGE=<30>"},
		{"{\"id\":\"1\",\"mail\":\"a@b\",\"email\":\"c@d\"}", "ID=1"},
		{"{\"id\":\"1\",\"name\":\"\"}", "ID=1 NAME=<>"},
		{"{\"id\":\"1\",\"email\":null,\"name\":null}", "ID=1"},
		{"{\"id\":\"1\",\"name\":18446744073709551615}",
		 "ID=1 NAME=<18446744073709551615>"}, {NULL, NULL}});
}

static void a_misfit_is_dropped_or_hashed_in_extra_too(void **state)
{
	(void)state;
	all(PEOPLE, (const struct pair[]){
		{"{\"id\":\"1\",\"email\":{\"x\":\"a@b\"},\"new\":1}", "ID=1 EXTRA={\"new\":1}"},
		{"{\"id\":\"1\",\"name\":{\"first\":\"Ann\"}}",
		 "ID=1 EXTRA={\"name\":\"<{\"first\":\"Ann\"}>\"} rescued 1"},
		{"{\"id\":\"1\",\"name\":true}", "ID=1 EXTRA={\"name\":\"<true>\"} rescued 1"},
		{"{\"id\":\"1\",\"age\":\"thirty\"}",
		 "ID=1 EXTRA={\"age\":\"<thirty>\"} rescued 1"}, {NULL, NULL}});
}

static void no_message_shows_what_is_private(void **state)
{
	struct shape s;
	(void)state;
	shape_open(&s, PEOPLE, NULL);
	shape_text(&s, "{\"id\":\"1\",\"age\":\"thirty\"}");
	assert_string_equal(s.report.rescue, "AGE: expected a whole number");
	shape_text(&s, "{\"id\":\"1\",\"name\":{\"first\":\"Ann\"}}");
	assert_string_equal(s.report.rescue, "NAME: expected text or a number");
	shape_close(&s);
	shape_open(&s, (const struct want[]){
		{.name = "ID", .type = TYPE_TEXT, .at = "/id", .flags = "k"},
		{.name = "USER", .type = TYPE_TEXT, .at = "/user", .flags = "r"},
		{.name = "EMAIL", .type = TYPE_TEXT, .at = "/user/email", .flags = "x"}, {0}},
		   NULL);
	shape_text(&s, "{\"id\":\"1\",\"user\":{\"email\":\"a@b\",\"x\":1}}");
	assert_string_equal(s.report.rescue, "USER: expected text or a number, found {\"x\":1}");
	assert_string_equal(s.report.reason, "USER: expected text or a number, found {\"x\":1}; "
					     "USER is required and has no value");
	shape_close(&s);
}

static void json_columns_around_hold_it_neither(void **state)
{
	(void)state;
	all(AROUND, (const struct pair[]){
		{"{\"id\":\"1\",\"user\":{\"email\":\"a@b\",\"name\":\"Ann\",\"x\":[1]},\"y\":2}",
		 "ID=1 NAME=<Ann> USER={\"name\":\"<Ann>\",\"x\":[1]} "
		 "RECORD={\"id\":\"1\",\"user\":{\"name\":\"<Ann>\",\"x\":[1]},\"y\":2}"},
		{"{\"id\":\"1\",\"list\":[\"a\",\"b\",\"c\"]}",
		 "ID=1 SECOND=<b> LIST=[null,\"<b>\",\"c\"] "
		 "RECORD={\"id\":\"1\",\"list\":[null,\"<b>\",\"c\"]}"},
		{"{\"id\":\"1\",\"user\":\"root\"}",
		 "ID=1 USER=\"root\" RECORD={\"id\":\"1\",\"user\":\"root\"}"},
		{"{\"id\":\"1\",\"user\":{\"name\":null}}",
		 "ID=1 USER={\"name\":null} RECORD={\"id\":\"1\",\"user\":{\"name\":null}}"},
		{"{\"id\":\"1\",\"user\":null}", "ID=1 RECORD={\"id\":\"1\",\"user\":null}"},
		{NULL, NULL}});
}

static void of_equal_names_none_slips_through(void **state)
{
	(void)state;
	all(AROUND, (const struct pair[]){
		{"{\"id\":\"1\",\"user\":{\"email\":\"a@b\",\"x\":1,\"email\":\"c@d\"}}",
		 "ID=1 USER={\"x\":1} RECORD={\"id\":\"1\",\"user\":{\"x\":1}}"},
		{"{\"id\":\"1\",\"user\":{\"name\":\"Ann\"},"
		 "\"user\":{\"name\":\"Bob\",\"email\":1}}",
		 "ID=1 NAME=<Bob> USER={\"name\":\"<Bob>\"} "
		 "RECORD={\"id\":\"1\",\"user\":{\"name\":\"<Bob>\"}}"}, {NULL, NULL}});
	/* Names are what they are once they are clean. */
	all(PEOPLE, (const struct pair[]){
		{"{\"id\":\"1\",\"email\\u0000\":\"a@b\",\"na\\u0000me\":\"Ann\"}",
		 "ID=1 NAME=<Ann> rescued 2"}, {NULL, NULL}});
}

static void a_name_in_other_letters_is_as_private(void **state)
{
	(void)state;
	all(PEOPLE, (const struct pair[]){
		{"{\"id\":\"1\",\"Email\":\"a@b\",\"NAME\":\"Ann\",\"new\":1,\"N\":2}",
		 "ID=1 EXTRA={\"NAME\":\"<Ann>\",\"new\":1,\"N\":2}"},
		{"{\"Email\":\"a@b\",\"n\":1}",
		 "rejected: ID is the key and has no value | {\"n\":1}"}, {NULL, NULL}});
	all(AROUND, (const struct pair[]){
		{"{\"id\":\"1\",\"user\":{\"EMAIL\":\"a@b\",\"x\":1}}",
		 "ID=1 USER={\"x\":1} RECORD={\"id\":\"1\",\"user\":{\"x\":1}}"}, {NULL, NULL}});
}

static void a_rejected_record_is_kept_without_its_private_fields(void **state)
{
	(void)state;
	all(PEOPLE, (const struct pair[]){
		{"{\"email\":\"a@b\",\"mail\":\"c@d\",\"name\":\"Ann\",\"age\":{\"x\":1},\"n\":1}",
		 "rejected: ID is the key and has no value | {\"n\":1}"},
		{"\"a@b\"", "rejected: the record is not an object"},
		{"[\"a@b\"]", "rejected: the record is not an object"}, {NULL, NULL}});
	all(AROUND, (const struct pair[]){
		{"{\"user\":{\"email\":\"a@b\",\"name\":\"Ann\",\"x\":1},\"list\":[\"a\",\"b\",3]}",
		 "rejected: ID is the key and has no value | "
		 "{\"user\":{\"x\":1},\"list\":[null,null,3]}"}, {NULL, NULL}});
}

static void an_excluded_whole_leaves_only_named_columns(void **state)
{
	(void)state;
	all((const struct want[]){{.name = "ID", .type = TYPE_TEXT, .at = "/id", .flags = "k"},
				  {.name = "RAW", .type = TYPE_JSON, .at = "ALL", .flags = "x"},
				  {.name = "N", .type = TYPE_INT, .at = "/n"}, {0}},
	    (const struct pair[]){
		{"{\"id\":\"1\",\"n\":2,\"secret\":3}", "ID=1 N=2"},
		{"{\"id\":\"1\",\"n\":\"two\",\"secret\":3}",
		 "ID=1 EXTRA={\"n\":\"two\"} rescued 1"},
		{"{\"n\":2,\"secret\":3}", "rejected: ID is the key and has no value"},
		{NULL, NULL}});
}

static void fixed_and_digest_columns_are_private_too(void **state)
{
	struct shape s;
	(void)state;
	shape_open(&s, (const struct want[]){
		{.name = "ID", .type = TYPE_TEXT, .at = "#/a /b", .flags = "kh"},
		{.name = "WHO", .type = TYPE_TEXT, .flags = "h"},
		{.name = "WHERE_FROM", .type = TYPE_TEXT, .flags = "x"},
		{.name = "COUNT", .type = TYPE_INT, .flags = "h"}, {0}}, NULL);
	s.fixed[1] = (struct fixed_cell){.kind = FIXED_TEXT, .text = SPAN("acme")};
	s.fixed[2] = (struct fixed_cell){.kind = FIXED_TEXT, .text = SPAN("here")};
	s.fixed[3] = (struct fixed_cell){.kind = FIXED_NUMBER, .text = SPAN("x")};
	char hex[SHA256_HEX + 1];
	assert_true(digest_sha256_hex(SPAN("1:x2:12"), hex));
	char expected[300];
	snprintf(expected, sizeof expected,
		 "ID=<%.32s> WHO=<acme> COUNT=<x> EXTRA={\"a\":\"x\",\"b\":12}", hex);
	shapes(&s, "{\"a\":\"x\",\"b\":12}", hashed(expected));
	shape_close(&s);
}

static void refused(const struct want *wants, struct span hash_key, const char *message)
{
	struct shape s;
	struct shaper *shaper = NULL;
	struct err err = {0};
	make_table(&s, wants, NULL);
	if (shaper_new(&shaper, &s.table, hash_key, &err))
		fail_msg("taken; expected %s", message);
	assert_int_equal(err.kind, ERR_USAGE);
	assert_string_equal(err.text, message);
	assert_null(shaper);
	buf_done(&s.text);
	arena_free(s.arena);
}

static void what_cannot_be_private_is_refused_before_anything_is_asked(void **state)
{
	struct span none = {NULL, 0};
	(void)state;
	refused((const struct want[]){{.name = "ID", .at = "/id", .flags = "kx"}, {0}}, HASH_KEY,
		"t: ID cannot be excluded: rows are told apart by it");
	refused((const struct want[]){{.name = "ID", .at = "/id", .flags = "k"},
				      {.name = "AT", .at = "/at", .flags = "nx"}, {0}}, HASH_KEY,
		"t: AT cannot be excluded: it says which row is newer");
	refused((const struct want[]){{.name = "ID", .at = "/id", .flags = "k"},
				      {.name = "AT", .at = "/at", .flags = "nh"}, {0}}, HASH_KEY,
		"t: AT cannot be hashed: it says which row is newer");
	refused((const struct want[]){{.name = "ID", .at = "/id", .flags = "k"},
				      {.name = "AT", .at = "/at", .flags = "cx"}, {0}}, HASH_KEY,
		"t: AT cannot be excluded: windows are cut by it");
	refused((const struct want[]){{.name = "ID", .at = "/id", .flags = "kh"}, {0}}, none,
		"t: hashing ID needs source.hash_key");
	refused((const struct want[]){{.name = "ID", .at = "/id", .flags = "k"},
				      {.name = "MAIL", .at = "/m /email", .flags = "h"},
				      {.name = "CONTACT", .at = "/email"}, {0}}, HASH_KEY,
		"t: CONTACT is taken from the same place as MAIL; hash it too");
	refused((const struct want[]){{.name = "ID", .at = "/id", .flags = "k"},
				      {.name = "MAIL", .at = "/email", .flags = "x"},
				      {.name = "CONTACT", .at = "/c /email", .flags = "h"}, {0}},
		HASH_KEY, "t: CONTACT is taken from the same place as MAIL; exclude it too");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(columns_are_absent_or_hashed),
		cmocka_unit_test(a_misfit_is_dropped_or_hashed_in_extra_too),
		cmocka_unit_test(no_message_shows_what_is_private),
		cmocka_unit_test(json_columns_around_hold_it_neither),
		cmocka_unit_test(of_equal_names_none_slips_through),
		cmocka_unit_test(a_name_in_other_letters_is_as_private),
		cmocka_unit_test(a_rejected_record_is_kept_without_its_private_fields),
		cmocka_unit_test(an_excluded_whole_leaves_only_named_columns),
		cmocka_unit_test(fixed_and_digest_columns_are_private_too),
		cmocka_unit_test(what_cannot_be_private_is_refused_before_anything_is_asked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
