/* Digests against published vectors; the fast hash against what it is used for. */
#include "base/digest.h"

#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void sha256_is_that_of_fips_180(void **state)
{
	char hex[SHA256_HEX + 1];
	(void)state;
	assert_true(digest_sha256_hex(SPAN("abc"), hex));
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223"
				 "b00361a396177a9cb410ff61f20015ad");
	assert_true(digest_sha256_hex((struct span){NULL, 0}, hex));
	assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb924"
				 "27ae41e4649b934ca495991b7852b855");
	assert_true(digest_sha256_hex(SPAN("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnop"
					   "q"), hex));
	assert_string_equal(hex, "248d6a61d20638b8e5c026930c3e6039"
				 "a33ce45964ff2167f6ecedd419db06c1");
}

static void assert_hmac(struct span key, struct span data, const char *expected)
{
	unsigned char bytes[SHA256_BYTES];
	struct buf hex;
	buf_init(&hex, SHA256_HEX);
	assert_true(digest_hmac_sha256(key, data, bytes));
	assert_true(text_hex(&hex, bytes, sizeof bytes));
	assert_string_equal(buf_text(&hex), expected);
	buf_done(&hex);
}

static void hmac_is_that_of_rfc_4231(void **state)
{
	char key[131];
	(void)state;
	assert_hmac(SPAN("Jefe"), SPAN("what do ya want for nothing?"),
		    "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	memset(key, 0x0B, 20);
	assert_hmac((struct span){key, 20}, SPAN("Hi There"),
		    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
	memset(key, '\xAA', sizeof key);
	assert_hmac((struct span){key, sizeof key},
		    SPAN("Test Using Larger Than Block-Size Key - Hash Key First"),
		    "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

static void an_empty_key_and_empty_data_are_digested_like_others(void **state)
{
	(void)state;
	assert_hmac((struct span){NULL, 0}, (struct span){NULL, 0},
		    "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad");
}

static void base64_is_that_of_rfc_4648(void **state)
{
	static const char *const PAIRS[][2] = {
		{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="},
		{"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xFB\xFF\xBF", "+/+/"},
	};
	struct buf out;
	(void)state;
	buf_init(&out, 100);
	for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
		buf_clear(&out);
		assert_true(digest_base64(&out, span_of(PAIRS[i][0])));
		assert_string_equal(buf_text(&out), PAIRS[i][1]);
	}
	buf_done(&out);
}

/* It is compared between machines and runs: these values must never change. */
static void the_fast_hash_stays_what_it_is(void **state)
{
	char text[100];
	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (char)(i * 7 + 1);
	uint64_t all = 0;
	for (size_t size = 0; size <= sizeof text; size++)
		all = digest_hash64((struct span){text, size}, all);
	assert_int_equal(digest_hash64(SPAN("abc"), 0), UINT64_C(0xb1ffa96af96cbacf));
	assert_int_equal(all, UINT64_C(0x19ab45cfdb002159));
}

/* Every bit of the text and of the seed must turn over about half of the hash. */
static void every_bit_counts_wherever_it_stands(void **state)
{
	char text[80];
	(void)state;
	for (size_t size = 1; size < sizeof text; size++) {
		uint64_t flips = 0;
		for (size_t i = 0; i < size; i++)
			text[i] = (char)(i * 31 + size);
		uint64_t whole = digest_hash64((struct span){text, size}, 9);
		for (size_t bit = 0; bit < 8 * size; bit++) {
			text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
			uint64_t other = digest_hash64((struct span){text, size}, 9);
			int differ = __builtin_popcountll(whole ^ other);
			assert_in_range(differ, 8, 56);
			flips += (uint64_t)differ;
			text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
		}
		assert_in_range(flips / (8 * size), 26, 38);
		for (int bit = 0; bit < 64; bit++) {
			uint64_t seed = 9 ^ UINT64_C(1) << bit;
			uint64_t other = digest_hash64((struct span){text, size}, seed);
			assert_in_range(__builtin_popcountll(whole ^ other), 8, 56);
		}
	}
}

static int compare_hashes(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

/* Keys are told apart by their hashes alone: near ones must not meet, not even in half of it. */
static void keys_that_look_alike_do_not_collide(void **state)
{
	enum { KEYS = 200000 };
	uint64_t *hashes = malloc(KEYS * sizeof *hashes);
	int halves = 0;
	(void)state;
	for (int i = 0; i < KEYS; i++) {
		char key[32];
		int size = snprintf(key, sizeof key, i % 2 == 0 ? "%d" : "user-%08d", i);
		hashes[i] = digest_hash64((struct span){key, (size_t)size}, 0);
	}
	qsort(hashes, KEYS, sizeof *hashes, compare_hashes);
	for (int i = 1; i < KEYS; i++) {
		assert_true(hashes[i] != hashes[i - 1]);
		halves += hashes[i] >> 32 == hashes[i - 1] >> 32;
	}
	assert_in_range(halves, 0, 20); /* chance: 4.7 of 200,000 in 32 bits */
	free(hashes);
}

static void parts_can_be_chained_and_their_border_counts(void **state)
{
	(void)state;
	uint64_t ab_c = digest_hash64(SPAN("c"), digest_hash64(SPAN("ab"), 0));
	uint64_t a_bc = digest_hash64(SPAN("bc"), digest_hash64(SPAN("a"), 0));
	assert_true(ab_c != a_bc);
	assert_true(digest_hash64(SPAN(""), 0) != digest_hash64(SPAN(""), 1));
	assert_true(digest_hash64(SPAN("\0"), 0) != digest_hash64(SPAN("\0\0"), 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sha256_is_that_of_fips_180),
		cmocka_unit_test(hmac_is_that_of_rfc_4231),
		cmocka_unit_test(an_empty_key_and_empty_data_are_digested_like_others),
		cmocka_unit_test(base64_is_that_of_rfc_4648),
		cmocka_unit_test(the_fast_hash_stays_what_it_is),
		cmocka_unit_test(every_bit_counts_wherever_it_stands),
		cmocka_unit_test(keys_that_look_alike_do_not_collide),
		cmocka_unit_test(parts_can_be_chained_and_their_border_counts),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
