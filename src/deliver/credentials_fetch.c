#include "deliver/credentials_private.h"

#include "base/bounds.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/process.h"
#include "base/stamp.h"
#include "base/text.h"
#include "deliver/xml.h"

#include <assert.h>

#define MACHINE "http://169.254.169.254"
#define CONTAINER "http://169.254.170.2"

/* --- what comes --- */

static void set(struct buf *to, struct span text)
{
	buf_clear(to);
	buf_add_span(to, text);
}

static bool check_keys(const struct key_set *keys, struct err *reterr)
{
	if (keys->id.size == 0 || keys->secret.size == 0)
		return err_set(reterr, ERR_DATA, "the answer holds no access key");
	return buf_ok(&keys->id, reterr) && buf_ok(&keys->secret, reterr) &&
	       buf_ok(&keys->token, reterr);
}

static bool read_end(struct span text, int64_t *ret_us, struct err *reterr)
{
	*ret_us = INT64_MAX;
	if (text.size == 0 || stamp_read_iso(text, ret_us))
		return true;
	return err_set(reterr, ERR_DATA, "the time at which the keys end cannot be read");
}

bool credentials_read_json(struct span text, struct key_set *ret, struct err *reterr)
{
	struct err ignored;
	struct json_doc *doc = json_parse(text, &ignored); /* whose message could repeat a key */
	if (doc == NULL)
		return err_set(reterr, ERR_DATA, "the answer is not JSON");
	const struct json *root = json_root(doc);
	set(&ret->id, json_text_member(root, "AccessKeyId", ""));
	set(&ret->secret, json_text_member(root, "SecretAccessKey", ""));
	set(&ret->token, json_text_member(root, "SessionToken", ""));
	if (ret->token.size == 0)
		set(&ret->token, json_text_member(root, "Token", ""));
	bool done = read_end(json_text_member(root, "Expiration", ""), &ret->expires_us,
			     reterr) &&
		    check_keys(ret, reterr);
	json_free(doc);
	return done;
}

bool credentials_read_sts(struct span text, struct key_set *ret, struct err *reterr)
{
	struct span inside, part;
	char end[STAMP_TEXT_BYTES];
	const struct {
		const char *name;
		struct buf *to;
	} parts[] = {{"AccessKeyId", &ret->id}, {"SecretAccessKey", &ret->secret},
		     {"SessionToken", &ret->token}};
	if (!xml_next(&text, "Credentials", &inside))
		return err_set(reterr, ERR_DATA, "the answer holds no Credentials");
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		struct span rest = inside;
		buf_clear(parts[i].to);
		if (xml_next(&rest, parts[i].name, &part))
			xml_add_text(parts[i].to, part);
	}
	xml_text_of(inside, "Expiration", end, sizeof end);
	return read_end(span_of(end), &ret->expires_us, reterr) && check_keys(ret, reterr);
}

/* --- asking --- */

static bool open_http(struct http **http, const struct credentials *c, bool metadata,
		      struct err *reterr)
{
	struct http_options options = c->http_options;
	if (*http != NULL)
		return true;
	options.connections_max = 1;
	options.answer_bytes_max = SECRET_BYTES_MAX;
	if (metadata) {
		options.proxy = "";
		options.connect_timeout_ms = METADATA_CONNECT_MS;
	}
	return http_new(http, &options, reterr);
}

/* A 200's body is in *ret; else ERR_TRANSIENT where another time may do, ERR_AUTH where not. */
static bool ask(struct http *http, const struct request *request, struct response *ret,
		struct err *reterr)
{
	int64_t end_ms = clock_mono_ms() + CREDENTIALS_WAIT_MS;
	char code[64];
	void *user;
	if (!http_begin(http, request, http, reterr))
		return false;
	while (!http_wait(http, 1000, &user, ret)) {
		if (clock_mono_ms() < end_ms)
			continue;
		http_drop(http, http);
		return err_set(reterr, ERR_TRANSIENT, "%s: no answer within %d s", request->shown,
			       CREDENTIALS_WAIT_MS / 1000);
	}
	if (ret->end == EXCHANGE_ANSWERED && ret->status == 200)
		return true;
	if (ret->end != EXCHANGE_ANSWERED) {
		*reterr = ret->why;
	} else {
		xml_text_of(buf_span(&ret->body), "Code", code, sizeof code);
		bool word = code[strspn(code, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrst"
					      "uvwxyz.")] == '\0';
		bool later = ret->status >= 500 || ret->status == 429 || ret->status == 408;
		err_set(reterr, later ? ERR_TRANSIENT : ERR_AUTH, "%s: it answered %d %s",
			request->shown, ret->status, word ? code : "");
	}
	response_done(ret);
	return false;
}

