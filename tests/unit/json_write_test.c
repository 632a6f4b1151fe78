/* Writing JSON: as little as JSON allows, of equal names the last, never a part for the whole.
 * Linked with --wrap for malloc, calloc and realloc. */
#include "json_check.h"

#include "fault_memory.h"

#include <stdio.h>
#include <stdlib.h>

/* --- writing --- */
static void texts_are_escaped_as_little_as_json_allows(void **state)
{
	(void)state;
	assert_written(SPAN("[\"\\u0022 \\\\ \\/ \\b\\f\\n\\r\\t \\u0001\\u001f\\u007f \\u00e4\"]"),
		       "[\"\\\" \\\\ / \\b\\f\\n\\r\\t \\u0001\\u001f\x7F \xC3\xA4\"]", 0);
	assert_written(SPAN(" { \"a\" : [ 1 , { } , [ ] , null , true , false ] } "),
		       "{\"a\":[1,{},[],null,true,false]}", 0);
}

/* Escapes at every place of a word, and a text longer than the piece that is written at once. */
static void an_escape_is_found_wherever_it_stands(void **state)
{
	(void)state;
	for (size_t size = 1; size < 40; size++) {
		for (size_t at = 0; at < size; at++) {
			for (const char *c = "\"\\\n\x01\x1F"; *c != '\0'; c++) {
				struct buf out;
				char *text = malloc(size);
				memset(text, at % 2 == 0 ? '\xA4' : 'a', size);
				text[at] = *c;
				buf_init(&out, KIB);
				assert_true(json_add_text(&out, (struct span){text, size}));
				assert_int_equal(buf_text(&out)[1 + at], '\\');
				assert_int_equal(out.size, size + (*c == 1 || *c == 31 ? 7 : 3));
				size_t behind = size - at - 1;
				assert_memory_equal(out.data + 1, text, at);
				assert_memory_equal(out.data + out.size - 1 - behind,
						    text + at + 1, behind);
				buf_done(&out);
				free(text);
			}
		}
	}
}

static void long_texts_come_back_whole(void **state)
{
	static char text[20000];
	struct buf out;
	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(1 + (i * i) % 127);
	buf_init(&out, MIB);
	assert_true(json_add_text(&out, (struct span){text, sizeof text}));
	struct json_doc *doc = parse(buf_span(&out));
	assert_int_equal(json_text(json_root(doc)).size, sizeof text);
	assert_memory_equal(json_text(json_root(doc)).at, text, sizeof text);
	json_free(doc);
	buf_done(&out);
}

/* A cell that fits exactly must not be refused for the room that its escapes could have taken. */
static void a_buffer_of_the_exact_size_is_enough(void **state)
{
	struct json_doc *doc = parse(SPAN("{\"list\":[1.50,true,\"x\"],\"name\":\"a\\nb\"}"));
	static const char EXPECTED[] = "{\"list\":[1.50,true,\"x\"],\"name\":\"a\\nb\"}";
	(void)state;
	for (size_t max = 0; max <= sizeof EXPECTED; max++) {
		struct buf out;
		buf_init(&out, max);
		bool done = json_write(&out, json_root(doc), NULL);
		assert_int_equal(done, max >= sizeof EXPECTED - 1);
		assert_int_equal(out.failed, !done);
		assert_string_equal(buf_text(&out), done ? EXPECTED : "");
		buf_done(&out);
	}
	json_free(doc);
}

static void of_equal_names_the_last_one_counts(void **state)
{
	struct json_doc *doc = parse(SPAN("{\"a\":1,\"b\":2,\"a\":3}"));
	(void)state;
	assert_true(span_is(json_digits(json_member(json_root(doc), SPAN("a"))), "3"));
	assert_true(span_is(json_digits(point(json_root(doc), "/a", true)), "3"));
	json_free(doc);
	assert_written(SPAN("{\"a\":1,\"b\":2,\"a\":3}"), "{\"b\":2,\"a\":3}", 0);
	assert_written(SPAN("{\"a\":1,\"\\u0061\":2}"), "{\"a\":2}", 0);
	assert_written(SPAN("{\"a\":{\"x\":1,\"x\":2},\"a\":{\"y\":[],\"y\":{}}}"),
		       "{\"a\":{\"y\":{}}}", 0);
	assert_written(SPAN("{\"\":1,\"\":2}"), "{\"\":2}", 0);
}

