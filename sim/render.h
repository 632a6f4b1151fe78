/* A record as the API sends it: one JSON object, compact, members in alphabetical order, UTF-8
 * without escapes but those that JSON demands. */
#ifndef FIRN_SIM_RENDER_H
#define FIRN_SIM_RENDER_H

#include "world.h"

enum { RECORD_BYTES_MAX = 16 * 1024, ID_BYTES_MAX = 32 };

/* Writes the record with the values that it had in that publication; returns its end. `out` has
 * RECORD_BYTES_MAX. */
char *render_record(const struct world *world, enum entity entity,
		    const struct publication *publication, uint64_t index, char *out);
/* Its id; returns the size. */
size_t render_id(const struct world *world, enum entity entity, uint64_t index,
		 char out[ID_BYTES_MAX]);

/* The parts, one an entity (render.c, render_resource.c). */
struct scene {
	const struct world *world;
	const struct publication *publication;
	const char *date; /* of the data day: "2026-11-23T" */
	uint64_t index, base;
};
char *render_resource(const struct scene *scene, char *out);
char *render_user(const struct scene *scene, char *out);

/* A draw that a later version may have changed: one record in three differs each time. */
static inline uint64_t draw_version(const struct scene *scene, uint64_t what)
{
	uint64_t drawn = draw(scene->base, what);
	for (uint64_t version = 1; version <= scene->publication->version; version++) {
		uint64_t again = draw(scene->base, what + (version << 16));
		if (chance(again, 21845))
			drawn = again;
	}
	return drawn;
}

#endif
