/* The simulated organisation: what is a function of the options, and how it hangs together. */
#include "render.h"
#include "store.h"

#include "base/digest.h"
#include "base/json.h"
#include "base/stamp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct world_options options_of(uint64_t interactions, uint64_t seed)
{
	struct world_options options = {
		.seed = seed, .days = 30, .until_us = 1775001600000000, .until_day = true,
		.retention_us = 30 * STAMP_DAY,
	};
	for (enum entity e = 0; e < ENTITIES; e++) {
		options.counts[e] = e == INTERACTIONS ? interactions : COUNT_DEFAULT;
		options.served[e] = true;
	}
	return options;
}

static struct world *open_world(const struct world_options *options)
{
	struct world *world = NULL;
	struct err err = {0};
	assert_true(world_open(&world, options, &err));
	return world;
}

/* A hash over every record of the world's own days, from the last to the first or back. */
static uint64_t hash_all(const struct world *world, bool backwards)
{
	char record[RECORD_BYTES_MAX];
	uint64_t sum = 0;
	for (enum entity e = 0; e < ENTITIES; e++) {
		for (uint32_t i = 0; i < world->options.days; i++) {
			uint32_t day = backwards ? world->options.days - 1 - i : i;
			const struct publication *told = &world->publications[e][day];
			uint64_t begin = 0, end = world->users / world->options.days;
			if (e != USERS)
				world_range(world, e, day, &begin, &end);
			for (uint64_t j = 0; j < end - begin; j++) {
				uint64_t at = backwards ? end - 1 - j : begin + j;
				char *stop = render_record(world, e, told, at, record);
				struct span text = {record, (size_t)(stop - record)};
				assert_true(text.size < RECORD_BYTES_MAX / 2);
				sum += digest_hash64(text, e);
			}
		}
	}
	return sum;
}

static void the_same_options_make_the_same_records_in_any_order(void **state)
{
	struct world_options options = options_of(3000, 7), other = options_of(3000, 8);
	struct world *a = open_world(&options), *b = open_world(&options);
	struct world *c = open_world(&other);
	(void)state;
	assert_true(hash_all(a, false) == hash_all(b, true));
	assert_true(hash_all(a, false) != hash_all(c, false));
	world_close(a);
	world_close(b);
	world_close(c);
}

/* The records' bytes of one set of options, once and for all: a change of theirs changes what
 * every benchmark was measured with, and wants to be meant. */
static void the_bytes_of_seed_one_are_known(void **state)
{
	struct world_options options = options_of(1000, 1);
	struct world *world = open_world(&options);
	(void)state;
	assert_int_equal(hash_all(world, false), UINT64_C(0x160b0f70b20afd0a));
	world_close(world);
}

static void children_are_spread_over_all_parents(void **state)
{
	static const uint64_t CASES[][2] = {
		{1, 1}, {1, 100}, {7, 7}, {7, 8}, {10, 42}, {240, 1000}, {1000, 640}, {3, 1},
		{999983, 1000003}, {2400, 51000},
	};
	(void)state;
	for (size_t i = 0; i < sizeof CASES / sizeof *CASES; i++) {
		uint64_t parents = CASES[i][0], children = CASES[i][1];
		struct spread spread = spread_of(i, parents, children);
		uint64_t before = 0;
		assert_int_equal(spread_first(&spread, 0), 0);
		assert_int_equal(spread_first(&spread, parents), children);
		for (uint64_t parent = 0; parent < parents + 100; parent++) {
			uint64_t next = spread_first(&spread, parent + 1);
			assert_true(next >= before + (children >= parents));
			if (next > before) {
				assert_int_equal(spread_parent(&spread, before), parent);
				assert_int_equal(spread_parent(&spread, next - 1), parent);
			}
			before = next;
		}
	}
}

