/* Who we are to AWS: the chain's order, files as people write them, and those who give out keys,
 * played by a server in this process. */
#include "base/file.h"
#include "base/stamp.h"
#include "config/secret.h"
#include "deliver/credentials_private.h"

#include "fetching.h"
#include "scratch.h"

#include <unistd.h>

static struct http_options http;

struct place {
	struct scratch scratch;
	char home[300], path[400];
};

static void write_file(struct place *p, const char *name, const char *text)
{
	struct err err = {0};
	snprintf(p->path, sizeof p->path, "%s/.aws", p->home);
	assert_true(file_make_folder(p->path, &err));
	snprintf(p->path, sizeof p->path, "%s/.aws/%s", p->home, name);
	assert_true(file_replace(p->path, span_of(text), &err));
}

static struct credentials *made(const struct credentials_options *options)
{
	struct credentials *c = NULL;
	struct err err = {0};
	if (!credentials_new(&c, options, &err))
		fail_msg("%s", err.text);
	return c;
}

static void assert_keys(struct credentials *c, int64_t now_us, const char *id,
			const char *secret, const char *token)
{
	struct credentials_keys keys;
	struct err err = {0};
	if (!credentials_get(c, now_us, &keys, &err))
		fail_msg("%s", err.text);
	assert_true(span_is(keys.access_key_id, id));
	assert_true(span_is(keys.secret_access_key, secret));
	assert_true(span_is(keys.session_token, token));
}

