#include "spool/spool_private.h"

#include <string.h>

struct walking {
	const struct walk *walk;
	struct folder *in;
	struct segment segment;
	int depth; /* 0: tables, 1: customers, 2: segments */
	bool done;
	struct err *reterr;
};

static bool one(void *user, const char *name);

static bool tell_other(struct walking *walking, const char *name)
{
	const struct walk *walk = walking->walk;
	if (walk->other != NULL)
		walking->done = walk->other(walk->user, walking->in, name, walking->reterr);
	return walking->done;
}

static bool go_down(struct walking *walking, const char *name)
{
	struct walking below = {.walk = walking->walk, .segment = walking->segment,
				.depth = walking->depth + 1, .done = true,
				.reterr = walking->reterr};
	enum folder_kind kind = folder_look(walking->in, name, NULL);
	if (kind == FOLDER_NOTHING)
		return true;
	if (kind != FOLDER_FOLDER || !segment_is_folder(name))
		return tell_other(walking, name);
	char *place = walking->depth == 0 ? below.segment.table : below.segment.customer;
	memcpy(place, name, strlen(name) + 1);
	if (!folder_open_in(&below.in, walking->in, name, walking->reterr)) {
		/* Somebody may have removed it meanwhile. */
		walking->done = folder_look(walking->in, name, NULL) == FOLDER_NOTHING;
		return walking->done;
	}
	walking->done = folder_each(below.in, one, &below, walking->reterr) && below.done;
	folder_close(below.in);
	return walking->done;
}

static bool one(void *user, const char *name)
{
	struct walking *walking = user;
	const struct walk *walk = walking->walk;
	if (name[0] == '.') /* network file systems keep things of their own under such names */
		return true;
	if (walking->depth < 2)
		return go_down(walking, name);
	if (!segment_parse(name, &walking->segment))
		return tell_other(walking, name);
	if (walk->segment != NULL)
		walking->done = walk->segment(walk->user, walking->in, &walking->segment,
					      walking->reterr);
	return walking->done;
}

bool walk(struct folder *root, const struct walk *walk, struct err *reterr)
{
	struct walking walking = {.walk = walk, .in = root, .done = true, .reterr = reterr};
	return folder_each(root, one, &walking, reterr) && walking.done;
}
