/* Memory that is given back all at once: a parsed configuration, a connector, a plan.
 * What an arena hands out is zeroed and aligned for any type, and lives until arena_free. */
#ifndef FIRN_BASE_ARENA_H
#define FIRN_BASE_ARENA_H

#include "base/span.h"

struct arena;

struct arena *arena_new(void); /* NULL: no memory */
void arena_free(struct arena *arena);

void *arena_alloc(struct arena *arena, size_t size); /* NULL: no memory */
void *arena_array(struct arena *arena, size_t count, size_t size); /* checks the product */
char *arena_text(struct arena *arena, struct span text); /* a copy with a NUL behind it */
char *arena_printf(struct arena *arena, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif
