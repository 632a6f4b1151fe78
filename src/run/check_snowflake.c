/* firn check for a Snowflake destination: the driver, the account, the key as Snowflake will see
 * it, the clock, signing in, where the session stands, and each right by name. */
#include "run/checking.h"

#include "base/bounds.h"
#include "base/clock.h"
#include "base/private_key.h"
#include "base/text.h"
#include "run/probe.h"
#include "warehouse/account.h"
#include "warehouse/checks.h"

#include <stdio.h>
#include <stdlib.h>

enum { ROLES_MAX = 64, RIGHTS_MAX = 64, SKEW_S_MAX = 30 };

struct right {
	const char *privilege, *on;
	const char *name;    /* as Snowflake writes it */
	bool found;
};

struct visit {
	struct checking *c;
	struct arena *arena;
	struct account account;
	struct private_key key;
	struct snowflake_options options;
	char *user; /* as a token names it */
	/* Of this machine's clock against Snowflake's: for what a refused key may mean. */
	bool clock_known;
	int64_t skew_us;
	/* rights */
	struct right rights[RIGHTS_MAX];
	size_t rights_n;
	const char *roles[ROLES_MAX]; /* the session's and all that it inherits from */
	size_t roles_n;
	bool failed; /* no memory */
};

/* --- before signing in --- */

static void tell_key(struct visit *visit)
{
	struct checking *c = visit->c;
	if (visit->options.sign_in == SIGN_IN_PASSWORD)
		check_tell(c, CHECK_WARN, "sign-in",
			   "use key_file, or token (a programmatic access token)",
			   "Snowflake refuses passwords of service users since 2026");
	if (visit->options.sign_in != SIGN_IN_KEY)
		return;
	check_tell(c, CHECK_OK, "key", NULL,
		   "issuer %s.%s.%s, subject %s.%s; DESC USER shows the same fingerprint as "
		   "RSA_PUBLIC_KEY_FP", visit->account.name, visit->user, visit->key.fingerprint,
		   visit->account.name, visit->user);
}

/* The Date of any answer; a token that was issued in the future or is too old is refused. */
static bool check_clock(struct visit *visit, struct err *reterr)
{
	struct checking *c = visit->c;
	const struct snowflake_options *options = &visit->options;
	struct probe_options how = {.config = c->config, .stop = c->options->stop};
	struct probe *probe = NULL;
	struct response response = {0};
	int64_t port = options->port != 0 ? options->port : options->plain_http ? 80 : 443;
	char text[32];
	char *url = arena_printf(visit->arena, "%s://%s:%lld/",
				 options->plain_http ? "http" : "https",
				 options->host != NULL ? options->host : visit->account.host,
				 (long long)port);
	if (url == NULL || !probe_new(&probe, &how, reterr))
		return url == NULL ? err_memory(reterr) : false;
	struct request request = {.method = "GET", .url = url, .shown = url};
	bool done = probe_ask(probe, &request, &response, reterr);
	int64_t now_us = clock_now_us() - response.took_ms * 500 - STAMP_SECOND / 2;
	int64_t skew_us = done && response.date_us > 0 ? now_us - response.date_us : 0;
	int64_t size_us = skew_us < 0 ? -skew_us : skew_us;
	visit->clock_known = done && response.date_us > 0;
	visit->skew_us = skew_us;
	text_write_duration(text, sizeof text, stamp_floor(size_us, STAMP_SECOND));
	if (done && response.end != EXCHANGE_ANSWERED)
		check_tell(c, CHECK_FAIL, "Snowflake", "check account, host, the network, and "
			   "http: { proxy: ..., ca_file: ... }", "%s", response.why.text);
	else if (done && size_us > SKEW_S_MAX * STAMP_SECOND)
		check_tell(c, CHECK_WARN, "Snowflake", "set this machine's clock by NTP: a key's "
			   "token is refused when it is of another time",
			   "%s answers; this machine is %s %s it", url, text,
			   skew_us > 0 ? "ahead of" : "behind");
	else if (done)
		check_tell(c, CHECK_OK, "Snowflake", NULL, "account %s, %s answers, clocks agree",
			   visit->account.name, url);
	response_done(&response);
	probe_free(probe);
	return done;
}

/* --- signing in --- */

struct remedy {
	const char *says, *todo;
};

