#include "world.h"

#include "base/stamp.h"

#include <stdio.h>
#include <stdlib.h>

static const char *const NAMES[ENTITIES] = {
	"conversations", "interactions", "plugin-calls", "plugin-resources", "users",
};

/* For one interaction, as in the vendor's samples. */
static const double SHARES[ENTITIES] = {0.24, 1, 0.64, 5.1, 0.0335};

enum { /* what is drawn; numbers of render.c's draws begin above */
	DRAW_USER = 1, DRAW_BOT, DRAW_TALK_TIME, DRAW_STEP, DRAW_CAUSE, DRAW_DELAY,
};

const char *entity_name(enum entity entity)
{
	return NAMES[entity];
}

bool entity_of(struct span name, enum entity *ret)
{
	for (enum entity e = 0; e < ENTITIES; e++) {
		if (span_is(name, NAMES[e])) {
			*ret = e;
			return true;
		}
	}
	return false;
}

void write_date(int64_t days_since_1970, char out[11])
{
	struct stamp_parts p = stamp_parts(days_since_1970 * STAMP_DAY);
	unsigned year = (unsigned)p.year, month = (unsigned)p.month, day = (unsigned)p.day;
	snprintf(out, 11, "%04u-%02u-%02u", year % 10000, month % 100, day % 100);
}

static uint64_t structural(const struct world_options *options, enum entity entity)
{
	uint64_t count = options->counts[entity];
	if (count == COUNT_DEFAULT || count == 0) {
		double by_share = (double)options->counts[INTERACTIONS] * SHARES[entity];
		count = (uint64_t)by_share;
	}
	return count == 0 ? 1 : count;
}

/* People talk on weekdays; no two days are alike. */
static bool plan_days(struct world *world, uint64_t conversations)
{
	uint32_t days = world->days, counted = world->options.days;
	world->week = calloc(days + 1, sizeof *world->week);
	world->talks_first = calloc(days + 1, sizeof *world->talks_first);
	world->dates = calloc(days + 1, sizeof *world->dates);
	if (world->week == NULL || world->talks_first == NULL || world->dates == NULL)
		return false;
	for (uint32_t day = 0; day < days; day++) {
		int64_t weekday = (world->first_day + day + 3) % 7; /* 0: Monday */
		uint32_t usual = weekday < 5 ? 1000 : weekday == 5 ? 180 : 150;
		uint32_t spice = below(mix64(world->options.seed ^ (day + 77)), usual / 4 + 1);
		world->week[day + 1] = world->week[day] + usual - usual / 8 + spice;
		char date[11];
		write_date(world->first_day + day, date);
		snprintf(world->dates[day], sizeof world->dates[day], "%sT", date);
	}
	double scale = (double)conversations / (double)world->week[counted];
	for (uint32_t day = 1; day <= days; day++)
		world->talks_first[day] = (uint64_t)((double)world->week[day] * scale + 0.5);
	return true;
}

/* Counting sort of all conversations by user. */
static bool plan_users(struct world *world)
{
	uint64_t talks = world->talks_first[world->days];
	world->talks_of = calloc(world->users + 2, sizeof *world->talks_of);
	world->talks = calloc(talks + 1, sizeof *world->talks);
	if (world->talks_of == NULL || world->talks == NULL)
		return false;
	uint32_t *count = world->talks_of + 1;
	for (uint64_t talk = 0; talk < talks; talk++)
		count[world_user_of(world, talk)]++;
	uint32_t before = 0;
	for (uint64_t user = 0; user <= world->users; user++) {
		uint32_t here = count[user];
		count[user] = before;
		before += here;
	}
	for (uint64_t talk = 0; talk < talks; talk++)
		world->talks[count[world_user_of(world, talk)]++] = (uint32_t)talk;
	return true;
}

static bool prepare_words(struct world *world)
{
	world->asks = words_count(WORDS_ASK);
	world->buttons = words_count(WORDS_BUTTON);
	world->titles = words_count(WORDS_TITLE);
	world->files = words_count(WORDS_FILE);
	world->plugins = words_count(WORDS_PLUGIN);
	world->first_names = words_count(WORDS_FIRST_NAME);
	world->last_names = words_count(WORDS_LAST_NAME);
	world->things = words_count(WORDS_THING);
	world->articles = 400 + world->interactions.children / 1000;
	return corpus_make(&world->bot, WORDS_BOT) && corpus_make(&world->snippet, WORDS_SNIPPET);
}

/* The data end so early that the newest day is published by `until`. */
static void place_days(struct world *world)
{
	const struct world_options *options = &world->options;
	int64_t today = stamp_floor(options->until_us, STAMP_DAY) / STAMP_DAY;
	if (options->until_day) /* midnight after the day that was named */
		today--;
	world->first_day = today - options->days;
	if (options->until_day)
		return;
	for (enum entity e = 0; e < ENTITIES; e++) {
		if (world_stamp_ms(world, e, options->days - 1) * 1000 > options->until_us) {
			world->first_day--;
			return;
		}
	}
}

bool world_open(struct world **ret, const struct world_options *options, struct err *reterr)
{
	struct world *world = calloc(1, sizeof *world);
	if (world == NULL)
		return err_memory(reterr);
	world->options = *options;
	world->days = options->days + DAYS_AHEAD;
	for (enum entity e = 0; e < ENTITIES; e++)
		world->seeds[e] = mix64(mix64(options->seed) + e);
	place_days(world);
	uint64_t talks = structural(options, CONVERSATIONS);
	uint64_t interactions = structural(options, INTERACTIONS);
	if (talks > interactions)
		talks = interactions; /* each has one at least */
	uint64_t calls = structural(options, PLUGIN_CALLS);
	world->interactions = spread_of(world->seeds[INTERACTIONS] ^ 1, talks, interactions);
	world->calls = spread_of(world->seeds[PLUGIN_CALLS] ^ 1, interactions, calls);
	world->resources = spread_of(world->seeds[PLUGIN_RESOURCES] ^ 1, calls,
				     structural(options, PLUGIN_RESOURCES));
	world->users = structural(options, USERS);
	bool done = plan_days(world, talks) && plan_users(world) && prepare_words(world);
	if (!done)
		err_memory(reterr);
	done = done && world_publish(world, reterr);
	if (done)
		*ret = world;
	else
		world_close(world);
	return done;
}

