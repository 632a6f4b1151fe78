#include "config/grammar.h"

#include "base/stamp.h"

static const struct form TEXT = {.kind = FORM_TEXT};
static const struct form SECRET = {.kind = FORM_SECRET};
static const struct form BOOL = {.kind = FORM_BOOL};
static const struct form URL = {.kind = FORM_URL};
static const struct form ANY = {.kind = FORM_ANY};
static const struct form VERSION = {FORM_INT, .min = 1, .max = 1,
	.complaint = "version @ is not known; this firn reads 1"};
static const struct form PARALLEL = {FORM_INT, .min = 1, .max = 64};
static const struct form DURATION = {FORM_DURATION, .min = 0, .max = 3660 * STAMP_DAY};
static const struct form PATIENCE = {FORM_DURATION, .min = STAMP_SECOND, .max = STAMP_DAY};
static const struct form SPEED = {FORM_SIZE, .min = 1, .max = MIB};
static const struct form ANSWER = {FORM_SIZE, .min = KIB, .max = 2047 * (int64_t)MIB};
static const struct form DAYS = {FORM_INT, .min = 0, .max = 36500};
static const char *const WRITES[] = {"upsert", "append", NULL};
static const struct form WRITE = {FORM_CHOICE, .choices = WRITES};

/* A pipeline's name stands in file names, in FIRN_… rows and in messages. */
static bool is_pipeline(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		if ((unsigned char)text.at[i] < 0x20 || text.at[i] == 0x7F)
			return false;
	}
	return text.size > 0 && text.size <= PIPELINE_BYTES_MAX;
}
static const struct form PIPELINE = {FORM_TEXT, .accept = is_pipeline,
	.wanted = "a name of at most 100 bytes"};

/* Letters, digits and _: it becomes a part of table names. */
static bool is_prefix(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];
		if (!((c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '_' ||
		      (c >= '0' && c <= '9' && i > 0)))
			return false;
	}
	return text.size <= 64;
}
static const struct form PREFIX = {FORM_TEXT, .accept = is_prefix,
	.wanted = "letters, digits and _"};

static const struct form COLUMN_NAME = {.kind = FORM_TEXT};
static const struct form COLUMN_NAMES = {FORM_LIST, .lone = true, .of = &COLUMN_NAME};

/* --- source --- */
static const struct key BASIC_KEYS[] = {
	{"user", &SECRET, KEY_REQUIRED, .help = "who signs in"},
	{"password", &SECRET, KEY_REQUIRED, .help = "with what"},
	{.name = NULL},
};
static const struct form BASIC = {FORM_MAP, .keys = BASIC_KEYS};
static const struct key OAUTH2_KEYS[] = {
	{"client_id", &SECRET, KEY_REQUIRED, .help = "of the client credentials grant"},
	{"client_secret", &SECRET, KEY_REQUIRED, .help = "its secret"},
	{"token_url", &TEXT, .otherwise = "the connector's", .help = "where tokens are given out"},
	{"scope", &TEXT, .otherwise = "the connector's", .help = "what the token is asked for"},
	{.name = NULL},
};
static const struct form OAUTH2 = {FORM_MAP, .keys = OAUTH2_KEYS};
static const struct key AUTH_KEYS[] = {
	{"bearer", &SECRET, .help = "a token, sent as the connector says"},
	{"api_key", &SECRET, .help = "a key, sent as the connector says"},
	{"basic", &BASIC, .help = "user and password"},
	{"oauth2", &OAUTH2, .help = "a token is asked for, and renewed before it ends"},
	{.name = NULL},
};
static const struct form AUTH = {FORM_MAP, .keys = AUTH_KEYS};

static const struct key STREAM_KEYS[] = {
	{"exclude", &COLUMN_NAMES, .help = "columns that are written nowhere"},
	{"hash", &COLUMN_NAMES, .help = "columns that are written as HMAC-SHA-256 under hash_key"},
	{.name = NULL},
};
static const struct form STREAM = {FORM_MAP, .nullable = true, .keys = STREAM_KEYS};
static const struct form STREAM_MAP = {FORM_NAMED, .of = &STREAM, .min = 1, .max = STREAMS_MAX};
static const struct form STREAM_LIST = {FORM_LIST, .of = &TEXT, .min = 1, .max = STREAMS_MAX};
static const struct form *const STREAMS_ANY[] = {&STREAM_MAP, &STREAM_LIST, NULL};
static const struct form STREAMS = {FORM_EITHER, .any = STREAMS_ANY};

