/* Everything a command needs to know before it asks or loads anything: the configuration, its
 * connector with the user's settings, the tables that follow from both, the way to sign in, the
 * lock and the local copy of the state. */
#ifndef FIRN_RUN_SETUP_H
#define FIRN_RUN_SETUP_H

#include "base/file.h"
#include "config/config.h"
#include "run/local.h"
#include "source/plan.h"
#include "source/rest.h"
#include "warehouse/warehouse.h"

struct planned { /* a stream that the configuration selects */
	const struct stream *stream;
	const struct table *table;
	bool spooled; /* its rows go through the spool */
};

struct setup {
	/* Called while another holder of the warehouse is waited for; NULL: nobody is told. */
	bool (*waiting)(void *user, const char *what);
	void *waiting_user;
	const struct config *config;
	struct connector *connector; /* NULL: none is configured (setup_open_landing) */
	struct connector **others;   /* setup_open_landing: the built-in ones beside it */
	size_t others_n;
	struct settings settings;
	struct credentials credentials;
	char *base_url;             /* filled in; "" where every stream has its own */
	struct rest_setup rest;
	struct sign *sign;
	struct planned *streams;    /* parents before their children */
	size_t streams_n;
	const struct table **tables; /* of them and FIRN_REJECTED */
	size_t tables_n;
	struct span hash_key;
	char *driver;               /* the warehouse's library; NULL: no warehouse */
	char *destination;          /* names it in messages */
	char *place;                /* and in the local copy */
	struct snowflake_options snowflake; /* made by setup_warehouse */
	struct local *local;        /* NULL until setup_lock or setup_local */
	struct file_lock *lock;
	struct arena *arena;
};

/* Reads the connector, checks the configuration against it. ERR_USAGE with all `mistakes`, a line
 * each. `environment_driver` is $FIRN_DRIVER_PATH or NULL. */
MUST_CHECK bool setup_open(struct setup **ret, const struct config *,
			   const char *environment_driver, struct buf *mistakes,
			   struct err *reterr);
/* Of tables alone, whoever brings their rows: streams and tables are those of the configured
 * connector, if there is one, and of all built-in ones; who comes first has a table. There is no
 * way to ask anybody: settings, credentials, rest and sign are empty. (setup_landing.c) */
MUST_CHECK bool setup_open_tables(struct setup **ret, const struct config *, struct buf *mistakes,
				  struct err *reterr);
/* The same for landed files. ERR_USAGE: the destination is no warehouse, or its driver is not
 * there. */
MUST_CHECK bool setup_open_landing(struct setup **ret, const struct config *,
				   const char *environment_driver, struct buf *mistakes,
				   struct err *reterr);
bool setup_has_connector(const struct setup *, const char *name);
void setup_close(struct setup *); /* NULL is fine */

/* setup_select.c: keeps only these streams. ERR_USAGE: one is not known or not selected, or a child
 * without the stream it asks for. */
MUST_CHECK bool setup_select(struct setup *, const char *const *streams, size_t n,
			     struct err *reterr);

/* Makes state_dir, takes the pipeline's lock (ERR_BUSY: who holds it), reads the local copy.
 * `why` as in local_open. */
MUST_CHECK bool setup_lock(struct setup *, const char *command, struct err *why,
			   struct err *reterr);
/* Reads the local copy without the lock, for commands that only look. */
MUST_CHECK bool setup_local(struct setup *, struct err *why, struct err *reterr);
/* The credentials again, after a 401. */
MUST_CHECK bool setup_reload_secrets(struct setup *, struct err *reterr);

/* --- destination.c --- */
/* False: rows are landed as files; no warehouse is touched. */
bool destination_is_warehouse(const struct config *, enum warehouse_kind *ret);
/* As messages name it: a path as it was given. NULL: no memory. */
char *destination_name(const struct config *, struct arena *);
/* As the local copy of the state names it: the same for the same place, from whatever folder and
 * by whatever path the configuration was named. NULL: *reterr. */
char *destination_place(const struct config *, struct arena *, struct err *reterr);
/* How the warehouse is opened by this configuration; the setup keeps what it points to. ERR_USAGE:
 * a key file cannot be read or opened. */
MUST_CHECK bool setup_warehouse(struct setup *, bool read_only, struct warehouse_options *ret,
				struct err *reterr);
/* And opens it. */
MUST_CHECK bool setup_open_warehouse(struct setup *, bool read_only, struct warehouse **ret,
				     struct err *reterr);
/* The same for `check`, with what it knows without a setup. `key` may be NULL; it is done by the
 * caller, and lives as long as the options are used. */
struct private_key;
MUST_CHECK bool destination_snowflake(const struct config *, struct arena *,
				      struct private_key *ret_key, struct snowflake_options *ret,
				      struct err *reterr);
/* False: there is surely nothing loaded yet, and opening the warehouse would make it. */
bool destination_is_there(const struct config *);
/* True: rows are landed as files, and no warehouse is touched; the local state is the only one. */
bool setup_lands(const struct setup *);
void setup_mark_spooled(struct setup *); /* for setup.c alone */
/* Whose rows they are, in the spool and in landed files: the setting customer_id, else the
 * pipeline's name. */
struct span setup_customer(const struct setup *);
/* What the configuration gives to sign in with. */
struct credentials setup_credentials(const struct config *);
/* --- what setup.c, setup_landing.c and setup_select.c share --- */
MUST_CHECK bool setup_read_connector(struct setup *, struct buf *mistakes, struct err *reterr);
MUST_CHECK bool setup_check_streams(struct setup *, struct buf *mistakes, struct err *reterr);
const struct config_stream *setup_configured(const struct config *, const char *stream);
/* NULL: the configuration does not have it. */
const struct planned *setup_planned(const struct setup *, const struct stream *);
void setup_list_tables(struct setup *); /* of the streams that are left */

/* The text of a connector: a built-in's, or a file's (into `room`). */
MUST_CHECK bool setup_connector_text(const char *name, bool is_path, struct buf *room,
				     struct span *ret, struct err *reterr);

#endif