void world_close(struct world *world)
{
	if (world == NULL)
		return;
	for (enum entity e = 0; e < ENTITIES; e++)
		free(world->publications[e]);
	corpus_done(&world->bot);
	corpus_done(&world->snippet);
	free(world->talks);
	free(world->talks_of);
	free(world->dates);
	free(world->talks_first);
	free(world->week);
	free(world);
}

void world_range(const struct world *world, enum entity entity, uint32_t day,
		 uint64_t *ret_begin, uint64_t *ret_end)
{
	uint64_t edge[2] = {world->talks_first[day], world->talks_first[day + 1]};
	for (int i = 0; i < 2; i++) {
		if (entity >= INTERACTIONS)
			edge[i] = spread_first(&world->interactions, edge[i]);
		if (entity >= PLUGIN_CALLS)
			edge[i] = spread_first(&world->calls, edge[i]);
		if (entity >= PLUGIN_RESOURCES)
			edge[i] = spread_first(&world->resources, edge[i]);
	}
	*ret_begin = edge[0];
	*ret_end = edge[1];
}

uint64_t world_count(const struct world *world, enum entity entity)
{
	uint64_t begin, end;
	if (!world->options.served[entity] || world->options.counts[entity] == 0)
		return 0;
	if (entity == USERS)
		return world->users;
	world_range(world, entity, world->options.days - 1, &begin, &end);
	return end;
}

/* A few people talk much, most a little: the square of an even draw. */
uint64_t world_user_of(const struct world *world, uint64_t conversation)
{
	double x = unit(draw(base_of(world, CONVERSATIONS, conversation), DRAW_USER));
	return (uint64_t)(x * x * (double)world->users);
}

bool world_is_bot(const struct world *world, uint64_t conversation, uint64_t position)
{
	if (position % 2 == 1)
		return true;
	uint64_t base = base_of(world, CONVERSATIONS, conversation);
	return position > 0 && chance(draw(base, DRAW_BOT + (position << 8)), 9000);
}

uint64_t world_cause_of(const struct world *world, uint64_t call)
{
	uint64_t near = spread_parent(&world->calls, call);
	uint64_t talk = spread_parent(&world->interactions, near);
	uint64_t first = spread_first(&world->interactions, talk);
	uint64_t position = near - first;
	while (world_is_bot(world, talk, position))
		position--;
	return first + position;
}

/* A tenth before seven in the morning, three quarters until five in the afternoon (UTC). */
uint32_t world_talk_ms(const struct world *world, uint32_t day, uint64_t talk)
{
	uint64_t first = world->talks_first[day];
	uint64_t count = world->talks_first[day + 1] - first;
	double moved = unit(draw(base_of(world, CONVERSATIONS, talk), DRAW_TALK_TIME));
	double at = ((double)(talk - first) + moved) / (double)count;
	double hours = at < 0.10   ? at * 70
		       : at < 0.85 ? 7 + (at - 0.10) * (10 / 0.75)
				   : 17 + (at - 0.85) * (6.6 / 0.15);
	return (uint32_t)(hours * 3600000);
}

uint32_t world_interaction_ms(const struct world *world, uint32_t day, uint64_t interaction)
{
	uint64_t talk = spread_parent(&world->interactions, interaction);
	uint64_t first = spread_first(&world->interactions, talk);
	uint64_t count = spread_first(&world->interactions, talk + 1) - first;
	uint32_t start = world_talk_ms(world, day, talk);
	uint32_t step = (DAY_MS - 60000 - start) / (uint32_t)(count + 1);
	if (step > 45000)
		step = 45000;
	uint64_t base = base_of(world, INTERACTIONS, interaction);
	uint32_t moved = below(draw(base, DRAW_STEP), step - step / 3 + 1);
	return start + (uint32_t)(interaction - first) * step + moved;
}

/* Soon after its cause, and on the same day: a minute at its end is kept free for that. */
static uint32_t soon_after(uint32_t start_ms, uint64_t base, uint32_t wait_ms)
{
	return start_ms + 300 + below(draw(base, DRAW_DELAY), wait_ms);
}

uint32_t world_call_ms(const struct world *world, uint32_t day, uint64_t call)
{
	uint32_t start = world_interaction_ms(world, day, world_cause_of(world, call));
	return soon_after(start, base_of(world, PLUGIN_CALLS, call), 2500);
}

uint32_t world_resource_ms(const struct world *world, uint32_t day, uint64_t resource)
{
	uint64_t call = spread_parent(&world->resources, resource);
	uint32_t start = world_interaction_ms(world, day, world_cause_of(world, call));
	return soon_after(start + 2500, base_of(world, PLUGIN_RESOURCES, resource), 4000);
}

int64_t world_created_ms(const struct world *world, enum entity entity, uint32_t day,
			 uint64_t index)
{
	uint32_t ms = entity == CONVERSATIONS  ? world_talk_ms(world, day, index)
		      : entity == INTERACTIONS ? world_interaction_ms(world, day, index)
		      : entity == PLUGIN_CALLS ? world_call_ms(world, day, index)
					       : world_resource_ms(world, day, index);
	return (world->first_day + day) * DAY_MS + ms;
}