static const struct key SOURCE_KEYS[] = {
	{"connector", &TEXT, .otherwise = "none: firn load knows the built-in ones' tables",
	 .help = "a built-in connector's name, or a path to a file"},
	{"base_url", &URL, .otherwise = "the connector's", .help = "another host or region"},
	{"auth", &AUTH, .help = "how to sign in: one of the keys below"},
	{"streams", &STREAMS, .otherwise = "all but optional ones",
	 .help = "a list of names, or a map of names that says more about each"},
	{"hash_key", &SECRET, .help = "needed where a column is hashed"},
	{"lookback", &DURATION, .otherwise = "the connector's",
	 .help = "each run asks again for this much before the watermark"},
	{"parallel", &PARALLEL, .fallback = "4", .help = "requests in flight at once"},
	{"retry_budget", &PATIENCE, .fallback = "30m",
	 .help = "the longest that one run waits for everything"},
	{"settings", &ANY, .help = "what the connector asks for: firn connectors NAME lists it"},
	{.name = NULL},
};
static const struct form SOURCE = {FORM_MAP, .title = "source", .keys = SOURCE_KEYS};

/* --- destination --- */
static const struct key SNOWFLAKE_AUTH_KEYS[] = {
	{"key_file", &TEXT, .help = "path of the private key, PEM (PKCS#8)"},
	{"key", &SECRET, .help = "the private key's text itself: ${file:…}, ${cmd:…}"},
	{"key_passphrase", &SECRET, .help = "of an encrypted key"},
	{"token", &SECRET, .help = "a programmatic access token"},
	{"oauth", &SECRET, .help = "an OAuth access token"},
	{"workload_identity", &TEXT, .help = "the provider: AWS, AZURE, GCP or OIDC"},
	{"password", &SECRET, .help = "refused by Snowflake for service users"},
	{.name = NULL},
};
static const struct form SNOWFLAKE_AUTH = {FORM_MAP, .keys = SNOWFLAKE_AUTH_KEYS};
static const char *const PROTOCOLS[] = {"https", "http", NULL};
static const struct form PROTOCOL = {FORM_CHOICE, .choices = PROTOCOLS};
static const struct form PORT = {FORM_INT, .min = 1, .max = 65535};

static const struct key SNOWFLAKE_KEYS[] = {
	{"account", &TEXT, KEY_REQUIRED, .help = "ORG-ACCOUNT, in any form that it is pasted in"},
	{"user", &TEXT, KEY_REQUIRED, .help = "who signs in"},
	{"auth", &SNOWFLAKE_AUTH, KEY_REQUIRED, .help = "how: one of the keys below"},
	{"warehouse", &TEXT, KEY_REQUIRED, .help = "what computes"},
	{"database", &TEXT, KEY_REQUIRED, .help = "where the schema is"},
	{"schema", &TEXT, KEY_REQUIRED, .help = "where tables and views are made"},
	{"role", &TEXT, .otherwise = "the user's default", .help = "whose rights are used"},
	{"staging_schema", &TEXT, .otherwise = "schema", .help = "where staging tables are made"},
	{"stage", &TEXT, .help = "an external stage: COPY reads s3://… through it"},
	{"host", &TEXT, .otherwise = "the account's", .help = "for private links"},
	{"port", &PORT, .otherwise = "443", .help = "for private links"},
	{"protocol", &PROTOCOL, .fallback = "https", .help = "for tests on this machine"},
	{"driver", &TEXT, .otherwise = "looked for", .help = "path of Snowflake's ADBC driver"},
	{.name = NULL},
};
static const struct form SNOWFLAKE = {FORM_MAP, .title = "snowflake", .keys = SNOWFLAKE_KEYS};

static const char *const ADDRESSINGS[] = {"virtual", "path", NULL};
static const struct form ADDRESSING = {FORM_CHOICE, .choices = ADDRESSINGS};
static const char *const ENCRYPTIONS[] = {"AES256", "aws:kms", NULL};
static const struct form ENCRYPTION_NAME = {FORM_CHOICE, .choices = ENCRYPTIONS};
static const struct key ENCRYPTION_KEYS[] = {
	{"kms_key_id", &TEXT, KEY_REQUIRED, .help = "id or ARN of the key"},
	{.name = NULL},
};
static const struct form ENCRYPTION_MAP = {FORM_MAP, .keys = ENCRYPTION_KEYS};
static const struct form *const ENCRYPTION_ANY[] = {&ENCRYPTION_NAME, &ENCRYPTION_MAP, NULL};
static const struct form ENCRYPTION = {FORM_EITHER, .any = ENCRYPTION_ANY};

