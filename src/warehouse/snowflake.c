/* Signing in to Snowflake by its own ADBC driver, and reading its errors.
 *
 * Session parameters go with the login: a name that the driver does not know as an option becomes
 * one. ABORT_DETACHED_QUERY and LOCK_TIMEOUT are for the client that dies between MERGE and COMMIT:
 * its transaction ends with it, and others wait for its locks no longer than ten minutes. The
 * types of timestamps, quoted names and JSON's layout are set, because an account's administrator
 * may have set them otherwise. */
#include "warehouse/snowflake.h"

#include "base/bounds.h"
#include "base/clock.h"
#include "base/process.h"
#include "warehouse/account.h"
#include "warehouse/warehouse_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SQL "adbc.snowflake.sql."
#define CLIENT SQL "client_option."
#define STATEMENT "adbc.snowflake.statement."

enum { OPTIONS_MAX = 40 };

/* One array, one file, one upload, one COPY; a file larger than any batch, for the driver
 * allocates buffers of that size (its defaults grow with the machine's cores). */
const struct adbc_option SNOWFLAKE_INGEST[] = {
	{STATEMENT "ingest_writer_concurrency", "1"},
	{STATEMENT "ingest_upload_concurrency", "1"},
	{STATEMENT "ingest_copy_concurrency", "1"},
	{STATEMENT "ingest_target_file_size", "33554432"},
	{NULL, NULL},
};

/* --- errors --- */

struct range {
	int from, until; /* [from, until) */
	enum err_kind kind;
};

/* Snowflake's numbers: 1xxx compilation, 2xxx objects, 3xxx rights, 6xx execution, 100xxx data,
 * 2600xx and 390xxx client and session (gosnowflake, errors.go; Snowflake's documentation). */
static const struct range RANGES[] = {
	{604, 605, ERR_TRANSIENT},       /* canceled */
	{606, 607, ERR_USAGE},           /* no active warehouse */
	{625, 626, ERR_TRANSIENT},       /* somebody holds the table's lock */
	{630, 631, ERR_TRANSIENT},       /* a statement's timeout */
	{1000, 2000, ERR_REMOTE},        /* compilation */
	{2002, 2004, ERR_USAGE},         /* exists already; does not exist or not authorized */
	{2043, 2044, ERR_USAGE},         /* the operation cannot be performed: no such object */
	{3001, 3002, ERR_USAGE},         /* insufficient privileges */
	{90073, 90074, ERR_USAGE},       /* a resource monitor's quota */
	{100035, 100100, ERR_DATA},
	{100194, 100195, ERR_TRANSIENT}, /* an uploaded file is not whole */
	{390100, 390110, ERR_AUTH},
	{390110, 390119, ERR_TRANSIENT}, /* a session or its token is gone */
	{390120, 390200, ERR_AUTH},      /* 390144: JWT token is invalid */
	{390300, 390400, ERR_AUTH},
	{390400, 390500, ERR_AUTH},      /* 390420 network policy; 394xxx programmatic tokens */
	{394000, 396000, ERR_AUTH},
	{260000, 262000, ERR_TRANSIENT}, /* the connection */
};

/* "[Snowflake] 002003 (42S02): 01b…: SQL compilation error: …" where the driver gives no code. */
static int code_in(const char *text)
{
	for (const char *at = text; (at = strpbrk(at, "0123456789")) != NULL;) {
		size_t n = strspn(at, "0123456789");
		if (n == 6 && strncmp(at + n, " (", 2) == 0)
			return (int)strtol(at, NULL, 10);
		at += n;
	}
	return 0;
}

static bool is_connection(const char *text)
{
	static const char *const WORDS[] = {
		"connection refused", "connection reset", "i/o timeout", "EOF", "broken pipe",
		"no such host", "context deadline exceeded", "HTTP Status: 5", "HTTP: 5",
		"request timeout", "failed to execute request", "TLS handshake",
	};
	for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
		if (strstr(text, WORDS[i]) != NULL)
			return true;
	}
	return false;
}

enum err_kind snowflake_judge(const struct adbc_failure *failure)
{
	int code = failure->vendor_code != 0 ? failure->vendor_code : code_in(failure->text);
	for (size_t i = 0; i < sizeof RANGES / sizeof RANGES[0]; i++) {
		if (code >= RANGES[i].from && code < RANGES[i].until)
			return RANGES[i].kind;
	}
	if (strncmp(failure->text, "[Driver Manager]", 16) == 0)
		return ERR_USAGE;
	return is_connection(failure->text) ? ERR_TRANSIENT : ERR_REMOTE;
}