static bool fetch_json(struct http *http, const struct request *request, struct key_set *ret,
		       struct err *reterr)
{
	struct response response;
	if (!ask(http, request, &response, reterr))
		return false;
	bool done = credentials_read_json(buf_span(&response.body), ret, reterr) ||
		    err_at(reterr, "%s", request->shown);
	buf_wipe(&response.body);
	response_done(&response);
	return done;
}

/* A token's file, without its line end. */
static bool read_token(const char *path, struct buf *ret, struct err *reterr)
{
	if (!file_read(path, ret, reterr))
		return false;
	struct span token = text_trim(buf_span(ret));
	if (token.size == 0)
		return err_set(reterr, ERR_USAGE, "'%s' holds no token", path);
	buf_cut(ret, (size_t)(token.at + token.size - ret->data));
	return true;
}

/* --- web identity --- */

static void add_parameter(struct buf *out, const char *name, struct span value)
{
	buf_addf(out, "&%s=", name);
	text_percent(out, value);
}

static bool choose_sts(const struct credentials *c, struct buf *out, struct err *reterr)
{
	const char *own = c->env.aws_endpoint_url_sts != NULL ? c->env.aws_endpoint_url_sts
							      : c->env.aws_endpoint_url;
	if (own != NULL)
		buf_add_text(out, own);
	else if (c->region == NULL)
		buf_add_text(out, "https://sts.amazonaws.com/");
	else
		buf_addf(out, "https://sts.%s.amazonaws.com%s/", c->region,
			 strncmp(c->region, "cn-", 3) == 0 ? ".cn" : "");
	if (!buf_ok(out, reterr))
		return false;
	if (strncmp(buf_text(out), "https://", 8) != 0 && !url_is_loopback(buf_text(out)))
		return err_set(reterr, ERR_USAGE, "the web identity's token is sent over https:// "
			       "only: correct AWS_ENDPOINT_URL_STS");
	return true;
}

static bool fetch_web_identity(struct credentials *c, struct key_set *ret, struct err *reterr)
{
	const struct header headers[] = {
		{"Content-Type", "application/x-www-form-urlencoded"}};
	struct response response;
	struct buf url, body, token;
	buf_init(&url, URL_BYTES_MAX);
	buf_init(&body, 4 * SECRET_BYTES_MAX);
	buf_init(&token, SECRET_BYTES_MAX);
	bool done = read_token(c->token_file, &token, reterr) && choose_sts(c, &url, reterr);
	buf_add_text(&body, "Action=AssumeRoleWithWebIdentity&Version=2011-06-15");
	add_parameter(&body, "RoleArn", span_of(c->role_arn));
	add_parameter(&body, "RoleSessionName",
		      c->session_name == NULL ? SPAN("firn") : span_of(c->session_name));
	add_parameter(&body, "WebIdentityToken", text_trim(buf_span(&token)));
	struct request request = {
		.method = "POST", .url = buf_text(&url),
		.shown = "STS AssumeRoleWithWebIdentity", .headers = headers, .headers_n = 1,
		.body = buf_span(&body),
	};
	done = done && buf_ok(&body, reterr) && open_http(&c->http, c, false, reterr) &&
	       ask(c->http, &request, &response, reterr);
	if (done) {
		done = credentials_read_sts(buf_span(&response.body), ret, reterr) ||
		       err_at(reterr, "%s", request.shown);
		buf_wipe(&response.body);
		response_done(&response);
	}
	buf_done(&url);
	buf_wipe(&body);
	buf_wipe(&token);
	return done;
}

/* --- a program --- */

static bool fetch_process(struct credentials *c, struct key_set *ret, struct err *reterr)
{
	const char **argv;
	struct buf text;
	struct arena *arena = arena_new();
	buf_init(&text, SECRET_BYTES_MAX);
	bool done = (arena != NULL || err_memory(reterr)) &&
		    aws_split_command(arena, c->profile.credential_process, &argv, reterr) &&
		    process_output(argv, CREDENTIALS_WAIT_MS, &text, reterr) &&
		    credentials_read_json(buf_span(&text), ret, reterr);
	if (!done)
		err_at(reterr, "credential_process of the profile '%s'", c->profile_name);
	buf_wipe(&text);
	arena_free(arena);
	return done;
}

/* --- a container --- */

/* Those that ECS and EKS have on every machine of theirs. */
static bool is_container_host(const char *url)
{
	static const char *const hosts[] = {"http://169.254.170.2:", "http://169.254.170.23:",
					    "http://[fd00:ec2::23]:"};
	struct err ignored;
	struct buf origin;
	bool found = span_starts(span_of(url), SPAN("https://")) || url_is_loopback(url);
	buf_init(&origin, KIB);
	if (!found && url_origin(url, &origin, &ignored)) {
		for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++)
			found = found || span_starts(buf_span(&origin), span_of(hosts[i]));
	}
	buf_done(&origin);
	return found;
}