static const struct key S3_KEYS[] = {
	{"bucket", &TEXT, KEY_REQUIRED, .help = "its name"},
	{"prefix", &TEXT, .otherwise = "none", .help = "in front of every key"},
	{"region", &TEXT, .otherwise = "AWS_REGION, the profile's", .help = "the bucket's region"},
	{"endpoint", &URL, .otherwise = "AWS's", .help = "of a compatible store"},
	{"addressing", &ADDRESSING, .otherwise = "virtual; path with an endpoint",
	 .help = "where the bucket stands in the URL"},
	{"conditional", &BOOL, .fallback = "true", .help = "If-None-Match: never overwrite"},
	{"access_key_id", &SECRET, .otherwise = "the AWS chain", .help = "of a user or a role"},
	{"secret_access_key", &SECRET, .help = "its secret"},
	{"session_token", &SECRET, .help = "of temporary credentials"},
	{"encryption", &ENCRYPTION, .otherwise = "the bucket's",
	 .help = "AES256, aws:kms, or { kms_key_id: … }; an answer must confirm it"},
	{.name = NULL},
};
static const struct form S3 = {FORM_MAP, .title = "s3", .keys = S3_KEYS};

static const struct key DESTINATION_KEYS[] = {
	{"duckdb", &TEXT, .otherwise = "<pipeline>.duckdb, where no other destination is given",
	 .help = "path of the DuckDB file; made if it is missing"},
	{"snowflake", &SNOWFLAKE, .help = "an account, and where in it"},
	{"s3", &S3, .help = "a bucket that files are landed in"},
	{"folder", &TEXT, .help = "a folder that files are landed in"},
	{"driver", &TEXT, .otherwise = "looked for", .help = "path of the warehouse's library"},
	{"create_views", &BOOL, .fallback = "true", .help = "make the views after a load"},
	{"write", &WRITE, .fallback = "upsert",
	 .help = "upsert keeps the newest of each key; append keeps every version"},
	{"table_prefix", &PREFIX, .otherwise = "none",
	 .help = "in front of tables and views, for several organisations in one schema"},
	{.name = NULL},
};
static const struct form DESTINATION = {FORM_MAP, .title = "destination",
	.keys = DESTINATION_KEYS};

/* --- spool, deliver, schedule, ddl --- */
static const struct form SPOOL_BYTES = {FORM_SIZE, .min = 64 * KIB,
	.max = 1024 * (int64_t)GIB};
static const struct form SPOOL_AGE = {FORM_DURATION, .min = STAMP_MINUTE,
	.max = 36500 * STAMP_DAY};
static const char *const FULLS[] = {"drop-newest", "drop-oldest", NULL};
static const struct form FULL = {FORM_CHOICE, .choices = FULLS};
static const struct key SPOOL_KEYS[] = {
	{"dir", &TEXT, .otherwise = "spool/<pipeline>", .help = "where it is kept"},
	{"max_bytes", &SPOOL_BYTES, .fallback = "2GiB", .help = "that may wait for delivery"},
	{"max_age", &SPOOL_AGE, .fallback = "90d", .help = "older files are an alarm"},
	{"when_full", &FULL, .fallback = "drop-newest",
	 .help = "drop-newest: nothing more is collected; drop-oldest: what waited longest goes"},
	{.name = NULL},
};
static const struct form SPOOL = {FORM_MAP, .title = "spool", .keys = SPOOL_KEYS};

static const struct form DELIVER_WAIT = {FORM_DURATION, .min = 0, .max = STAMP_DAY};
static const struct form DELIVER_BYTES = {FORM_SIZE, .min = KIB, .max = GIB};
static const struct key DELIVER_KEYS[] = {
	{"max_wait", &DELIVER_WAIT, .fallback = "1m",
	 .help = "collections are put together in one file for so long"},
	{"max_bytes", &DELIVER_BYTES, .fallback = "8MiB", .help = "and up to this size"},
	{.name = NULL},
};
static const struct form DELIVER = {FORM_MAP, .title = "deliver", .keys = DELIVER_KEYS};

static bool is_clock_time(struct span text)
{
	static const char like[] = "dd:dd";
	if (text.size != 5)
		return false;
	for (size_t i = 0; i < 5; i++) {
		if (like[i] == 'd' ? text.at[i] < '0' || text.at[i] > '9' : text.at[i] != like[i])
			return false;
	}
	return (text.at[0] - '0') * 10 + text.at[1] - '0' < 24 && text.at[3] < '6';
}
static const struct form CLOCK_TIME = {FORM_TEXT, .accept = is_clock_time,
	.wanted = "a time of day such as \"22:00\""};
