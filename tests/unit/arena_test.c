/* Memory given back all at once; and the small promises of span.h. */
#include "base/arena.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

static void memory_is_zeroed_aligned_and_never_handed_out_twice(void **state)
{
	enum { PARTS = 3000 };
	static unsigned char *parts[PARTS];
	struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < PARTS; i++) {
		size_t size = i * 37 % 300 + (i % 500 == 0 ? 40000 : 0);
		parts[i] = arena_alloc(arena, size);
		assert_non_null(parts[i]);
		assert_int_equal((uintptr_t)parts[i] % _Alignof(max_align_t), 0);
		for (size_t j = 0; j < size; j++)
			assert_int_equal(parts[i][j], 0);
		memset(parts[i], (int)(i % 251) + 1, size);
	}
	for (size_t i = 0; i < PARTS; i++) {
		size_t size = i * 37 % 300 + (i % 500 == 0 ? 40000 : 0);
		for (size_t j = 0; j < size; j++)
			assert_int_equal(parts[i][j], i % 251 + 1);
	}
	arena_free(arena);
}

static void a_product_that_overflows_is_no_memory(void **state)
{
	struct arena *arena = arena_new();
	(void)state;
	assert_null(arena_array(arena, SIZE_MAX / 8 + 1, 8));
	assert_null(arena_array(arena, SIZE_MAX, SIZE_MAX));
	assert_null(arena_alloc(arena, SIZE_MAX));
	assert_non_null(arena_array(arena, 0, 8));
	assert_non_null(arena_array(arena, 8, 0));
	arena_free(arena);
}

static void a_text_is_copied_with_a_nul_behind(void **state)
{
	struct arena *arena = arena_new();
	char source[] = "abcdef";
	(void)state;
	char *copy = arena_text(arena, (struct span){source, 3});
	source[0] = 'X';
	assert_string_equal(copy, "abc");
	assert_string_equal(arena_text(arena, (struct span){NULL, 0}), "");
	arena_free(arena);
}

static void a_formatted_text_of_any_length_is_whole(void **state)
{
	struct arena *arena = arena_new();
	(void)state;
	for (int width = 1; width < 40000; width = width * 3) {
		const char *text = arena_printf(arena, "%*d", width, 7);
		assert_int_equal(strlen(text), width);
		assert_int_equal(text[width - 1], '7');
	}
	arena_free(arena);
}

static void nothing_is_fine_to_free(void **state)
{
	(void)state;
	arena_free(NULL);
}

static void spans_compare_by_bytes_not_by_strings(void **state)
{
	(void)state;
	assert_true(span_equal((struct span){"a\0b", 3}, (struct span){"a\0b", 3}));
	assert_false(span_equal((struct span){"a\0b", 3}, (struct span){"a\0c", 3}));
	assert_false(span_equal(SPAN("ab"), SPAN("abc")));
	assert_true(span_equal((struct span){NULL, 0}, SPAN("")));
	assert_true(span_is(SPAN("abc"), "abc"));
	assert_false(span_is((struct span){"abc", 2}, "abc"));
	assert_int_equal(SPAN("a\0b").size, 3);
	assert_int_equal(span_of(NULL).size, 0);
}

static void a_span_never_begins_behind_its_end(void **state)
{
	struct span text = SPAN("abc");
	(void)state;
	assert_true(span_is(span_from(text, 1), "bc"));
	assert_int_equal(span_from(text, 3).size, 0);
	assert_int_equal(span_from(text, 4).size, 0);
	assert_ptr_equal(span_from(text, 4).at, text.at + 3);
	assert_true(span_starts(text, SPAN("ab")));
	assert_true(span_starts(text, (struct span){NULL, 0}));
	assert_false(span_starts(text, SPAN("abcd")));
	assert_false(span_starts(text, SPAN("b")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memory_is_zeroed_aligned_and_never_handed_out_twice),
		cmocka_unit_test(a_product_that_overflows_is_no_memory),
		cmocka_unit_test(a_text_is_copied_with_a_nul_behind),
		cmocka_unit_test(a_formatted_text_of_any_length_is_whole),
		cmocka_unit_test(nothing_is_fine_to_free),
		cmocka_unit_test(spans_compare_by_bytes_not_by_strings),
		cmocka_unit_test(a_span_never_begins_behind_its_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
