/* Delivery without the rest of firn, for the tests and the benchmark:
 *
 *   s3_driver deliver MANIFEST OPTION...   lines of "rows TAB file TAB key", oldest first; a file
 *                                          that was delivered is deleted, one that is set aside
 *                                          gets a FILE.why
 *   s3_driver list PREFIX OPTION... | head KEY OPTION... | get KEY OPTION...
 *
 * Options: bucket= endpoint= region= addressing= conditional=0 encryption= kms= folder= prefix=
 * allow_http=1 in_flight= budget_ms= slow_ms= clock_s= (what our clock is ahead). Credentials come
 * from the environment. What comes out is one line of JSON; what is told goes to standard error. */
#include "base/bounds.h"
#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/text.h"
#include "deliver/credentials.h"
#include "deliver/deliver.h"
#include "deliver/s3.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static volatile sig_atomic_t stopped;

static void stop(int signal)
{
	(void)signal;
	stopped = 1;
}

static const char *option(char **argv, const char *name, const char *fallback)
{
	size_t size = strlen(name);
	for (; *argv != NULL; argv++) {
		if (strncmp(*argv, name, size) == 0 && (*argv)[size] == '=')
			return *argv + size + 1;
	}
	return fallback;
}

static int64_t number(char **argv, const char *name, int64_t fallback)
{
	const char *text = option(argv, name, NULL);
	return text == NULL ? fallback : strtoll(text, NULL, 10);
}

/* --- files as a source --- */

struct item {
	char *line; /* cut into: */
	const char *file, *key;
	int64_t rows;
};

struct files {
	FILE *manifest;
};

struct opened {
	FILE *file;
	char sha256[SHA256_HEX + 1];
};

static bool next(void *user, struct deliver_segment *ret, bool *ret_any, struct err *reterr)
{
	struct files *files = user;
	struct item *item = calloc(1, sizeof *item);
	size_t room = 0;
	(void)reterr;
	*ret_any = item != NULL && getline(&item->line, &room, files->manifest) > 0;
	if (!*ret_any) {
		free(item != NULL ? item->line : NULL);
		free(item);
		return true;
	}
	item->line[strcspn(item->line, "\n")] = '\0';
	char *tab = strchr(item->line, '\t');
	*tab = '\0';
	item->rows = strtoll(item->line, NULL, 10);
	item->file = tab + 1;
	tab = strchr(tab + 1, '\t');
	*tab = '\0';
	item->key = tab + 1;
	*ret = (struct deliver_segment){.key = item->key, .name = item->file,
					.rows = item->rows, .handle = item};
	return true;
}

static bool open_item(void *user, const struct deliver_segment *segment,
		      struct deliver_bytes *ret, struct err *reterr)
{
	const struct item *item = segment->handle;
	struct opened *opened = calloc(1, sizeof *opened);
	struct buf bytes;
	(void)user;
	buf_init(&bytes, 1 << 30);
	if (opened == NULL || !file_read(item->file, &bytes, reterr)) {
		free(opened);
		reterr->kind = ERR_BUSY;
		return false;
	}
	if (!digest_sha256_hex(buf_span(&bytes), opened->sha256))
		abort();
	opened->file = fopen(item->file, "rb");
	*ret = (struct deliver_bytes){opened, (int64_t)bytes.size, opened->sha256};
	buf_done(&bytes);
	return true;
}

static bool read_item(void *reader, void *to, size_t room, size_t *ret_n, struct err *reterr)
{
	struct opened *opened = reader;
	*ret_n = fread(to, 1, room, opened->file);
	return ferror(opened->file) == 0 || err_sys(reterr, "cannot read");
}

static bool again(void *reader, struct err *reterr)
{
	struct opened *opened = reader;
	return fseek(opened->file, 0, SEEK_SET) == 0 || err_sys(reterr, "cannot seek");
}

static void close_item(void *reader)
{
	struct opened *opened = reader;
	fclose(opened->file);
	free(opened);
}

static void leave(void *user, const struct deliver_segment *segment)
{
	struct item *item = segment->handle;
	(void)user;
	free(item->line);
	free(item);
}

static bool done(void *user, const struct deliver_segment *segment, struct err *reterr)
{
	bool removed = file_remove(segment->name, reterr);
	leave(user, segment);
	return removed;
}

static bool quarantine(void *user, const struct deliver_segment *segment, const char *why,
		       struct err *reterr)
{
	char path[4200];
	snprintf(path, sizeof path, "%s.why", segment->name);
	bool written = file_replace(path, span_of(why), reterr);
	leave(user, segment);
	return written;
}

/* --- */

static void tell(void *user, bool warning, const char *text)
{
	(void)user;
	fprintf(stderr, "%s%s\n", warning ? "warning: " : "", text);
}

static int64_t skewed_now_us(void *user)
{
	return clock_now_us() + *(int64_t *)user * 1000000;
}

static struct credentials_environment environment(void)
{
	return (struct credentials_environment){
		.aws_access_key_id = getenv("AWS_ACCESS_KEY_ID"),
		.aws_secret_access_key = getenv("AWS_SECRET_ACCESS_KEY"),
		.aws_session_token = getenv("AWS_SESSION_TOKEN"),
		.aws_region = getenv("AWS_REGION"),
		.aws_endpoint_url = getenv("AWS_ENDPOINT_URL"),
		.aws_profile = getenv("AWS_PROFILE"),
		.home = getenv("HOME"),
		.aws_ec2_metadata_disabled = "true",
	};
}

static int end(bool good, const struct err *err)
{
	if (good)
		return 0;
	fprintf(stderr, "error: %s\n", err->text);
	return 1;
}