static const struct form CLOCK_TIMES = {FORM_LIST, .lone = true, .of = &CLOCK_TIME, .min = 1,
	.max = SCHEDULE_TIMES_MAX};
static const struct form EVERY = {FORM_DURATION, .min = STAMP_SECOND, .max = 366 * STAMP_DAY};
static const struct form JITTER = {FORM_DURATION, .min = 0, .max = STAMP_DAY};
static const struct key SCHEDULE_KEYS[] = {
	{"at", &CLOCK_TIMES, .help = "times of day, every day"},
	{"every", &EVERY, .help = "or a distance between two runs"},
	{"timezone", &TEXT, .fallback = "UTC", .help = "of at: a name such as US/Pacific"},
	{"jitter", &JITTER, .fallback = "0s", .help = "each start is put off by up to this much"},
	{.name = NULL},
};
static const struct form SCHEDULE = {FORM_MAP, .title = "schedule", .keys = SCHEDULE_KEYS};

static const struct key DDL_KEYS[] = {
	{"database", &TEXT, .help = "where the landing and final tables are made"},
	{"schema", &TEXT, .help = "in it"},
	{"warehouse", &TEXT, .help = "that the MERGE tasks use"},
	{"role", &TEXT, .help = "that owns them"},
	{"integration", &TEXT, .fallback = "FIRN_S3", .help = "name of the storage integration"},
	{"stage", &TEXT, .fallback = "FIRN_LANDING", .help = "name of the external stage"},
	{"aws_role_arn", &TEXT, .help = "the AWS role that Snowflake takes on"},
	{.name = NULL},
};
static const struct form DDL = {FORM_MAP, .title = "ddl", .keys = DDL_KEYS};

/* --- views: timezone, and lists whose names are the view settings of the connector --- */
static const struct form VIEW_VALUES = {FORM_LIST, .lone = true, .of = &TEXT};
static const struct form VIEWS = {FORM_NAMED, .of = &VIEW_VALUES};

/* --- http --- */
static const struct key HTTP_KEYS[] = {
	{"proxy", &SECRET, .otherwise = "https_proxy", .help = "http://[user:password@]host:port"},
	{"no_proxy", &COLUMN_NAMES, .otherwise = "no_proxy",
	 .help = "hosts that are asked directly"},
	{"ca_file", &TEXT, .otherwise = "SSL_CERT_FILE, or the system's",
	 .help = "certificates of trusted authorities, PEM"},
	{"allow_http", &BOOL, .fallback = "false",
	 .help = "send credentials over http:// to other machines too"},
	{"connect_timeout", &PATIENCE, .fallback = "10s", .help = "to reach a host"},
	{"low_speed_time", &PATIENCE, .fallback = "20s",
	 .help = "a transfer that stays under low_speed_bytes for so long is given up"},
	{"low_speed_bytes", &SPEED, .fallback = "1kB", .help = "in low_speed_time"},
	{"max_answer", &ANSWER, .fallback = "256MiB", .help = "a larger answer is an error"},
	{.name = NULL},
};
static const struct form HTTP = {FORM_MAP, .title = "http", .keys = HTTP_KEYS};

static const struct key LOG_KEYS[] = {
	{"dir", &TEXT, .fallback = "logs", .help = "where the daily files go"},
	{"keep_days", &DAYS, .fallback = "30", .help = "older ones are removed; 0 keeps all"},
	{.name = NULL},
};
static const struct form LOG = {FORM_MAP, .title = "log", .keys = LOG_KEYS};

static const struct key KEYS[] = {
	{"version", &VERSION, KEY_REQUIRED, .help = "of this format"},
	{"pipeline", &PIPELINE, .otherwise = "the connector's name",
	 .help = "state and logs are kept under this name"},
	{"source", &SOURCE, .help = "what is read"},
	{"destination", &DESTINATION, .otherwise = "a DuckDB file", .help = "where it goes"},
	{"spool", &SPOOL, .help = "what was read once waits here until it is delivered"},
	{"deliver", &DELIVER, .help = "how much goes into one file"},
	{"schedule", &SCHEDULE, .help = "when firn start runs"},
	{"ddl", &DDL, .help = "names for what firn ddl prints"},
	{"views", &VIEWS, .help = "timezone, and what the connector's views ask for"},
	{"http", &HTTP, .help = "for every connection"},
	{"state_dir", &TEXT, .otherwise = ".firn/<pipeline>", .help = "lock and copy of the state"},
	{"log", &LOG, .help = "log files"},
	{.name = NULL},
};
const struct form CONFIG_FORM = {FORM_MAP, .title = "firn.yaml", .keys = KEYS};