/* --- signing in --- */

struct settings {
	struct adbc_option at[OPTIONS_MAX];
	size_t n;
	char port[16], login_timeout[32], request_timeout[32], statement_timeout[16];
};

static void set(struct settings *settings, const char *name, const char *value)
{
	if (value != NULL)
		settings->at[settings->n++] = (struct adbc_option){name, value};
}

static void choose_place(struct settings *settings, const struct snowflake_options *options,
			 const struct account *account)
{
	snprintf(settings->port, sizeof settings->port, "%lld",
		 (long long)(options->port != 0 ? options->port : options->plain_http ? 80 : 443));
	snprintf(settings->login_timeout, sizeof settings->login_timeout, "%llds",
		 (long long)(options->login_timeout_ms / 1000));
	snprintf(settings->request_timeout, sizeof settings->request_timeout, "%llds",
		 (long long)(options->request_timeout_ms / 1000));
	set(settings, SQL "account", account->name);
	set(settings, SQL "uri.host", options->host != NULL ? options->host : account->host);
	set(settings, SQL "uri.port", settings->port);
	set(settings, SQL "uri.protocol", options->plain_http ? "http" : "https");
	set(settings, "username", options->user);
	set(settings, SQL "warehouse", options->warehouse);
	set(settings, SQL "db", options->database);
	set(settings, SQL "schema", options->schema);
	set(settings, SQL "role", options->role);
	set(settings, CLIENT "login_timeout", settings->login_timeout);
	set(settings, CLIENT "request_timeout", settings->request_timeout);
	set(settings, CLIENT "keep_session_alive", "false"); /* a closed session is closed */
	set(settings, CLIENT "use_high_precision", "false"); /* whole numbers as such */
	set(settings, CLIENT "max_timestamp_precision", "microseconds");
	set(settings, CLIENT "disable_telemetry", "true");
	set(settings, CLIENT "app_name", "firn");
}

static void choose_sign_in(struct settings *settings, const struct snowflake_options *options)
{
	switch (options->sign_in) {
	case SIGN_IN_KEY:
		set(settings, SQL "auth_type", "auth_jwt");
		set(settings, CLIENT "jwt_private_key_pkcs8_value", options->secret);
		break;
	case SIGN_IN_TOKEN:
		set(settings, SQL "auth_type", "auth_pat");
		set(settings, CLIENT "auth_token", options->secret);
		break;
	case SIGN_IN_OAUTH:
		set(settings, SQL "auth_type", "auth_oauth");
		set(settings, CLIENT "auth_token", options->secret);
		break;
	case SIGN_IN_WORKLOAD:
		set(settings, SQL "auth_type", "auth_wif");
		set(settings, CLIENT "identity_provider", options->secret);
		break;
	case SIGN_IN_PASSWORD:
		set(settings, SQL "auth_type", "auth_snowflake");
		set(settings, "password", options->secret);
		break;
	}
}

static void choose_session(struct settings *settings, const struct snowflake_options *options)
{
	snprintf(settings->statement_timeout, sizeof settings->statement_timeout, "%d",
		 WAREHOUSE_STATEMENT_S);
	set(settings, "QUERY_TAG", options->query_tag);
	set(settings, "TIMEZONE", "UTC");
	set(settings, "LOCK_TIMEOUT", "600");
	set(settings, "ABORT_DETACHED_QUERY", "TRUE");
	set(settings, "STATEMENT_TIMEOUT_IN_SECONDS", settings->statement_timeout);
	set(settings, "TIMESTAMP_TYPE_MAPPING", "TIMESTAMP_NTZ");
	set(settings, "QUOTED_IDENTIFIERS_IGNORE_CASE", "FALSE");
	set(settings, "JSON_INDENT", "0");
}

/* One line, with the way to more. */
static bool explain(const struct account *account, const struct snowflake_options *options,
		    struct err *reterr)
{
	if (reterr->kind == ERR_AUTH)
		return err_at(reterr, "Snowflake refuses the sign-in of %s to %s (firn check tells"
			      " the reasons apart)", options->user, account->name);
	return err_at(reterr, "cannot connect to Snowflake account %s", account->name);
}

