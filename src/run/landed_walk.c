#include "run/landed_walk.h"

#include "base/arena.h"
#include "base/bounds.h"
#include "base/file.h"

#include <stdlib.h>
#include <string.h>

struct walk {
	bool (*each)(void *user, const char *path, struct err *reterr);
	void *user;
};

struct names {
	struct arena *arena;
	const char **at;
	size_t n, room;
	bool failed;
};

static bool keep_name(void *user, const char *name)
{
	struct names *names = user;
	if (names->n == names->room) {
		size_t room = names->room * 2 + 64;
		const char **more = realloc(names->at, room * sizeof *more);
		names->failed |= more == NULL;
		if (more == NULL)
			return false;
		names->at = more;
		names->room = room;
	}
	char *copy = arena_text(names->arena, span_of(name));
	names->failed |= copy == NULL;
	names->at[names->n++] = copy;
	return copy != NULL;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool has(const struct names *names, const char *name)
{
	return names->n > 0 &&
	       bsearch(&name, names->at, names->n, sizeof *names->at, by_name) != NULL;
}

static bool walk_folder(const struct walk *walk, const char *folder, int depth,
			struct err *reterr);

static bool walk_name(const struct walk *walk, const char *folder, const char *name, int depth,
		      struct err *reterr)
{
	struct buf path;
	buf_init(&path, PATH_BYTES_MAX);
	bool done = file_join(&path, folder, name, reterr);
	if (done && file_is_folder(buf_text(&path)))
		done = walk_folder(walk, buf_text(&path), depth + 1, reterr);
	else if (done)
		done = walk->each(walk->user, buf_text(&path), reterr);
	buf_done(&path);
	return done;
}

/* Depth is bounded by LANDED_DEPTH_MAX, links that go round included. */
static bool walk_folder(const struct walk *walk, const char *folder, int depth,
			struct err *reterr)
{
	struct names names = {.arena = arena_new()};
	bool done = names.arena != NULL || err_memory(reterr);

	if (done && depth > LANDED_DEPTH_MAX)
		done = err_set(reterr, ERR_USAGE, "folders lie deeper than %d in '%s'",
			       LANDED_DEPTH_MAX, folder);
	done = done && file_each(folder, keep_name, &names, reterr) &&
	       (!names.failed || err_memory(reterr));
	if (done && names.n > 0)
		qsort(names.at, names.n, sizeof *names.at, by_name);
	bool spool = done && has(&names, "INSTANCE") && has(&names, "ready");
	for (size_t i = 0; done && i < names.n; i++) {
		if (!spool || strcmp(names.at[i], "ready") == 0)
			done = walk_name(walk, folder, names.at[i], depth, reterr);
	}
	free(names.at);
	arena_free(names.arena);
	return done;
}

/* A link to a file is that file under its own name; a folder is the one that it leads to. */
static bool whole_path(const char *path, struct buf *ret, struct err *reterr)
{
	struct buf above;
	buf_init(&above, PATH_BYTES_MAX);
	bool done = buf_add_span(&above, file_folder_of(path)) || buf_ok(&above, reterr);
	done = done && file_absolute(ret, buf_text(&above), reterr);
	done = done && (buf_addf(ret, "/%s", file_name_of(path)) || buf_ok(ret, reterr));
	buf_done(&above);
	return done;
}

bool landed_walk(const char *path,
		 bool (*each)(void *user, const char *path, struct err *reterr), void *user,
		 struct err *reterr)
{
	struct walk walk = {each, user};
	struct buf whole;
	bool done;
	buf_init(&whole, PATH_BYTES_MAX);
	if (file_is_folder(path))
		done = file_absolute(&whole, path, reterr) &&
		       walk_folder(&walk, buf_text(&whole), 0, reterr);
	else if (!file_exists(path))
		done = err_set(reterr, ERR_USAGE, "'%s' is not there", path);
	else
		done = whole_path(path, &whole, reterr) &&
		       each(user, buf_text(&whole), reterr);
	buf_done(&whole);
	return done;
}
