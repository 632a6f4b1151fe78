/* firn.yaml: what the user wants, read and checked.
 *
 * Unknown keys are errors with the nearest known one; every message begins with file:line:column.
 * `${NAME}` is the environment, `${file:PATH}` a file's content (without its last line end),
 * `${cmd:["prog","arg"]}` what a program prints, `$$` a dollar sign; they work in every value. A
 * secret that stands in the file itself is taken only where no other user can read the file.
 * Relative paths are relative to the file's folder. One table (config/grammar.c) drives reading,
 * messages, the manual page and the JSON Schema. */
#ifndef FIRN_CONFIG_CONFIG_H
#define FIRN_CONFIG_CONFIG_H

#include "base/arena.h"
#include "base/err.h"
#include "config/secret.h"
#include "config/yaml.h"

#include <stdint.h>

enum config_auth { CONFIG_AUTH_UNSET, CONFIG_AUTH_BEARER, CONFIG_AUTH_API_KEY, CONFIG_AUTH_BASIC,
		   CONFIG_AUTH_OAUTH2 };

struct config_stream {
	const char *name;
	const char *const *excluded, *const *hashed; /* upper case */
	size_t excluded_n, hashed_n;
	int line, column;
};

struct config_list { /* of `views` */
	const char *name;
	const char *const *values;
	size_t n;
	int line, column;
};

enum config_destination { CONFIG_TO_NOWHERE, CONFIG_TO_DUCKDB, CONFIG_TO_SNOWFLAKE, CONFIG_TO_S3,
			  CONFIG_TO_FOLDER };

enum config_snowflake_auth { SNOWFLAKE_UNSET, SNOWFLAKE_KEY, SNOWFLAKE_TOKEN, SNOWFLAKE_OAUTH,
			     SNOWFLAKE_WORKLOAD, SNOWFLAKE_PASSWORD };

/* Names follow SQL: unquoted they were folded to upper case, quoted ones lost their quotes. */
struct config_snowflake {
	const char *account;       /* as it was given */
	const char *user;
	const char *warehouse, *database, *schema, *role; /* role NULL: the user's default */
	const char *staging_schema; /* the schema's, where not given */
	const char *stage;         /* NULL: none; as it was given */
	const char *host;          /* NULL: the account's */
	int64_t port;              /* 0: the protocol's */
	bool plain_http;
	enum config_snowflake_auth auth;
	const char *key_file;      /* NULL: the text is in `key` */
	struct secret *key, *key_passphrase, *token, *oauth, *password; /* NULL: not given */
	const char *workload_identity;
};

enum config_encryption { ENCRYPT_BUCKET, ENCRYPT_AES256, ENCRYPT_KMS }; /* BUCKET: not asked for */

struct config_s3 {
	const char *bucket, *prefix; /* prefix "" or without slashes at its ends */
	const char *region, *endpoint; /* NULL: not given */
	bool path_style, conditional;
	struct secret *access_key_id, *secret_access_key, *session_token; /* NULL: not given */
	enum config_encryption encryption;
	const char *kms_key_id;    /* NULL: the account's default key */
};

struct config_schedule {
	bool given;
	const int *at_minutes;     /* of the day, in `timezone`, sorted; each once */
	size_t at_n;               /* 0: every_us counts */
	int64_t every_us;
	const char *timezone;
	int64_t jitter_us;
};

struct config_ddl { /* NULL: not given */
	const char *database, *schema, *warehouse, *role, *integration, *stage, *aws_role_arn;
};

struct config {
	const char *file, *folder; /* as it was given; "." where it has none */
	const char *pipeline;
	/* source */
	const char *connector;     /* a built-in's name, or a path (joined with the folder); "":
				    * none is given, such a pipeline only loads landed files */
	bool connector_is_path;
	int connector_line, connector_column; /* of source.connector; of source without it */
	const char *base_url;      /* NULL: the connector's */
	int base_url_line, base_url_column;   /* likewise */
	enum config_auth auth;
	int auth_line, auth_column; /* of source.auth; of source where it is not given */
	struct secret *token, *user, *password, *key; /* NULL: not given */
	struct secret *client_id, *client_secret;             /* NULL: not given */
	const char *token_url, *scope; /* NULL: the connector's */
	const struct config_stream *streams;
	size_t streams_n;          /* 0: all but the connector's optional ones */
	struct secret *hash_key;   /* NULL: none */
	int64_t lookback_us;       /* -1: the connector's */
	int64_t parallel;
	int64_t retry_budget_us;
	const struct yaml *settings; /* NULL: none; values expanded */
	/* destination */
	enum config_destination to; /* which one of these: */
	const char *duckdb;        /* the file's path */
	struct config_snowflake snowflake;
	struct config_s3 s3;
	const char *landing;       /* the folder's path */
	const char *driver;        /* the driver's library, NULL: looked for */
	bool create_views, append;
	const char *table_prefix;
	/* spool, deliver */
	const char *spool_dir;
	int64_t spool_bytes_max, spool_age_max_us;
	bool spool_drops_oldest;
	int64_t deliver_wait_us, deliver_bytes_max;
	struct config_schedule schedule;
	struct config_ddl ddl;
	/* views */
	const char *timezone;
	const struct config_list *lists;
	size_t lists_n;
	/* http */
	const char *proxy, *no_proxy; /* NULL: not given */
	const char *ca_file;          /* SSL_CERT_FILE where it is not given; NULL: neither */
	bool allow_http;
	int64_t connect_timeout_us, low_speed_time_us, low_speed_bytes, max_answer_bytes;
	/* files */
	const char *state_dir, *log_dir;
	int64_t log_keep_days;

	struct secrets *secrets;   /* all of them, for reading again and for scrubbing */
	bool others_can_read;      /* the file */
	const struct reference *references; /* values that held ${...} */
	struct arena *arena;
};

/* What will be done with it: secrets that are not used may be missing, and whoever looks at night
 * has not the unit's environment. */
enum config_use { CONFIG_USE_ALL, CONFIG_USE_DESTINATION, CONFIG_USE_NOTHING };

/* Reads `path`. ERR_USAGE: all mistakes are in `mistakes` too, a line each, at most
 * CONFIG_ERRORS_MAX. */
MUST_CHECK bool config_read(struct config **ret, const char *path, struct buf *mistakes,
			    struct err *reterr);
MUST_CHECK bool config_read_for(struct config **ret, const char *path, enum config_use,
				struct buf *mistakes, struct err *reterr);
void config_free(struct config *); /* NULL is fine */

/* True where the value stands in the file itself, and other users can read that: no place for a
 * secret. */
bool config_is_open(const struct config *, const struct yaml *scalar);

/* A JSON Schema of firn.yaml, for editors; the manual page firn.yaml(5), in mdoc. */
bool config_schema(struct buf *out);
bool config_manual(struct buf *out);

#endif