static bool keep_schemas(struct warehouse *warehouse, const struct snowflake_options *options,
			 struct err *reterr)
{
	snprintf(warehouse->session, sizeof warehouse->session, "%llX_%X_",
		 (unsigned long long)clock_now_us() & 0xFFFFFFFFFFFF,
		 (unsigned)process_id() & 0xFFFF);
	if (options->staging_schema == NULL ||
	    strcmp(options->staging_schema, options->schema) == 0)
		return true;
	warehouse->staging_schema = strdup(options->staging_schema);
	warehouse->schema = strdup(options->schema);
	return (warehouse->schema != NULL && warehouse->staging_schema != NULL) ||
	       err_memory(reterr);
}

bool snowflake_open(struct warehouse *warehouse, const struct warehouse_options *options,
		    struct err *reterr)
{
	const struct snowflake_options *snowflake = options->snowflake;
	struct settings settings = {.n = 0};
	struct account account;
	if (!account_parse(snowflake->account, &account, reterr) ||
	    !keep_schemas(warehouse, snowflake, reterr))
		return false;
	choose_place(&settings, snowflake, &account);
	choose_sign_in(&settings, snowflake);
	choose_session(&settings, snowflake);
	return adbc_open(&warehouse->adbc, options->driver, "AdbcDriverSnowflakeInit", settings.at,
			 settings.n, snowflake_judge, reterr) ||
	       explain(&account, snowflake, reterr);
}

/* --- reading only --- */

/* Behind a quoted text, a text in $$, a comment. NULL: none begins here. */
static const char *skip_quoted(const char *at)
{
	static const char *const PAIRS[][2] = {
		{"'", "'"}, {"\"", "\""}, {"$$", "$$"}, {"/*", "*/"}, {"--", "\n"}, {"//", "\n"},
	};
	for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
		size_t size = strlen(PAIRS[i][0]);
		if (strncmp(at, PAIRS[i][0], size) != 0)
			continue;
		for (at += size; *at != '\0'; at++) {
			if (PAIRS[i][0][0] == '\'' && at[0] == '\\' && at[1] != '\0')
				at++; /* an escaped quote ends nothing */
			else if (strncmp(at, PAIRS[i][1], strlen(PAIRS[i][1])) == 0)
				return at + strlen(PAIRS[i][1]);
		}
		return at;
	}
	return NULL;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$' ||
	       (c >= '0' && c <= '9') || (unsigned char)c >= 0x80;
}

static bool is_one_of(struct span word, const char *const *words)
{
	for (; *words != NULL; words++) {
		if (word.size == strlen(*words) &&
		    strncasecmp(word.at, *words, word.size) == 0)
			return true;
	}
	return false;
}

/* Nothing but blanks and comments. */
static bool is_over(const char *at)
{
	while (*at != '\0') {
		const char *behind = strchr("'\"$", *at) == NULL ? skip_quoted(at) : NULL;
		if (behind == NULL && strchr(" \t\r\n;", *at) == NULL)
			return false;
		at = behind != NULL ? behind : at + 1;
	}
	return true;
}

/* A function that acts: SYSTEM$CANCEL_QUERY, also in quotes. */
static bool is_system(const char *at)
{
	return strncasecmp(*at == '"' ? at + 1 : at, "SYSTEM$", 7) == 0;
}

bool snowflake_only_reads(const char *sql)
{
	static const char *const FIRST[] = {"SELECT", "WITH", "VALUES", "SHOW", "DESCRIBE", "DESC",
					    "EXPLAIN", "LIST", "LS", NULL};
	static const char *const NEVER[] = {"CALL", "PROCEDURE", "EXECUTE", "INSERT", "UPDATE",
					    "DELETE", "MERGE", "NEXTVAL", NULL};
	bool first = true;
	for (const char *at = sql; *at != '\0';) {
		const char *behind = skip_quoted(at);
		if ((behind != NULL || is_letter(*at)) && is_system(at))
			return false;
		if (behind != NULL) {
			at = behind;
		} else if (strncmp(at, "->>", 3) == 0) {
			return false;
		} else if (*at == ';') {
			return !first && is_over(at);
		} else if (is_letter(*at)) {
			struct span word = {at, 0};
			while (is_letter(word.at[word.size]))
				word.size++;
			if (first ? !is_one_of(word, FIRST) : is_one_of(word, NEVER))
				return false;
			first = false;
			at += word.size;
		} else {
			at++;
		}
	}
	return !first;
}