static int run_deliver(char **argv, struct s3 *s3)
{
	struct files files = {.manifest = fopen(argv[2], "r")};
	struct retry_budget budget = {.total_ms = number(argv, "budget_ms", 2000)};
	struct deliver_source source = {&files, next, open_item, read_item, again, close_item,
					done, quarantine, leave};
	const char *folder = option(argv, "folder", NULL);
	struct deliver_options options = {
		.source = &source, .s3 = folder == NULL ? s3 : NULL, .folder = folder,
		.prefix = option(argv, "prefix", NULL),
		.in_flight_max = number(argv, "in_flight", 8), .budget = &budget,
		.stop = &stopped, .told = tell,
	};
	struct deliver_result r;
	struct err err = {0};
	struct buf why;
	bool good = deliver(&options, &r, &err);
	fclose(files.manifest);
	buf_init(&why, 64 * KIB);
	json_add_text(&why, span_of(r.why.text));
	printf("{\"files\": %" PRId64 ", \"rows\": %" PRId64 ", \"bytes\": %" PRId64
	       ", \"were_there\": %" PRId64 ", \"quarantined\": %" PRId64 ", \"left\": %" PRId64
	       ", \"retries\": %" PRId64 ", \"emptied\": %s, \"alarm\": %s, \"kind\": %d, "
	       "\"why\": %s}\n",
	       r.files, r.rows, r.bytes, r.were_there, r.quarantined, r.left, r.retries,
	       r.emptied ? "true" : "false", r.alarm ? "true" : "false", (int)r.why.kind,
	       buf_text(&why));
	buf_done(&why);
	return end(good, &err);
}

static bool print_listed(void *user, const struct s3_listed *listed, struct err *reterr)
{
	struct buf line;
	(void)user;
	(void)reterr;
	buf_init(&line, 64 * KIB);
	buf_add_char(&line, '{');
	json_add_name(&line, "key");
	json_add_text(&line, listed->key);
	json_add_int(&line, "size", listed->size);
	json_add_name(&line, "etag");
	json_add_text(&line, listed->etag);
	printf("%s}\n", buf_text(&line));
	buf_done(&line);
	return true;
}

static bool begin_body(void *user, struct err *reterr)
{
	buf_clear(user);
	(void)reterr;
	return true;
}

static bool take_body(void *user, struct span piece, struct err *reterr)
{
	return buf_add_span(user, piece) || err_memory(reterr);
}

static int run_get(char **argv, struct s3 *s3)
{
	struct buf body;
	struct s3_head head;
	struct err err = {0};
	struct s3_sink sink = {&body, begin_body, take_body};
	buf_init(&body, 1 << 30);
	bool good = s3_fetch(s3, span_of(argv[2]), &sink, &head, &err);
	fwrite(buf_text(&body), 1, good ? body.size : 0, stdout);
	buf_done(&body);
	return end(good, &err);
}

static int run_head(char **argv, struct s3 *s3)
{
	struct s3_head head;
	struct err err = {0};
	bool absent;
	if (!s3_look(s3, span_of(argv[2]), &head, &absent, &err)) {
		if (absent)
			printf("absent\n");
		return end(false, &err);
	}
	printf("{\"size\": %" PRId64 ", \"sha256\": \"%s\", \"records\": %" PRId64
	       ", \"checksum\": %s}\n", head.size, head.sha256, head.records,
	       head.sha256_is_checksum ? "true" : "false");
	return 0;
}

static int run(char **argv, struct s3 *s3)
{
	struct err err = {0};
	if (strcmp(argv[1], "deliver") == 0)
		return run_deliver(argv, s3);
	if (strcmp(argv[1], "list") == 0)
		return end(s3_list(s3, span_of(argv[2]), print_listed, NULL, &err), &err);
	return strcmp(argv[1], "get") == 0 ? run_get(argv, s3) : run_head(argv, s3);
}

int main(int argc, char **argv)
{
	int64_t ahead_s = number(argv, "clock_s", 0);
	const char *addressing = option(argv, "addressing", "");
	struct http_options http = {
		.user_agent = "firn/test",
		.ca_file = option(argv, "ca_file", NULL),
		.answer_bytes_max = 64 * MIB,
		.connect_timeout_ms = 5000,
		.low_speed_time_ms = number(argv, "slow_ms", 20000),
		.low_speed_bytes = 1000,
		.connections_max = number(argv, "in_flight", 8),
	};
	struct credentials *credentials = NULL;
	struct s3 *s3 = NULL;
	struct err err = {0};
	if (argc < 3)
		return 2;
	signal(SIGPIPE, SIG_IGN);
	signal(SIGTERM, stop);
	struct credentials_options who = {.environment = environment(), .http = &http};
	struct s3_options options = {
		.bucket = option(argv, "bucket", "landing"),
		.region = option(argv, "region", NULL),
		.endpoint = option(argv, "endpoint", NULL),
		.addressing = strcmp(addressing, "virtual") == 0 ? S3_ADDRESSING_VIRTUAL
			      : strcmp(addressing, "path") == 0  ? S3_ADDRESSING_PATH
								 : S3_ADDRESSING_USUAL,
		.allow_http = number(argv, "allow_http", 0) != 0,
		.conditional = number(argv, "conditional", 1) != 0,
		.encryption = option(argv, "encryption", NULL),
		.kms_key_id = option(argv, "kms", NULL),
		.http = &http, .now_us = skewed_now_us, .now_user = &ahead_s,
	};
	bool good = option(argv, "folder", NULL) != NULL;
	if (!good) {
		good = credentials_new(&credentials, &who, &err);
		options.credentials = credentials;
		good = good && s3_new(&s3, &options, &err);
	}
	int code = good ? run(argv, s3) : end(false, &err);
	s3_free(s3);
	credentials_free(credentials);
	return code;
}