static void days_follow_each_other_without_a_gap(void **state)
{
	struct world_options options = options_of(10000, 3);
	struct world *world = open_world(&options);
	(void)state;
	for (enum entity e = 0; e < USERS; e++) {
		uint64_t at = 0, begin, end;
		for (uint32_t day = 0; day < world->days; day++) {
			world_range(world, e, day, &begin, &end);
			assert_true(begin == at && end >= begin);
			at = end;
			for (uint64_t i = begin; i < end; i++) {
				int64_t ms = world_created_ms(world, e, day, i);
				assert_true(ms / DAY_MS == world->first_day + day);
			}
			if (day + 1 == options.days)
				assert_int_equal(at, world_count(world, e));
		}
	}
	assert_int_equal(world_count(world, INTERACTIONS), 10000);
	world_close(world);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void ids_are_never_used_twice(void **state)
{
	enum { N = 200000 };
	struct world_options options = options_of(N, 4);
	struct world *world = open_world(&options);
	char(*ids)[ID_BYTES_MAX + 1] = calloc(N, sizeof *ids);
	(void)state;
	assert_non_null(ids);
	for (enum entity e = 0; e < ENTITIES; e++) {
		for (uint64_t i = 0; i < N; i++) {
			size_t size = render_id(world, e, i, ids[i]);
			ids[i][size] = '\0';
		}
		qsort(ids, N, sizeof *ids, by_text);
		for (uint64_t i = 1; i < N; i++)
			assert_true(strcmp(ids[i - 1], ids[i]) != 0);
	}
	free(ids);
	world_close(world);
}

/* Of every entity and version: one JSON object in minimal form, its id the one that sorts. */
static void records_are_minimal_json_with_their_ids(void **state)
{
	struct world_options options = options_of(2000, 5);
	options.again[options.n_again++] = (struct shift){.entity = -1, .day = 4, .days_later = 2};
	struct world *world = open_world(&options);
	struct store store = {.world = world};
	struct buf text, written;
	char id[ID_BYTES_MAX];
	size_t cleaned = 0;
	(void)state;
	buf_init(&text, 1 << 20);
	buf_init(&written, 1 << 20);
	for (enum entity e = 0; e < ENTITIES; e++) {
		for (uint32_t i = 0; i < 40; i++) {
			uint64_t begin = 0, end = 60;
			if (e != USERS)
				world_range(world, e, world->publications[e][i].day, &begin, &end);
			for (uint64_t at = begin; at < end; at++) {
				struct err err = {0};
				uint64_t row = row_of(i, at);
				buf_clear(&text);
				buf_clear(&written);
				assert_true(store_render(&store, e, row, &text));
				struct json_doc *doc = json_parse(buf_span(&text), &err);
				assert_non_null(doc);
				assert_false(json_dirty(doc));
				assert_true(json_write(&written, json_root(doc), &cleaned));
				assert_string_equal(buf_text(&text), buf_text(&written));
				struct span own = json_text_member(json_root(doc), "id", "");
				size_t size = store_id(&store, e, row, id, sizeof id);
				assert_true(span_equal(own, (struct span){id, size}));
				json_free(doc);
			}
		}
	}
	buf_done(&text);
	buf_done(&written);
	world_close(world);
}

static void every_stamp_is_its_own(void **state)
{
	struct world_options options = options_of(100, 6);
	options.late[options.n_late++] = (struct shift){.entity = -1, .day = 3, .days_later = 4};
	for (int i = 0; i < 3; i++)
		options.again[options.n_again++] = (struct shift){.entity = USERS, .day = 9};
	struct world *world = open_world(&options);
	(void)state;
	for (enum entity e = 0; e < ENTITIES; e++) {
		for (uint32_t i = 0; i < world->n_publications[e]; i++) {
			const struct publication *told = &world->publications[e][i];
			int64_t later = told->day == 3 ? 5 : 1;
			assert_int_equal(told->stamp_ms / DAY_MS,
					 world->first_day + told->day + later);
			for (uint32_t j = 0; j < i; j++)
				assert_true(world->publications[e][j].stamp_ms != told->stamp_ms);
		}
	}
	assert_int_equal(world->n_publications[USERS], world->n_publications[INTERACTIONS] + 3);
	world_close(world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_same_options_make_the_same_records_in_any_order),
		cmocka_unit_test(the_bytes_of_seed_one_are_known),
		cmocka_unit_test(children_are_spread_over_all_parents),
		cmocka_unit_test(days_follow_each_other_without_a_gap),
		cmocka_unit_test(ids_are_never_used_twice),
		cmocka_unit_test(records_are_minimal_json_with_their_ids),
		cmocka_unit_test(every_stamp_is_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