/* Names that are the same once they are clean would be equal in the warehouse. */
static void names_that_cleaning_makes_equal_are_equal(void **state)
{
	(void)state;
	assert_written(SPAN("{\"a\":1,\"a\\u0000\":2}"), "{\"a\":2}", 1);
	assert_written(SPAN("{\"\xFE\":1,\"\xFF\":2,\"b\":3}"), "{\"" FFFD "\":2,\"b\":3}", 1);
}

/* Small objects, those at the border to the other way, and a large one, which must not take
 * time by the square: a hundred thousand members compared pair by pair would need minutes. */
static void equal_names_are_found_in_objects_of_any_size(void **state)
{
	static const int SIZES[] = {2, 30, 63, 64, 65, 1000, 100000};
	(void)state;
	for (size_t i = 0; i < sizeof SIZES / sizeof SIZES[0]; i++) {
		struct buf text, expected, out;
		buf_init(&text, 10 * MIB);
		buf_init(&expected, 10 * MIB);
		buf_init(&out, 10 * MIB);
		buf_add_char(&text, '{');
		buf_add_char(&expected, '{');
		for (int n = 0; n < SIZES[i]; n++) {
			/* the first name comes once more at the end */
			const char *comma = n == 0 ? "" : ",";
			int name = n == SIZES[i] - 1 ? 0 : n;
			buf_addf(&text, "%s\"member_%d\":%d", comma, name, n);
			if (n > 0)
				buf_addf(&expected, "%s\"member_%d\":%d",
					 n == 1 ? "" : ",", name, n);
		}
		buf_add_char(&text, '}');
		buf_add_char(&expected, '}');
		struct json_doc *doc = parse(buf_span(&text));
		assert_true(json_write(&out, json_root(doc), NULL));
		assert_string_equal(buf_text(&out), buf_text(&expected));
		json_free(doc);
		buf_done(&text);
		buf_done(&expected);
		buf_done(&out);
	}
}

static void our_own_files_are_put_together_with_the_right_commas(void **state)
{
	struct buf out;
	(void)state;
	buf_init(&out, KIB);
	buf_add_char(&out, '{');
	json_add_int(&out, "least", INT64_MIN);
	json_add_string(&out, "text", "a\"b");
	json_add_string(&out, "none", NULL);
	json_add_name(&out, "list");
	buf_add_char(&out, '[');
	for (int i = 0; i < 3; i++) {
		json_add_comma(&out);
		buf_addf(&out, "%d", i);
	}
	buf_add_char(&out, ']');
	json_add_name(&out, "empty");
	buf_add_text(&out, "{}}");
	assert_string_equal(buf_text(&out), "{\"least\":-9223372036854775808,\"text\":\"a\\\"b\","
					    "\"none\":null,\"list\":[0,1,2],\"empty\":{}}");
	buf_done(&out);
}

/* --- depth --- */
static struct json_doc *nested(size_t depth, char open, const char *inner, char close)
{
	struct buf text;
	buf_init(&text, 10 * MIB);
	for (size_t i = 0; i < depth; i++) {
		buf_add_char(&text, open);
		if (open == '{')
			buf_add_text(&text, "\"a\":");
	}
	buf_add_text(&text, inner);
	for (size_t i = 0; i < depth; i++)
		buf_add_char(&text, close);
	struct json_doc *doc = parse(buf_span(&text));
	buf_done(&text);
	return doc;
}