static void assert_refused(const struct credentials_options *options, const char *said)
{
	struct credentials *c = NULL;
	struct err err = {0};
	assert_false(credentials_new(&c, options, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	if (strstr(err.text, said) == NULL)
		fail_msg("%s", err.text);
	assert_null(strstr(err.text, SECRET));
}

static void test_order(void **state)
{
	struct place *p = *state;
	struct credentials_options o = {
		.http = &http,
		.environment = {.home = p->home, .aws_access_key_id = "ENV",
				.aws_secret_access_key = SECRET, .aws_session_token = "tok",
				.aws_region = "", .aws_default_region = "eu-west-2"},
		.access_key_id = SPAN("CONF"), .secret_access_key = SPAN("conf" SECRET),
		.region = "eu-north-1",
	};
	write_file(p, "config", "[default]\nregion = eu-south-1\nendpoint_url = http://e\n");
	write_file(p, "credentials",
		   "[default]\naws_access_key_id=FILE\naws_secret_access_key=file" SECRET "\n");
	struct credentials *c = made(&o);
	assert_keys(c, 0, "CONF", "conf" SECRET, "");
	assert_string_equal(credentials_region(c), "eu-north-1");
	assert_string_equal(credentials_origin(c), "the configuration");
	assert_string_equal(credentials_endpoint(c), "http://e");
	assert_false(credentials_expire(c));
	credentials_free(c);

	o.access_key_id = o.secret_access_key = (struct span){0};
	o.region = NULL;
	c = made(&o);
	assert_keys(c, 0, "ENV", SECRET, "tok");
	assert_string_equal(credentials_region(c), "eu-west-2");
	credentials_free(c);

	o.environment.aws_access_key_id = o.environment.aws_secret_access_key = NULL;
	o.environment.aws_default_region = NULL;
	o.environment.aws_endpoint_url = "http://f";
	c = made(&o);
	assert_keys(c, 0, "FILE", "file" SECRET, "");
	assert_string_equal(credentials_region(c), "eu-south-1");
	assert_string_equal(credentials_endpoint(c), "http://f");
	credentials_free(c);

	o.environment.aws_access_key_id = "ENV"; /* without its other half */
	assert_refused(&o, "one is missing");
	o.environment.aws_access_key_id = NULL;
	o.environment.aws_profile = "nobody";
	assert_refused(&o, "'nobody'");
}

static void test_files(void **state)
{
	static const char config[] =
		"\xef\xbb\xbf# a remark\r\n[default]\naws_access_key_id = NO\n"
		"[profile  my team ]\r\nregion=eu-north-1 # where it is\r\n"
		"s3 =\n  region = nested\n  endpoint_url = nested\n"
		"aws_access_key_id = A\nno equals sign\n=x\n[profile other]\nregion = no\n"
		"[my team]\nregion = no\n[profile \"my team\"]\nendpoint_url = https://x/y\n"
		"aws_secret_access_key = of/config+ \n";
	static const char credentials[] =
		"[other]\naws_session_token = no\n[my team]\nAWS_SECRET_ACCESS_KEY = s=#;x\n";
	struct arena *arena = arena_new();
	struct aws_profile p = {0};
	struct err err = {0};
	(void)state;
	assert_true(aws_profile_read(arena, span_of(config), true, "my team", &p, &err));
	assert_true(p.found);
	assert_string_equal(p.region, "eu-north-1");
	assert_string_equal(p.endpoint_url, "https://x/y");
	assert_string_equal(p.aws_access_key_id, "A");
	assert_string_equal(p.aws_secret_access_key, "of/config+");
	assert_true(aws_profile_read(arena, span_of(credentials), false, "my team", &p, &err));
	assert_string_equal(p.aws_secret_access_key, "s=#;x");
	assert_null(p.aws_session_token);
	p = (struct aws_profile){0};
	assert_true(aws_profile_read(arena, span_of(config), true, "team", &p, &err));
	assert_false(p.found);
	arena_free(arena);
}

static void test_what_is_not_supported_says_so(void **state)
{
	struct place *p = *state;
	struct credentials_options o = {.http = &http, .environment = {.home = p->home}};
	write_file(p, "credentials", "");
	write_file(p, "config", "[default]\nrole_arn = a\nsource_profile = b\n");
	assert_refused(&o, "source_profile is not supported");
	write_file(p, "config", "[default]\nsso_session = a\nsso_account_id = b\n");
	assert_refused(&o, "aws configure export-credentials");
	write_file(p, "config", "[default]\nweb_identity_token_file = a\n");
	assert_refused(&o, "one is missing");
}

static void test_commands_are_split_as_a_shell_would(void **state)
{
	struct arena *arena = arena_new();
	const char **argv;
	struct err err = {0};
	(void)state;
	assert_true(aws_split_command(arena, "  /a\\ b/c 'd \"e' \"f '\\\"g\" h''i '' ", &argv,
				      &err));
	assert_string_equal(argv[0], "/a b/c");
	assert_string_equal(argv[1], "d \"e");
	assert_string_equal(argv[2], "f '\"g");
	assert_string_equal(argv[3], "hi");
	assert_string_equal(argv[4], "");
	assert_null(argv[5]);
	assert_false(aws_split_command(arena, "a 'b", &argv, &err));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_false(aws_split_command(arena, "  ", &argv, &err));
	arena_free(arena);
}

static void test_a_program_brings_keys(void **state)
{
	struct place *p = *state;
	char text[1000];
	struct credentials_options o = {.http = &http, .environment = {.home = p->home}};
	struct credentials_keys keys;
	struct err err = {0};
	write_file(p, "credentials", "");
	/* Another key at every call, good for an hour from 2020-01-01T00:00:00. */
	write_file(p, "bring keys",
		   "exec 2>/dev/null\necho x >>\"$1\" || exit 3\n"
		   "printf '{\"Version\":1,\"AccessKeyId\":\"K%d\",\"SecretAccessKey\":\"" SECRET
		   "\",\"SessionToken\":\"t\",\"Expiration\":\"2020-01-01T01:00:00Z\"}' "
		   "$(wc -l <\"$1\")\n");
	snprintf(text, sizeof text,
		 "[default]\ncredential_process = /bin/sh \"%s\" %s/calls\n", p->path, p->home);
	write_file(p, "config", text);
	int64_t start_us;
	assert_true(stamp_read_iso(SPAN("2020-01-01T00:00:00Z"), &start_us));
	struct credentials *c = made(&o);
	assert_keys(c, start_us, "K1", SECRET, "t");
	assert_keys(c, start_us + 54 * STAMP_MINUTE, "K1", SECRET, "t");
	assert_keys(c, start_us + 56 * STAMP_MINUTE, "K2", SECRET, "t"); /* before they end */
	assert_true(credentials_expire(c));
	assert_keys(c, start_us, "K3", SECRET, "t");
	/* A program that fails: the old keys are good until they end. */
	snprintf(p->path, sizeof p->path, "%s/calls", p->home);
	assert_true(file_remove(p->path, &err));
	assert_true(file_make_folder(p->path, &err));
	assert_keys(c, start_us + 57 * STAMP_MINUTE, "K3", SECRET, "t");
	assert_false(credentials_get(c, start_us + 61 * STAMP_MINUTE, &keys, &err));
	assert_non_null(strstr(err.text, "credential_process of the profile 'default'"));
	assert_null(strstr(err.text, SECRET));
	credentials_free(c);
}

/* --- servers --- */

static bool is_for(const struct wire_peer *peer, const char *text)
{
	return strstr(peer->request, text) != NULL;
}

#define GIVEN(id) "{\"Code\":\"Success\",\"AccessKeyId\":\"" id "\",\"SecretAccessKey\":\"" \
	SECRET "\",\"Token\":\"to/ken\",\"Expiration\":\"2020-01-01T06:00:00Z\"}"

static bool answer_machine(struct wire_peer *peer)
{
	static const char ok[] = "HTTP/1.1 200 OK";
	if (is_for(peer, "PUT /latest/api/token "))
		return is_for(peer, "X-aws-ec2-metadata-token-ttl-seconds: 21600")
			       ? wire_answer(peer, ok, "MACHINETOKEN")
			       : wire_answer(peer, "HTTP/1.1 400 Bad", "");
	if (!is_for(peer, "X-aws-ec2-metadata-token: MACHINETOKEN"))
		return wire_answer(peer, "HTTP/1.1 401 Unauthorized", "");
	if (is_for(peer, "GET /latest/meta-data/iam/security-credentials/ "))
		return wire_answer(peer, ok, "my-role\n");
	if (is_for(peer, "GET /latest/meta-data/iam/security-credentials/my-role "))
		return wire_answer(peer, ok, GIVEN("MACHINE"));
	return wire_answer(peer, "HTTP/1.1 404 Not Found", "");
}

static bool answer_container(struct wire_peer *peer)
{
	if (!is_for(peer, "GET /creds ") || !is_for(peer, "Authorization: Bearer x"))
		return wire_answer(peer, "HTTP/1.1 403 Forbidden", "");
	return wire_answer(peer, "HTTP/1.1 200 OK", GIVEN("CONTAINER"));
}

static bool answer_sts(struct wire_peer *peer)
{
	static const char body[] =
		"Action=AssumeRoleWithWebIdentity&Version=2011-06-15"
		"&RoleArn=arn%3Aaws%3Aiam%3A%3A1%3Arole%2Fr&RoleSessionName=firn"
		"&WebIdentityToken=jwt.a%2Bb";
	if (!is_for(peer, body))
		return wire_answer(peer, "HTTP/1.1 403 Forbidden",
				   "<ErrorResponse><Error><Code>AccessDenied</Code><Message>"
				   SECRET "</Message></Error></ErrorResponse>");
	return wire_answer(peer, "HTTP/1.1 200 OK",
			   "<AssumeRoleWithWebIdentityResponse xmlns=\"https://x/\">"
			   "<AssumeRoleWithWebIdentityResult><Credentials><SessionToken>a&amp;b"
			   "</SessionToken><AccessKeyId>WEB</AccessKeyId><SecretAccessKey>" SECRET
			   "</SecretAccessKey><Expiration>2020-01-01T06:00:00Z</Expiration>"
			   "</Credentials></AssumeRoleWithWebIdentityResult>"
			   "</AssumeRoleWithWebIdentityResponse>");
}

/* The keys that a server gives, or how it went. */
static void ask_server(bool (*answer)(struct wire_peer *), struct credentials_options *o,
		       const char **url, const char *path, const char *id, const char *token)
{
	static struct wire wire;
	char text[200];
	int64_t now_us;
	memset(&wire, 0, sizeof wire);
	wire.answer = answer;
	assert_true(wire_start(&wire));
	snprintf(text, sizeof text, "%s%s", wire.base, path);
	*url = text;
	assert_true(stamp_read_iso(SPAN("2020-01-01T00:00:00Z"), &now_us));
	struct credentials *c = made(o);
	assert_keys(c, now_us, id, SECRET, token);
	int asked_n = atomic_load(&wire.asked_n);
	assert_keys(c, now_us + STAMP_HOUR, id, SECRET, token);
	assert_int_equal(atomic_load(&wire.asked_n), asked_n);
	assert_keys(c, now_us + 6 * STAMP_HOUR - STAMP_MINUTE, id, SECRET, token);
	assert_true(atomic_load(&wire.asked_n) > asked_n);
	credentials_free(c);
	wire_stop(&wire);
}

static void test_servers(void **state)
{
	struct place *p = *state;
	struct credentials_options o = {.http = &http, .environment = {.home = p->home}};
	struct credentials_environment *env = &o.environment;
	write_file(p, "config", "");
	write_file(p, "credentials", "");
	write_file(p, "token", "jwt.a+b\n");
	ask_server(answer_machine, &o, &env->aws_ec2_metadata_service_endpoint, "", "MACHINE",
		   "to/ken");
	env->aws_container_authorization_token = "Bearer x";
	ask_server(answer_container, &o, &env->aws_container_credentials_full_uri, "/creds",
		   "CONTAINER", "to/ken");
	env->aws_web_identity_token_file = p->path;
	env->aws_role_arn = "arn:aws:iam::1:role/r";
	ask_server(answer_sts, &o, &env->aws_endpoint_url_sts, "/", "WEB", "a&b");
}

static void assert_none(const struct credentials_options *o, enum err_kind kind,
			const char *said)
{
	struct credentials_keys keys;
	struct err err = {0};
	struct credentials *c = made(o);
	assert_false(credentials_get(c, 0, &keys, &err));
	if (strstr(err.text, said) == NULL || strstr(err.text, SECRET) != NULL)
		fail_msg("%s", err.text);
	assert_int_equal(err.kind, kind);
	credentials_free(c);
}

static void test_refusals_say_what_to_do(void **state)
{
	static struct wire wire;
	struct place *p = *state;
	struct credentials_options o = {.http = &http, .environment = {.home = p->home}};
	struct credentials_environment *env = &o.environment;
	write_file(p, "config", "");
	write_file(p, "credentials", "");
	env->aws_ec2_metadata_disabled = "true";
	assert_none(&o, ERR_USAGE, "no AWS keys were found");
	env->aws_container_credentials_full_uri = "http://example.com/creds";
	assert_none(&o, ERR_USAGE, "must be https://");
	wire.answer = answer_sts;
	assert_true(wire_start(&wire));
	write_file(p, "token", "another\n");
	env->aws_web_identity_token_file = p->path;
	env->aws_role_arn = "arn";
	env->aws_endpoint_url_sts = wire.base;
	assert_none(&o, ERR_AUTH, "STS AssumeRoleWithWebIdentity: it answered 403 AccessDenied");
	wire_stop(&wire);
	env->aws_endpoint_url_sts = "http://example.com";
	assert_none(&o, ERR_USAGE, "over https:// only");
}

static void test_secrets_are_noted(void **state)
{
	struct place *p = *state;
	struct secrets *secrets;
	struct err err = {0};
	struct buf out;
	assert_true(secrets_new(&secrets, ".", &err));
	struct credentials_options o = {
		.http = &http, .secrets = secrets,
		.environment = {.home = p->home, .aws_access_key_id = "ID",
				.aws_secret_access_key = SECRET "1",
				.aws_session_token = SECRET "2"}};
	struct credentials *c = made(&o);
	buf_init(&out, 1000);
	secrets_scrub(secrets, &out, SPAN("ID " SECRET "1 " SECRET "2"));
	assert_string_equal(buf_text(&out), "ID *** ***");
	buf_done(&out);
	credentials_free(c);
	secrets_free(secrets);
}

static void test_answers_that_hold_no_keys(void **state)
{
	static const char *const jsons[] = {"", "{", "[]", "{}", "{\"AccessKeyId\":\"x\"}",
		"{\"AccessKeyId\":\"x\",\"SecretAccessKey\":\"" SECRET "\","
		"\"Expiration\":\"soon\"}"};
	static const char *const xmls[] = {"", "<Credentials>", "<Credentials/>",
		"<Credentials><AccessKeyId>" SECRET "</AccessKeyId></Credentials>"};
	struct key_set keys;
	(void)state;
	key_set_init(&keys);
	for (size_t i = 0; i < sizeof jsons / sizeof *jsons; i++) {
		struct err err = {0};
		assert_false(credentials_read_json(span_of(jsons[i]), &keys, &err));
		assert_int_equal(err.kind, ERR_DATA);
		assert_null(strstr(err.text, SECRET));
	}
	for (size_t i = 0; i < sizeof xmls / sizeof *xmls; i++) {
		struct err err = {0};
		assert_false(credentials_read_sts(span_of(xmls[i]), &keys, &err));
		assert_int_equal(err.kind, ERR_DATA);
	}
	key_set_done(&keys);
}

static int prepare(void **state)
{
	struct place *p = calloc(1, sizeof *p);
	p->scratch = scratch_make(__LINE__);
	snprintf(p->home, sizeof p->home, "%.299s", p->scratch.path);
	http = quick_options();
	*state = p;
	return 0;
}

static int clean(void **state)
{
	struct place *p = *state;
	scratch_remove(&p->scratch);
	free(p);
	return 0;
}

int main(void)
{
#define WITH_HOME(test) cmocka_unit_test_setup_teardown(test, prepare, clean)
	const struct CMUnitTest tests[] = {
		WITH_HOME(test_order),
		WITH_HOME(test_files),
		WITH_HOME(test_what_is_not_supported_says_so),
		WITH_HOME(test_commands_are_split_as_a_shell_would),
		WITH_HOME(test_a_program_brings_keys),
		WITH_HOME(test_servers),
		WITH_HOME(test_refusals_say_what_to_do),
		WITH_HOME(test_secrets_are_noted),
		WITH_HOME(test_answers_that_hold_no_keys),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
