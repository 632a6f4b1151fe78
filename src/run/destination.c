/* Where the rows go, from the configuration to what the warehouse's door wants to know. */
#include "run/setup.h"

#include "base/bounds.h"
#include "base/private_key.h"
#include "warehouse/account.h"

#include <stdio.h>
#include <string.h>

bool destination_is_warehouse(const struct config *config, enum warehouse_kind *ret)
{
	*ret = config->to == CONFIG_TO_SNOWFLAKE ? WAREHOUSE_SNOWFLAKE : WAREHOUSE_DUCKDB;
	return config->to == CONFIG_TO_SNOWFLAKE || config->to == CONFIG_TO_DUCKDB;
}

bool destination_is_there(const struct config *config)
{
	return config->to != CONFIG_TO_DUCKDB || file_exists(config->duckdb);
}

char *destination_name(const struct config *config, struct arena *arena)
{
	const struct config_snowflake *snowflake = &config->snowflake;
	struct account account;
	struct err ignored = {0};
	switch (config->to) {
	case CONFIG_TO_SNOWFLAKE:
		return arena_printf(arena, "Snowflake %s %s.%s",
				    account_parse(snowflake->account, &account, &ignored)
					    ? account.name : snowflake->account,
				    snowflake->database, snowflake->schema);
	case CONFIG_TO_S3:
		return arena_printf(arena, "s3://%s%s%s", config->s3.bucket,
				    config->s3.prefix[0] == '\0' ? "" : "/", config->s3.prefix);
	case CONFIG_TO_FOLDER:
		return arena_printf(arena, "folder %s", config->landing);
	case CONFIG_TO_DUCKDB:
	case CONFIG_TO_NOWHERE:
		break;
	}
	return arena_printf(arena, "DuckDB %s", config->duckdb);
}

/* Behind the configuration's folder, without links; NULL in *ret: it is not in there. */
static bool find_behind(const struct config *config, const char *path, struct buf *real,
			const char **ret, struct err *reterr)
{
	char above[PATH_BYTES_MAX];
	struct err ignored;
	struct buf folder;
	buf_init(&folder, PATH_BYTES_MAX);
	snprintf(above, sizeof above, "%.*s", SPAN_ARGS(file_folder_of(path)));
	*ret = NULL;
	bool done = file_absolute(&folder, config->folder, reterr);
	if (done && file_absolute(real, above, &ignored)) {
		buf_addf(real, "/%s", file_name_of(path));
		done = buf_ok(real, reterr);
		if (done)
			*ret = file_behind(buf_text(real), buf_text(&folder));
	}
	buf_done(&folder);
	return done;
}

/* What lies in the configuration's folder is named from there: a service that names that folder
 * from /, a person who is in it, and somebody who has moved it name the same place. */
static bool add_place(struct buf *ret, const struct config *config, const char *path,
		      struct err *reterr)
{
	const char *rest = file_behind(path, config->folder);
	struct buf real;
	bool done = true;
	buf_init(&real, PATH_BYTES_MAX);
	if (rest == NULL && path[0] != '/')
		rest = strncmp(path, "./", 2) == 0 ? path + 2 : path;
	else if (rest == NULL)
		done = find_behind(config, path, &real, &rest, reterr);
	done = done && (buf_add_text(ret, rest == NULL ? path : rest) || buf_ok(ret, reterr));
	buf_done(&real);
	return done;
}

char *destination_place(const struct config *config, struct arena *arena, struct err *reterr)
{
	struct buf text;
	char *place = NULL;
	bool folder = config->to == CONFIG_TO_FOLDER;
	if (!folder && config->to != CONFIG_TO_DUCKDB) {
		place = destination_name(config, arena);
		if (place == NULL)
			err_memory(reterr);
		return place;
	}
	buf_init(&text, 2 * PATH_BYTES_MAX);
	buf_add_text(&text, folder ? "folder " : "DuckDB ");
	if (add_place(&text, config, folder ? config->landing : config->duckdb, reterr)) {
		place = arena_text(arena, buf_span(&text));
		if (place == NULL)
			err_memory(reterr);
	}
	buf_done(&text);
	return place;
}

/* --- Snowflake --- */

static const char *value_of(const struct secret *secret)
{
	return secret == NULL ? "" : secret->value.at;
}

static bool open_key(const struct config *config, struct private_key *ret, struct err *reterr)
{
	const struct config_snowflake *from = &config->snowflake;
	struct span passphrase = {NULL, 0};
	struct buf text;
	buf_init(&text, SECRET_BYTES_MAX);
	if (from->key_passphrase != NULL)
		passphrase = from->key_passphrase->value;
	bool read = from->key_file == NULL || file_read(from->key_file, &text, reterr);
	if (!read)
		reterr->kind = ERR_USAGE;
	bool done = read && private_key_open(from->key_file == NULL ? from->key->value
								    : buf_span(&text),
					     passphrase, RSA_BITS_MIN, ret, reterr);
	if (!done)
		err_at(reterr, "%s: destination.snowflake.auth.%s", config->file,
		       from->key_file != NULL ? "key_file" : "key");
	buf_wipe(&text);
	return done && secrets_note(config->secrets, buf_span(&ret->pem), reterr);
}

