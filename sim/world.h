/* The simulated organisation: who talked when, and when the API told. Nothing is stored but a few
 * tables by day and by user; every record is a function of (seed, entity, index).
 *
 * Structure. Conversations are numbered in the order of time, day by day. Interactions are spread
 * over conversations, plugin calls over interactions, plugin resources over plugin calls
 * (random.h), so that each refers to what exists, and a day's records of every entity are one run
 * of indexes.
 *
 * Publishing. The records of data day D appear together, under one stamp, on the day after at an
 * hour that moves; each entity has its own. A day may come late (`late`), and may come again
 * (`again`): as a new version of the same records, some of them changed, with a new stamp. The
 * older version stays visible under its own stamp, unless the shift `moves`. Users are one row
 * each: a user's row carries the stamp of the newest published day on which that user was active,
 * all of them at least that of the first day. */
#ifndef FIRN_SIM_WORLD_H
#define FIRN_SIM_WORLD_H

#include "random.h"
#include "words.h"

#include "base/err.h"

#include <stddef.h>

enum entity { CONVERSATIONS, INTERACTIONS, PLUGIN_CALLS, PLUGIN_RESOURCES, USERS, ENTITIES };

enum {
	DAYS_MAX = 3660,
	DAYS_AHEAD = 60,    /* how far beyond the start the clock can be moved */
	SHIFTS_MAX = 64,
	DAY_MS = 86400000,
	VERSIONS_MAX = 250,
};
#define INTERACTIONS_MAX UINT64_C(200000000)
#define COUNT_DEFAULT UINT64_MAX

/* A day that is not published once, the day after. */
struct shift {
	int entity;          /* -1: all of them */
	int64_t day;         /* counted from 0 = the oldest, or since 1970 where it is `dated` */
	bool dated;
	uint32_t days_later; /* than it would have been */
	bool moves;          /* `again` only: the version before is gone */
};

struct world_options {
	uint64_t seed;
	uint32_t days;
	uint64_t counts[ENTITIES]; /* COUNT_DEFAULT: in proportion to the interactions; 0: none */
	bool served[ENTITIES];     /* the others answer with no records */
	int64_t until_us;          /* the newest stamps are at or before it */
	bool until_day;            /* ... and it is an end of a day that was named */
	int64_t retention_us;      /* INT64_MAX: kept for ever */
	struct shift late[SHIFTS_MAX], again[SHIFTS_MAX];
	size_t n_late, n_again;
};

/* One appearance of one day's records. */
struct publication {
	int64_t stamp_ms; /* their last_updated_time */
	uint32_t day;
	uint16_t version; /* 0 the first time */
	bool moves;
	char text[24];    /* the stamp as it is written */
};

struct world {
	struct world_options options;
	int64_t first_day;     /* of the data, since 1970 */
	uint32_t days;         /* with those ahead */
	uint64_t *talks_first; /* conversations before each day; days + 1 of them */
	uint64_t *week;        /* the weights behind it */
	uint64_t seeds[ENTITIES];
	uint64_t users;
	struct spread interactions, calls, resources;
	uint32_t *talks, *talks_of; /* the conversations of user u: talks[talks_of[u]...] */
	struct publication *publications[ENTITIES];
	uint32_t n_publications[ENTITIES];
	char (*dates)[12]; /* "2026-11-23T" of each data day */
	struct corpus bot, snippet;
	uint32_t asks, buttons, titles, files, plugins, first_names, last_names, things;
	uint64_t articles;
};

MUST_CHECK bool world_open(struct world **ret, const struct world_options *options,
			   struct err *reterr);
void world_close(struct world *world); /* NULL is fine */

const char *entity_name(enum entity entity); /* as in the path: "plugin-calls" */
bool entity_of(struct span name, enum entity *ret);

/* The indexes of a day's records: [*ret_begin, *ret_end). Not of users. */
void world_range(const struct world *world, enum entity entity, uint32_t day,
		 uint64_t *ret_begin, uint64_t *ret_end);
/* How many records of the entity the days of the start hold. */
uint64_t world_count(const struct world *world, enum entity entity);

/* --- how things hang together --- */
static inline uint64_t base_of(const struct world *world, enum entity entity, uint64_t index)
{
	return mix64(world->seeds[entity] + index);
}
uint64_t world_user_of(const struct world *world, uint64_t conversation);
/* The `position`-th interaction of its conversation: the bot's, or the user's? The first one is
 * always the user's. */
bool world_is_bot(const struct world *world, uint64_t conversation, uint64_t position);
/* The interaction of a user that a plugin call belongs to. */
uint64_t world_cause_of(const struct world *world, uint64_t call);
/* When, in milliseconds since the day's begin. */
uint32_t world_talk_ms(const struct world *world, uint32_t day, uint64_t conversation);
uint32_t world_interaction_ms(const struct world *world, uint32_t day, uint64_t interaction);
uint32_t world_call_ms(const struct world *world, uint32_t day, uint64_t call);
uint32_t world_resource_ms(const struct world *world, uint32_t day, uint64_t resource);
/* created_time in milliseconds since 1970. Not of users. */
int64_t world_created_ms(const struct world *world, enum entity entity, uint32_t day,
			 uint64_t index);

/* The newest publication of the user's row with a stamp of at most until_ms; -1: none. */
int64_t world_user_publication(const struct world *world, uint64_t user, int64_t until_ms);
/* The user's newest (or first) conversation that was published by then; false: none. */
bool world_user_talk(const struct world *world, uint64_t user, int64_t until_ms, bool newest,
		     uint32_t *ret_day, uint64_t *ret_talk);

/* publish.c: fills publications[]. */
MUST_CHECK bool world_publish(struct world *world, struct err *reterr);
int64_t world_stamp_ms(const struct world *world, enum entity entity, uint32_t day);

void write_date(int64_t days_since_1970, char out[11]); /* "2026-11-23" and NUL */

#endif
