/* A private key in every form that people have one in, made by the openssl command as Snowflake's
 * manual makes it; its fingerprint is the one that the command tells. */
#include "base/private_key.h"

#include "base/bounds.h"
#include "base/process.h"
#include "base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

struct place {
	char folder[64];
	struct buf text;
};

static void command(const struct place *place, const char *line)
{
	char whole[1024];
	const char *const argv[] = {"sh", "-c", whole, NULL};
	struct err err = {.kind = ERR_NONE};
	struct buf ignored;
	buf_init(&ignored, SECRET_BYTES_MAX);
	snprintf(whole, sizeof whole, "cd %s && { %s; } 2>/dev/null", place->folder, line);
	if (!process_output(argv, 60 * 1000, &ignored, &err))
		fail_msg("%s: %s", line, err.text);
	buf_done(&ignored);
}

static int make_keys(void **state)
{
	struct place *place = calloc(1, sizeof *place);
	if (place == NULL)
		return 1;
	snprintf(place->folder, sizeof place->folder, "/tmp/firn_test_XXXXXX");
	buf_init(&place->text, SECRET_BYTES_MAX * 2);
	*state = place;
	if (mkdtemp(place->folder) == NULL)
		return 1;
	command(place, "openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048"
		       " -out plain.p8");
	return 0;
}

static int remove_keys(void **state)
{
	struct place *place = *state;
	command(place, "rm -f -- * && rmdir -- \"$PWD\"");
	buf_done(&place->text);
	free(place);
	return 0;
}

static struct span text_of(struct place *place, const char *name)
{
	char path[128], piece[4096];
	size_t n;
	snprintf(path, sizeof path, "%s/%s", place->folder, name);
	FILE *file = fopen(path, "rb");
	if (file == NULL)
		fail_msg("%s is not there", path);
	buf_clear(&place->text);
	while ((n = fread(piece, 1, sizeof piece, file)) > 0)
		assert_true(buf_add(&place->text, piece, n));
	fclose(file);
	return buf_span(&place->text);
}

static struct span passphrase_of(const char *text)
{
	return text == NULL ? (struct span){NULL, 0} : span_of(text);
}

static void opens(struct place *place, const char *name, const char *passphrase)
{
	struct err err = {.kind = ERR_NONE};
	struct private_key key;
	char expected[128] = "SHA256:";
	if (!private_key_open(text_of(place, name), passphrase_of(passphrase), RSA_BITS_MIN, &key,
			      &err))
		fail_msg("%s: %s", name, err.text);
	assert_true(key.bits >= 2048);
	/* It is PKCS#8 without a passphrase, and opens again. */
	assert_int_equal(strncmp(buf_text(&key.pem), "-----BEGIN PRIVATE KEY-----\n", 28), 0);
	struct private_key again;
	assert_true(private_key_open(buf_span(&key.pem), passphrase_of(NULL), RSA_BITS_MIN, &again,
				     &err));
	assert_string_equal(again.fingerprint, key.fingerprint);
	private_key_done(&again);
	/* The fingerprint is that of the manual's command. */
	struct span told = text_of(place, "fingerprint");
	memcpy(expected + 7, told.at, told.size);
	expected[7 + told.size] = '\0';
	assert_string_equal(key.fingerprint, expected);
	private_key_done(&key);
	assert_int_equal(key.pem.size, 0);
	private_key_done(&key);
}

static void refuses(struct place *place, const char *name, const char *passphrase, const char *why)
{
	struct err err = {.kind = ERR_NONE};
	struct private_key key;
	if (private_key_open(text_of(place, name), passphrase_of(passphrase), RSA_BITS_MIN, &key,
			     &err))
		fail_msg("%s was opened", name);
	assert_int_equal(err.kind, ERR_USAGE);
	if (strstr(err.text, why) == NULL)
		fail_msg("%s: '%s', not '%s'", name, err.text, why);
	assert_int_equal(key.pem.size, 0);
	private_key_done(&key);
}

static void write_fingerprint(struct place *place, const char *key)
{
	char line[512];
	snprintf(line, sizeof line, "openssl pkey -in %s -pubout -outform DER |"
		 " openssl dgst -sha256 -binary | openssl enc -base64 -A >fingerprint", key);
	command(place, line);
}