static bool sign_in(const struct config *config, struct arena *arena, struct private_key *key,
		    struct snowflake_options *ret, struct err *reterr)
{
	const struct config_snowflake *from = &config->snowflake;
	switch (from->auth) {
	case SNOWFLAKE_KEY:
		ret->sign_in = SIGN_IN_KEY;
		if (!open_key(config, key, reterr))
			return false;
		ret->secret = arena_text(arena, buf_span(&key->pem));
		return ret->secret != NULL || err_memory(reterr);
	case SNOWFLAKE_TOKEN:
		ret->sign_in = SIGN_IN_TOKEN;
		ret->secret = value_of(from->token);
		break;
	case SNOWFLAKE_OAUTH:
		ret->sign_in = SIGN_IN_OAUTH;
		ret->secret = value_of(from->oauth);
		break;
	case SNOWFLAKE_WORKLOAD:
		ret->sign_in = SIGN_IN_WORKLOAD;
		ret->secret = from->workload_identity;
		break;
	case SNOWFLAKE_PASSWORD:
	case SNOWFLAKE_UNSET:
		ret->sign_in = SIGN_IN_PASSWORD;
		ret->secret = value_of(from->password);
		break;
	}
	return true;
}

/* The run's patience is one, whatever it waits for. */
static int64_t patience_ms(const struct config *config, int64_t most_ms)
{
	int64_t budget_ms = config->retry_budget_us / 1000;
	return budget_ms < most_ms ? budget_ms : most_ms;
}

static bool is_here(const char *host)
{
	return host != NULL && (strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
				strncmp(host, "127.", 4) == 0);
}

bool destination_snowflake(const struct config *config, struct arena *arena,
			   struct private_key *ret_key, struct snowflake_options *ret,
			   struct err *reterr)
{
	const struct config_snowflake *from = &config->snowflake;
	struct account account;
	*ret = (struct snowflake_options){
		.account = from->account,
		.user = from->user,
		.warehouse = from->warehouse,
		.database = from->database,
		.schema = from->schema,
		.role = from->role,
		.staging_schema = from->staging_schema,
		.host = from->host,
		.port = from->port,
		.plain_http = from->plain_http,
		.query_tag = arena_printf(arena, "firn %s", config->pipeline),
		.login_timeout_ms = patience_ms(config, LOGIN_WAIT_MS),
		.request_timeout_ms = patience_ms(config, REQUEST_WAIT_MS),
	};
	if (ret->query_tag == NULL)
		return err_memory(reterr);
	if (from->plain_http && !config->allow_http && !is_here(from->host))
		return err_set(reterr, ERR_USAGE, "%s: destination.snowflake.protocol: http would"
			       " send the credentials unencrypted; use https, or set http: {"
			       " allow_http: true }", config->file);
	return (account_parse(from->account, &account, reterr) ||
		err_at(reterr, "%s: destination.snowflake.account", config->file)) &&
	       sign_in(config, arena, ret_key, ret, reterr);
}

bool setup_warehouse(struct setup *setup, bool read_only, struct warehouse_options *ret,
		     struct err *reterr)
{
	const struct config *config = setup->config;
	struct private_key key = {.bits = 0};
	*ret = (struct warehouse_options){
		.path = config->duckdb,
		.snowflake = &setup->snowflake,
		.driver = setup->driver,
		.read_only = read_only,
		.lock_wait_ms = patience_ms(config, WAREHOUSE_LOCK_WAIT_MS),
	};
	if (!destination_is_warehouse(config, &ret->kind))
		return err_set(reterr, ERR_USAGE, "%s is no warehouse", setup->destination);
	if (ret->kind != WAREHOUSE_SNOWFLAKE || setup->snowflake.account != NULL)
		return true;
	bool done = destination_snowflake(config, setup->arena, &key, &setup->snowflake, reterr);
	private_key_done(&key);
	if (!done)
		setup->snowflake.account = NULL;
	return done;
}

bool setup_open_warehouse(struct setup *setup, bool read_only, struct warehouse **ret,
			  struct err *reterr)
{
	struct warehouse_options options;
	if (!setup_warehouse(setup, read_only, &options, reterr))
		return false;
	options.waiting = setup->waiting;
	options.user = setup->waiting_user;
	return warehouse_open(ret, &options, reterr);
}