static const struct remedy REMEDIES[] = {
	{"390100", "the user or the password is wrong, or the user is locked"},
	{"390422", "the network policy does not let this machine's address in"},
	{"390420", "the network policy does not let this machine's address in"},
	{"390189", "the role does not exist, or is not granted: GRANT ROLE ... TO USER ..."},
	{"390186", "the role does not exist, or is not granted: GRANT ROLE ... TO USER ..."},
	{"390201", "database, schema or warehouse do not exist, or the role may not use them"},
	{"394400", "the programmatic access token is wrong: make a new one"},
	{"394401", "the programmatic access token has expired: make a new one"},
	{"390303", "the OAuth token is wrong or of another account"},
	{"390318", "the OAuth token has expired"},
};

static const char *remedy_for(const char *text)
{
	for (size_t i = 0; i < sizeof REMEDIES / sizeof REMEDIES[0]; i++) {
		if (strstr(text, REMEDIES[i].says) != NULL)
			return REMEDIES[i].todo;
	}
	return "check destination.snowflake";
}

/* "JWT token is invalid": Snowflake does not say why. Of the four reasons the clock was measured,
 * and each of the others has something to compare it with. */
static const char *remedy_for_key(const struct visit *visit, char *todo, size_t room)
{
	int64_t size_us = visit->skew_us < 0 ? -visit->skew_us : visit->skew_us;
	char skew[32];
	text_write_duration(skew, sizeof skew, stamp_floor(size_us, STAMP_SECOND));
	if (visit->clock_known && size_us > SKEW_S_MAX * STAMP_SECOND)
		snprintf(todo, room, "set the clock first: it is %s %s Snowflake's, and a key's "
			 "token lives a minute", skew,
			 visit->skew_us > 0 ? "ahead of" : "behind");
	else
		snprintf(todo, room, "one of these is wrong: the account (%s; SELECT "
			 "CURRENT_ORGANIZATION_NAME() || '-' || CURRENT_ACCOUNT_NAME()), the user "
			 "(%s: LOGIN_NAME of DESC USER), or the key (RSA_PUBLIC_KEY_FP of DESC "
			 "USER is not the fingerprint above); the clock is %s",
			 visit->account.name, visit->user,
			 visit->clock_known ? "right" : "not known, for Snowflake told no time");
	return todo;
}

/* --- where the session stands --- */

static void check_standing(struct visit *visit, const char *what, const char *key,
			   const char *wanted, const struct buf *is, const char *grant)
{
	char todo[512];
	const char *role = visit->roles_n > 0 ? visit->roles[0] : "the role";
	snprintf(todo, sizeof todo, "create it, or GRANT %s \"%s\" TO ROLE \"%s\"", grant, wanted,
		 role);
	if (strcmp(buf_text(is), wanted) == 0)
		return;
	check_tell(visit->c, CHECK_FAIL, what, todo, "%s: %s does not exist, or role %s may not "
		   "use it", key, wanted, role);
}

static bool check_session(struct visit *visit, struct warehouse *warehouse, struct err *reterr)
{
	const struct snowflake_options *options = &visit->options;
	struct checking *c = visit->c;
	size_t failed = c->result->failed;
	struct buf cells[4];
	for (size_t i = 0; i < 4; i++)
		buf_init(&cells[i], SQL_BYTES_MAX);
	bool done = checks_session(warehouse, &cells[0], &cells[1], &cells[2], &cells[3], reterr);
	if (done) {
		visit->roles[0] = arena_text(visit->arena, buf_span(&cells[0]));
		visit->failed |= visit->roles[0] == NULL;
		visit->roles_n = visit->roles[0] != NULL && cells[0].size > 0;
		if (options->role != NULL && strcmp(options->role, buf_text(&cells[0])) != 0)
			check_tell(c, CHECK_FAIL, "role", "GRANT ROLE ... TO USER ...",
				   "the session has role %s, not %s", buf_text(&cells[0]),
				   options->role);
		check_standing(visit, "warehouse", "warehouse", options->warehouse, &cells[1],
			       "USAGE ON WAREHOUSE");
		check_standing(visit, "database", "database", options->database, &cells[2],
			       "USAGE ON DATABASE");
		check_standing(visit, "schema", "schema", options->schema, &cells[3],
			       "USAGE ON SCHEMA");
	}
	if (done && c->result->failed == failed)
		check_tell(c, CHECK_OK, "session", NULL, "user %s, role %s, warehouse %s, %s.%s",
			   options->user, buf_text(&cells[0]), options->warehouse,
			   options->database, options->schema);
	for (size_t i = 0; i < 4; i++)
		buf_done(&cells[i]);
	return done;
}

/* --- rights --- */