static void a_plain_key_is_taken_with_its_fingerprint(void **state)
{
	struct place *place = *state;
	write_fingerprint(place, "plain.p8");
	opens(place, "plain.p8", NULL);
	opens(place, "plain.p8", "not needed");
	command(place, "sed 's/$/\\r/' plain.p8 >dos.p8");
	opens(place, "dos.p8", NULL);
	command(place, "echo 'Key of the loader' | cat - plain.p8 >words.p8");
	opens(place, "words.p8", NULL);
}

static void the_older_form_is_taken_too(void **state)
{
	struct place *place = *state;
	write_fingerprint(place, "plain.p8");
	command(place, "openssl rsa -in plain.p8 -traditional -out old.pem");
	command(place, "grep -q 'BEGIN RSA PRIVATE KEY' old.pem");
	opens(place, "old.pem", NULL);
	command(place, "openssl rsa -in plain.p8 -traditional -aes128 -passout pass:x1"
		       " -out locked.pem");
	opens(place, "locked.pem", "x1");
	refuses(place, "locked.pem", "x2", "the passphrase does not open the private key");
}

static void an_encrypted_key_is_opened_with_its_passphrase_only(void **state)
{
	static const char *const HOW[] = {"-v2 des3", "-v2 aes-256-cbc", "-scrypt"};
	struct place *place = *state;
	write_fingerprint(place, "plain.p8");
	for (size_t i = 0; i < 3; i++) {
		char line[256];
		snprintf(line, sizeof line, "openssl pkcs8 -topk8 -in plain.p8 %s"
			 " -passout 'pass:pass \xc3\xa4 word' -out locked.p8", HOW[i]);
		command(place, line);
		command(place, "grep -q 'BEGIN ENCRYPTED PRIVATE KEY' locked.p8");
		opens(place, "locked.p8", "pass \xc3\xa4 word");
		refuses(place, "locked.p8", "pass word",
			"the passphrase does not open the private key");
		refuses(place, "locked.p8", "", "the passphrase does not open the private key");
		refuses(place, "locked.p8", NULL,
			"the private key is encrypted, and no passphrase is given");
	}
	char long_one[2000];
	memset(long_one, 'x', sizeof long_one - 1);
	long_one[sizeof long_one - 1] = '\0';
	refuses(place, "locked.p8", long_one, "the passphrase does not open the private key");
}

static void keys_that_snowflake_refuses_are_refused_here(void **state)
{
	struct place *place = *state;
	command(place, "openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:1024"
		       " -out short.p8");
	refuses(place, "short.p8", NULL, "the private key has 1024 bits; at least 2048 are needed");
	command(place, "openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out ec.p8");
	refuses(place, "ec.p8", NULL, "the private key is not an RSA key");
	command(place, "openssl genpkey -algorithm ED25519 -out ed.p8");
	refuses(place, "ed.p8", NULL, "the private key is not an RSA key");
}

static void what_is_no_private_key_is_told(void **state)
{
	static const char *const WHY = "no private key is in it: a PEM text begins with";
	struct place *place = *state;
	command(place, "openssl pkey -in plain.p8 -pubout -out public.pem");
	refuses(place, "public.pem", NULL, WHY);
	command(place, "openssl pkey -in plain.p8 -outform DER -out binary.p8");
	refuses(place, "binary.p8", NULL, WHY);
	command(place, ": >empty.p8");
	refuses(place, "empty.p8", NULL, WHY);
	command(place, "echo garbage >garbage.p8");
	refuses(place, "garbage.p8", NULL, WHY);
	command(place, "head -c 900 plain.p8 >half.p8");
	refuses(place, "half.p8", NULL, WHY);
	command(place, "sed '3s/[A-Za-z]/-/g' plain.p8 >torn.p8");
	refuses(place, "torn.p8", NULL, WHY);
	char line[64];
	snprintf(line, sizeof line, "head -c %d /dev/zero >large.p8", SECRET_BYTES_MAX + 1);
	command(place, line);
	refuses(place, "large.p8", NULL, "too long");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_plain_key_is_taken_with_its_fingerprint),
		cmocka_unit_test(the_older_form_is_taken_too),
		cmocka_unit_test(an_encrypted_key_is_opened_with_its_passphrase_only),
		cmocka_unit_test(keys_that_snowflake_refuses_are_refused_here),
		cmocka_unit_test(what_is_no_private_key_is_told),
	};
	return cmocka_run_group_tests(tests, make_keys, remove_keys);
}
