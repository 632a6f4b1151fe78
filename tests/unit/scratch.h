/* A folder for one test. Its name carries the test's line, to show who forgot to remove it. */
#ifndef FIRN_UNIT_SCRATCH_H
#define FIRN_UNIT_SCRATCH_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SCRATCH_BYTES = 512 };

struct scratch {
	char path[SCRATCH_BYTES];
};

static inline struct scratch scratch_make(int line)
{
	struct scratch scratch;
	const char *base = getenv("TMPDIR");
	snprintf(scratch.path, sizeof scratch.path, "%s/firn-%d-XXXXXX",
		 base == NULL ? "/tmp" : base, line);
	if (mkdtemp(scratch.path) == NULL)
		abort();
	return scratch;
}

/* A path inside it. */
static inline struct scratch scratch_at(const struct scratch *scratch, const char *name)
{
	struct scratch inside;
	size_t size = strlen(scratch->path);
	memcpy(inside.path, scratch->path, size);
	if (snprintf(inside.path + size, sizeof inside.path - size, "/%s", name) < 0)
		abort();
	return inside;
}

/* Removes it with all that is in it, and returns how many files that were. */
static inline int scratch_remove(const struct scratch *scratch)
{
	int files = 0;
	DIR *entries = opendir(scratch->path);
	if (entries == NULL)
		return unlink(scratch->path) == 0 ? 1 : 0;
	for (const struct dirent *entry; (entry = readdir(entries)) != NULL;) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		struct scratch inside = scratch_at(scratch, entry->d_name);
		files += scratch_remove(&inside);
	}
	closedir(entries);
	rmdir(scratch->path);
	return files;
}

#endif