/* `name` with its parts quoted where SQL needs that, as SHOW GRANTS has it. */
static void add_part(struct buf *out, const char *part)
{
	bool plain = part[0] != '\0' && (part[0] < '0' || part[0] > '9');
	for (const char *at = part; *at != '\0'; at++)
		plain &= (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') || *at == '_' ||
			 *at == '$';
	if (out->size > 0)
		buf_add_char(out, '.');
	buf_addf(out, plain ? "%s" : "\"%s\"", part);
}

static void need(struct visit *visit, const char *privilege, const char *on, const char *schema,
		 const char *object)
{
	struct buf name;
	buf_init(&name, SQL_BYTES_MAX);
	add_part(&name, visit->options.database);
	add_part(&name, schema);
	if (object != NULL)
		add_part(&name, object);
	const char *kept = arena_text(visit->arena, buf_span(&name));
	visit->failed |= kept == NULL;
	if (visit->rights_n < RIGHTS_MAX && kept != NULL)
		visit->rights[visit->rights_n++] = (struct right){privilege, on, kept, false};
	buf_done(&name);
}

static void note_grant(void *user, const char *privilege, const char *on, const char *name)
{
	struct visit *visit = user;
	bool owner = strcmp(privilege, "OWNERSHIP") == 0 || strcmp(privilege, "ALL") == 0;
	for (size_t i = 0; i < visit->rights_n; i++) {
		struct right *right = &visit->rights[i];
		if ((owner || strcmp(right->privilege, privilege) == 0) &&
		    strcmp(right->on, on) == 0 && strcmp(right->name, name) == 0)
			right->found = true;
	}
	if (strcmp(on, "ROLE") != 0 || visit->roles_n == ROLES_MAX)
		return;
	for (size_t i = 0; i < visit->roles_n; i++) {
		if (strcmp(visit->roles[i], name) == 0)
			return;
	}
	const char *kept = arena_text(visit->arena, span_of(name));
	visit->failed |= kept == NULL;
	if (kept != NULL)
		visit->roles[visit->roles_n++] = kept;
}

static void need_rights(struct visit *visit, const bool *there)
{
	static const char *const ON_TABLES[] = {"SELECT", "INSERT", "UPDATE", "DELETE"};
	const struct setup *setup = visit->c->setup;
	const char *schema = visit->options.schema;
	need(visit, "CREATE TABLE", "SCHEMA", schema, NULL);
	if (visit->c->config->create_views)
		need(visit, "CREATE VIEW", "SCHEMA", schema, NULL);
	if (strcmp(visit->options.staging_schema, schema) != 0) { /* the session stands in schema */
		need(visit, "USAGE", "SCHEMA", visit->options.staging_schema, NULL);
		need(visit, "CREATE TABLE", "SCHEMA", visit->options.staging_schema, NULL);
	}
	need(visit, "CREATE STAGE", "SCHEMA", visit->options.staging_schema, NULL);
	for (size_t i = 0; setup != NULL && i < setup->tables_n; i++) {
		for (size_t k = 0; k < 4 && there[i]; k++)
			need(visit, ON_TABLES[k], "TABLE", schema, setup->tables[i]->name);
	}
}

/* What is missing on one object, in one line; true: something is. Later ones on the same object
 * are then marked as found. */
static bool tell_missing(struct visit *visit, size_t first)
{
	const struct right *object = &visit->rights[first];
	char todo[512], list[128] = "";
	size_t used = 0;
	if (object->found)
		return false;
	for (size_t i = first; i < visit->rights_n; i++) {
		struct right *right = &visit->rights[i];
		if (right->found || strcmp(right->on, object->on) != 0 ||
		    strcmp(right->name, object->name) != 0)
			continue;
		used += (size_t)snprintf(list + used, sizeof list - used, "%s%s",
					 used == 0 ? "" : ", ", right->privilege);
		right->found = true;
	}
	snprintf(todo, sizeof todo, "GRANT %s ON %s %s TO ROLE %s", list, object->on,
		 object->name, visit->roles[0]);
	check_tell(visit->c, CHECK_FAIL, "rights", todo, "role %s has no %s on %s %s",
		   visit->roles[0], list, object->on, object->name);
	return true;
}

static bool check_rights(struct visit *visit, struct warehouse *warehouse, const bool *there,
			 struct err *reterr)
{
	struct checking *c = visit->c;
	need_rights(visit, there);
	for (size_t i = 0; i < visit->roles_n; i++) {
		struct err why = {0};
		if (checks_grants(warehouse, visit->roles[i], note_grant, visit, &why))
			continue;
		if (why.kind == ERR_MEMORY)
			return err_memory(reterr);
		if (i > 0)
			continue; /* a role that we may not look into */
		check_tell(c, CHECK_WARN, "rights", NULL, "cannot be looked at: %s", why.text);
		return true;
	}
	if (visit->failed)
		return err_memory(reterr);
	size_t missing = 0;
	for (size_t i = 0; i < visit->rights_n; i++)
		missing += tell_missing(visit, i);
	if (missing == 0)
		check_tell(c, CHECK_OK, "rights", NULL, "all %zu that a load needs are granted",
			   visit->rights_n);
	return true;
}

/* --- the whole --- */

static bool check_inside(struct visit *visit, struct warehouse *warehouse, struct err *reterr)
{
	const struct setup *setup = visit->c->setup;
	size_t n = setup == NULL ? 0 : setup->tables_n;
	size_t failed = visit->c->result->failed;
	bool *there = arena_array(visit->arena, n + 1, sizeof *there);
	if (there == NULL)
		return err_memory(reterr);
	if (!check_session(visit, warehouse, reterr))
		return false;
	if (visit->c->result->failed > failed)
		return true; /* nothing below would say more */
	return (setup == NULL || check_tables(visit->c, warehouse, there, reterr)) &&
	       check_rights(visit, warehouse, there, reterr);
}

static bool check_signed_in(struct visit *visit, const char *driver, struct err *reterr)
{
	struct checking *c = visit->c;
	struct warehouse_options options = {
		.kind = WAREHOUSE_SNOWFLAKE, .snowflake = &visit->options, .driver = driver,
		.read_only = true,
	};
	struct warehouse *warehouse = NULL;
	struct err why = {0};
	char todo[3 * ACCOUNT_BYTES];
	if (warehouse_open(&warehouse, &options, &why)) {
		check_tell(c, CHECK_OK, "destination", NULL, "signed in to %s",
			   visit->account.name);
		if (!check_inside(visit, warehouse, &why) && why.kind != ERR_MEMORY) {
			check_tell(c, CHECK_FAIL, "destination", "see what the warehouse says",
				   "%s", why.text);
		}
		warehouse_close(warehouse);
	} else if (why.kind != ERR_MEMORY) {
		bool key = strstr(why.text, "390144") != NULL;
		check_tell(c, CHECK_FAIL, "destination",
			   key ? remedy_for_key(visit, todo, sizeof todo) : remedy_for(why.text),
			   "%s", why.text);
	}
	return why.kind != ERR_MEMORY || err_memory(reterr);
}

static bool visit_all(struct visit *visit, const char *driver, struct err *reterr)
{
	struct checking *c = visit->c;
	struct err why = {0};
	if (!destination_snowflake(c->config, visit->arena, &visit->key, &visit->options, &why) ||
	    !account_parse(visit->options.account, &visit->account, &why)) {
		if (why.kind == ERR_MEMORY)
			return err_memory(reterr);
		check_tell(c, CHECK_FAIL, "destination", "correct destination.snowflake", "%s",
			   why.text);
		c->result->usage = true;
		return true;
	}
	visit->options.login_timeout_ms = CHECK_LOGIN_WAIT_MS;
	visit->options.request_timeout_ms = CHECK_LOGIN_WAIT_MS;
	visit->user = arena_text(visit->arena, span_of(visit->options.user));
	if (visit->user == NULL)
		return err_memory(reterr);
	text_upper(visit->user);
	tell_key(visit);
	return check_clock(visit, reterr) && check_signed_in(visit, driver, reterr);
}

bool check_snowflake(struct checking *c, struct err *reterr)
{
	struct visit visit = {.c = c, .arena = arena_new()};
	struct buf driver;
	struct err why = {0};
	buf_init(&driver, PATH_BYTES_MAX);
	bool found = driver_find(WAREHOUSE_SNOWFLAKE, c->config->driver,
				 c->options->environment_driver, &driver, &why);
	bool done = visit.arena != NULL || err_memory(reterr);
	if (found)
		check_tell(c, CHECK_OK, "driver", NULL, "%s", buf_text(&driver));
	else
		check_tell(c, CHECK_FAIL, "driver", "bring it, or name it with "
			   "destination.snowflake.driver or $FIRN_DRIVER_PATH", "%s", why.text);
	done = done && (!found || visit_all(&visit, buf_text(&driver), reterr));
	private_key_done(&visit.key);
	arena_free(visit.arena);
	buf_done(&driver);
	return done;
}