static bool fetch_container(struct credentials *c, struct key_set *ret, struct err *reterr)
{
	const struct credentials_environment *env = &c->env;
	struct buf url, token;
	struct header headers[1];
	size_t n = 0;
	bool done = true;
	buf_init(&url, URL_BYTES_MAX);
	buf_init(&token, SECRET_BYTES_MAX);
	if (env->aws_container_credentials_relative_uri != NULL)
		buf_addf(&url, CONTAINER "%s", env->aws_container_credentials_relative_uri);
	else
		buf_add_text(&url, env->aws_container_credentials_full_uri);
	if (env->aws_container_authorization_token_file != NULL)
		done = read_token(env->aws_container_authorization_token_file, &token, reterr);
	else if (env->aws_container_authorization_token != NULL)
		buf_add_text(&token, env->aws_container_authorization_token);
	if (token.size > 0)
		headers[n++] = (struct header){"Authorization", buf_text(&token)};
	if (done && !is_container_host(buf_text(&url)))
		done = err_set(reterr, ERR_USAGE, "AWS_CONTAINER_CREDENTIALS_FULL_URI must be "
			       "https://, or a container's own address");
	struct request request = {.method = "GET", .url = buf_text(&url),
				  .shown = "the container's credentials",
				  .headers = headers, .headers_n = n};
	done = done && buf_ok(&url, reterr) && buf_ok(&token, reterr) &&
	       open_http(&c->metadata, c, true, reterr) &&
	       fetch_json(c->metadata, &request, ret, reterr);
	buf_done(&url);
	buf_wipe(&token);
	return done;
}

/* --- a machine: a token, the role's name, its keys (IMDSv2) --- */

static bool ask_machine(struct credentials *c, const char *method, const char *path,
			struct header header, struct response *ret, struct err *reterr)
{
	const char *base = c->env.aws_ec2_metadata_service_endpoint;
	struct buf url;
	buf_init(&url, URL_BYTES_MAX);
	buf_addf(&url, "%s%s", base == NULL ? MACHINE : base, path);
	struct request request = {.method = method, .url = buf_text(&url),
				  .shown = "the machine's metadata",
				  .headers = &header, .headers_n = 1};
	bool done = buf_ok(&url, reterr) && ask(c->metadata, &request, ret, reterr);
	buf_done(&url);
	return done;
}

#define ROLES "/latest/meta-data/iam/security-credentials/"

static bool fetch_machine(struct credentials *c, struct key_set *ret, struct err *reterr)
{
	const struct header lifetime = {"X-aws-ec2-metadata-token-ttl-seconds", "21600"};
	struct response response = {0};
	struct buf token, path;
	buf_init(&token, SECRET_BYTES_MAX);
	buf_init(&path, KIB);
	bool done = open_http(&c->metadata, c, true, reterr) &&
		    ask_machine(c, "PUT", "/latest/api/token", lifetime, &response, reterr);
	if (done)
		buf_add_span(&token, text_trim(buf_span(&response.body)));
	const struct header header = {"X-aws-ec2-metadata-token", buf_text(&token)};
	response_done(&response);
	done = done && ask_machine(c, "GET", ROLES, header, &response, reterr);
	if (done) {
		struct span role = text_trim(buf_span(&response.body));
		buf_add_text(&path, ROLES);
		text_percent(&path, (struct span){role.at, strcspn(role.at, "\r\n ")});
		response_done(&response);
		done = buf_ok(&path, reterr) &&
		       ask_machine(c, "GET", buf_text(&path), header, &response, reterr);
	}
	if (done)
		done = credentials_read_json(buf_span(&response.body), ret, reterr) ||
		       err_at(reterr, "the machine's metadata");
	buf_wipe(&response.body);
	response_done(&response);
	buf_wipe(&token);
	buf_done(&path);
	return done;
}

bool credentials_fetch(struct credentials *c, struct key_set *ret, struct err *reterr)
{
	switch (c->source) {
	case KEYS_WEB_IDENTITY:
		return fetch_web_identity(c, ret, reterr);
	case KEYS_PROCESS:
		return fetch_process(c, ret, reterr);
	case KEYS_CONTAINER:
		return fetch_container(c, ret, reterr);
	case KEYS_MACHINE:
		return fetch_machine(c, ret, reterr);
	case KEYS_FIXED:
		break;
	}
	return err_set(reterr, ERR_AUTH, "these keys cannot be renewed");
}