static void a_value_as_deep_as_allowed_is_written_and_a_deeper_one_not(void **state)
{
	(void)state;
	for (int object = 0; object < 2; object++) {
		for (size_t depth = JSON_DEPTH_MAX - 1; depth <= JSON_DEPTH_MAX + 2; depth++) {
			struct json_doc *doc = object ? nested(depth, '{', "1", '}')
						      : nested(depth, '[', "1", ']');
			struct buf out;
			size_t cleaned = 0;
			buf_init(&out, MIB);
			buf_add_text(&out, "before");
			bool done = json_write(&out, json_root(doc), &cleaned);
			assert_int_equal(done, depth <= JSON_DEPTH_MAX);
			assert_false(out.failed);
			if (!done)
				assert_string_equal(buf_text(&out), "before");
			buf_done(&out);
			json_free(doc);
		}
	}
}

static void a_million_levels_crash_nothing(void **state)
{
	struct json_doc *doc = nested(1000000, '[', "", ']');
	struct buf out;
	(void)state;
	buf_init(&out, MIB);
	assert_false(json_write(&out, json_root(doc), NULL));
	buf_done(&out);
	json_free(doc);
	struct err err;
	char *text = malloc(1000000);
	memset(text, '[', 1000000);
	assert_null(json_parse((struct span){text, 1000000}, &err));
	memset(text, '\xFF', 1000000);
	text[0] = '"';
	assert_null(json_parse((struct span){text, 1000000}, &err));
	free(text);
}

/* Goal: no failing allocation may crash, leak, or give a part for the whole. Method: fail the
 * n-th, n = 1, 2, ... until a run does not reach the n-th. The text needs a repair, has names to
 * be cleaned and more members than the short way takes. */
static void reading_and_writing_survive_every_failing_allocation(void **state)
{
	struct buf text;
	struct buf whole;
	bool fired = true;
	int n;
	(void)state;
	buf_init(&text, MIB);
	buf_init(&whole, MIB);
	buf_add_text(&text, "{\"a\\ud800\":\"\xFF\",\"nul\":\"\\u0000\"");
	for (int i = 0; i < 200; i++)
		buf_addf(&text, ",\"member_%d\":[%d,\"text\"]", i, i);
	buf_add_char(&text, '}');
	struct json_doc *doc = parse(buf_span(&text));
	assert_true(json_write(&whole, json_root(doc), NULL));
	json_free(doc);
	for (n = 1; fired; n++) {
		struct err err = {0};
		struct buf out;
		buf_init(&out, MIB);
		fault_arm(n);
		doc = json_parse(buf_span(&text), &err);
		bool done = doc != NULL && json_write(&out, json_root(doc), NULL);
		fired = fault_disarm();
		if (done)
			assert_true(span_equal(buf_span(&out), buf_span(&whole)));
		else
			assert_true(doc == NULL ? err.kind == ERR_MEMORY : out.failed);
		assert_int_equal(done, !fired);
		buf_done(&out);
		json_free(doc);
	}
	assert_in_range(n, 8, 1000);
	buf_done(&text);
	buf_done(&whole);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(texts_are_escaped_as_little_as_json_allows),
		cmocka_unit_test(an_escape_is_found_wherever_it_stands),
		cmocka_unit_test(long_texts_come_back_whole),
		cmocka_unit_test(a_buffer_of_the_exact_size_is_enough),
		cmocka_unit_test(of_equal_names_the_last_one_counts),
		cmocka_unit_test(names_that_cleaning_makes_equal_are_equal),
		cmocka_unit_test(equal_names_are_found_in_objects_of_any_size),
		cmocka_unit_test(our_own_files_are_put_together_with_the_right_commas),
		cmocka_unit_test(a_value_as_deep_as_allowed_is_written_and_a_deeper_one_not),
		cmocka_unit_test(a_million_levels_crash_nothing),
		cmocka_unit_test(reading_and_writing_survive_every_failing_allocation),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
