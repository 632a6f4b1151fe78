/* When what is told: the stamps of every day and entity. */
#include "base/stamp.h"
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

/* After the data day's end. Most days soon after six in the morning, some late in the evening,
 * some between; all of a day's entities within the hour, one after the other. */
int64_t world_stamp_ms(const struct world *world, enum entity entity, uint32_t day)
{
	static const uint32_t AFTER_S[ENTITIES] = {0, 51, 56, 855, 1500};
	uint64_t drawn = mix64(mix64(world->options.seed ^ 0x5EED) + day);
	uint32_t minute = chance(drawn, 39000)   ? 360 + below(drawn, 30)
			  : chance(drawn, 52000) ? 1090 + below(drawn, 40)
						 : 420 + below(drawn, 500);
	uint32_t jitter_ms = below(draw(drawn, entity + 1), 40000);
	int64_t midnight = (world->first_day + day + 1) * (int64_t)DAY_MS;
	return midnight + (int64_t)minute * 60000 + AFTER_S[entity] * INT64_C(1000) + jitter_ms;
}

static bool meant(const struct world *world, const struct shift *shift, enum entity entity,
		  uint32_t day)
{
	return shift->day == day + (shift->dated ? world->first_day : 0) &&
	       (shift->entity == -1 || shift->entity == (int)entity);
}

static void add(struct world *world, enum entity entity, uint32_t day, uint16_t version,
		int64_t later_ms, bool moves)
{
	struct publication *made =
		&world->publications[entity][world->n_publications[entity]++];
	*made = (struct publication){
		.stamp_ms = world_stamp_ms(world, entity, day) + later_ms,
		.day = day, .version = version, .moves = moves,
	};
	/* another minute of the day each time: no stamp is used twice */
	made->stamp_ms += version * INT64_C(61007);
	int64_t days = made->stamp_ms / DAY_MS;
	uint32_t ms = (uint32_t)(made->stamp_ms - days * DAY_MS);
	char date[11], text[32];
	write_date(days, date);
	snprintf(text, sizeof text, "%sT%02u:%02u:%02u.%03uZ", date, ms / 3600000,
		 ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
	memcpy(made->text, text, sizeof made->text);
}

bool world_publish(struct world *world, struct err *reterr)
{
	const struct world_options *options = &world->options;
	for (enum entity e = 0; e < ENTITIES; e++) {
		size_t room = world->days + options->n_again;
		world->publications[e] = calloc(room, sizeof *world->publications[e]);
		if (world->publications[e] == NULL)
			return err_memory(reterr);
		for (uint32_t day = 0; day < world->days; day++) {
			int64_t later_ms = 0;
			uint16_t version = 0;
			for (size_t i = 0; i < options->n_late; i++) {
				if (meant(world, &options->late[i], e, day))
					later_ms += options->late[i].days_later * (int64_t)DAY_MS;
			}
			add(world, e, day, version, later_ms, false);
			for (size_t i = 0; i < options->n_again; i++) {
				const struct shift *again = &options->again[i];
				if (!meant(world, again, e, day))
					continue;
				later_ms += again->days_later * (int64_t)DAY_MS;
				add(world, e, day, ++version, later_ms, again->moves);
			}
		}
	}
	return true;
}

/* publications[] is in the order of days, so that a day's can be found by halving. */
static uint32_t first_of_day(const struct world *world, uint32_t day)
{
	uint32_t low = 0, high = world->n_publications[USERS];
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (world->publications[USERS][middle].day < day)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static uint32_t day_of_talk(const struct world *world, uint32_t talk)
{
	uint32_t low = 0, high = world->days;
	while (high - low > 1) {
		uint32_t middle = low + (high - low) / 2;
		if (world->talks_first[middle] <= talk)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The newest of a day's publications by until_ms, or the one that was found before. */
static int64_t newer(const struct world *world, uint32_t day, int64_t until_ms, int64_t best)
{
	const struct publication *all = world->publications[USERS];
	for (uint32_t i = first_of_day(world, day);
	     i < world->n_publications[USERS] && all[i].day == day; i++) {
		if (all[i].stamp_ms <= until_ms &&
		    (best < 0 || all[i].stamp_ms > all[best].stamp_ms))
			best = i;
	}
	return best;
}

bool world_user_talk(const struct world *world, uint64_t user, int64_t until_ms, bool newest,
		     uint32_t *ret_day, uint64_t *ret_talk)
{
	uint32_t n = world->talks_of[user + 1] - world->talks_of[user];
	for (uint32_t i = 0; i < n; i++) {
		uint32_t talk = world->talks[world->talks_of[user] + (newest ? n - 1 - i : i)];
		uint32_t day = day_of_talk(world, talk);
		if (newer(world, day, until_ms, -1) < 0)
			continue;
		*ret_day = day;
		*ret_talk = talk;
		return true;
	}
	return false;
}

int64_t world_user_publication(const struct world *world, uint64_t user, int64_t until_ms)
{
	int64_t best = newer(world, 0, until_ms, -1);
	uint32_t last_day = UINT32_MAX;
	for (uint32_t i = world->talks_of[user]; i < world->talks_of[user + 1]; i++) {
		uint32_t day = day_of_talk(world, world->talks[i]);
		if (day != last_day)
			best = newer(world, day, until_ms, best);
		last_day = day;
	}
	return best;
}
