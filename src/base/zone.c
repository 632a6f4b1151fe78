#include "base/zone.h"

#include "base/arena.h"
#include "base/bounds.h"
#include "base/file.h"
#include "base/stamp.h"
#include "base/text.h"
#include "base/zone_private.h"

#include <stdlib.h>

/* No place has a wall clock further from UTC than this. */
enum { FARTHEST_S = 26 * 3600 };

static const char *const FOLDERS[] = {
	"/usr/share/zoneinfo", "/usr/lib/zoneinfo", "/usr/share/lib/zoneinfo", "/etc/zoneinfo",
	NULL,
};

/* --- finding --- */
/* Names become paths: so nothing but letters, digits and _ + - between single slashes. */
static bool is_name(struct span name)
{
	char before = '/';
	for (size_t i = 0; i < name.size; i++) {
		char c = name.at[i];
		bool good = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
			    (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-';
		if (!good && (c != '/' || before == '/'))
			return false;
		before = c;
	}
	return before != '/' && name.size <= 255;
}

static struct zone *utc(struct err *reterr)
{
	struct zone *zone = calloc(1, sizeof *zone);
	if (zone == NULL)
		err_memory(reterr);
	return zone;
}

/* NULL with ERR_USAGE where the file is not there, ERR_DATA where it is no zone. */
static struct zone *read_file(const char *folder, const char *name, struct err *reterr)
{
	struct buf path, bytes;
	struct zone *zone = NULL;
	buf_init(&path, PATH_BYTES_MAX);
	buf_init(&bytes, ZONE_BYTES_MAX);
	if (file_join(&path, folder, name, reterr) &&
	    file_read(buf_text(&path), &bytes, reterr)) {
		zone = zone_parse(buf_span(&bytes), reterr);
		if (zone == NULL)
			err_at(reterr, "%s", buf_text(&path));
	}
	buf_done(&bytes);
	buf_done(&path);
	return zone;
}

/* --- the nearest known name --- */
struct known {
	struct arena *arena;
	const char *folder;
	const char *prefix; /* "America/", or "" */
	const char **names;
	size_t n;
	int depth;
};

static bool collect_folder(struct known *known);

static bool collect(void *user, const char *name)
{
	struct known *known = user;
	struct known inner = *known;
	/* posix/ and right/ hold all zones once more; tables have a dot or are lower case. */
	if (!is_name(span_of(name)) || (name[0] >= 'a' && name[0] <= 'z'))
		return true;
	const char *full = arena_printf(known->arena, "%s%s", known->prefix, name);
	inner.prefix = full == NULL ? NULL : arena_printf(known->arena, "%s/", full);
	if (inner.prefix == NULL || known->n >= ZONE_NAMES_MAX)
		return false;
	inner.depth++;
	if (known->depth < 3 && collect_folder(&inner))
		known->n = inner.n;
	else
		known->names[known->n++] = full;
	return true;
}

/* False where it is no folder. */
static bool collect_folder(struct known *known)
{
	struct err ignored;
	const char *path = arena_printf(known->arena, "%s/%s", known->folder, known->prefix);
	return path != NULL && file_each(path, collect, known, &ignored);
}

/* "Berlin" is Europe/Berlin; else what differs least. */
static const char *nearest(const struct known *known, const char *name)
{
	struct span wanted = span_of(name);
	for (size_t i = 0; i < known->n; i++) {
		const char *slash = strrchr(known->names[i], '/');
		if (slash != NULL && text_same_nocase(span_of(slash + 1), wanted))
			return known->names[i];
	}
	return text_nearest(name, known->names);
}

static bool complain(const char *name, const char *const *folders, struct err *reterr)
{
	struct known known = {.arena = arena_new(), .prefix = ""};
	if (known.arena != NULL)
		known.names = arena_array(known.arena, ZONE_NAMES_MAX + 1, sizeof *known.names);
	if (known.names == NULL) {
		arena_free(known.arena);
		return err_memory(reterr);
	}
	for (; *folders != NULL && known.n == 0; folders++) {
		known.folder = *folders;
		collect_folder(&known);
	}
	const char *near = nearest(&known, name);
	if (known.n == 0)
		err_set(reterr, ERR_USAGE, "time zone \"%s\" is not known: this machine has no "
			"time zones (package tzdata)", name);
	else if (near == NULL)
		err_set(reterr, ERR_USAGE, "time zone \"%s\" is not known", name);
	else
		err_set(reterr, ERR_USAGE, "time zone \"%s\" is not known; did you mean %s?", name,
			near);
	arena_free(known.arena);
	return false;
}

bool zone_open(struct zone **ret, const char *name, const char *folder, struct err *reterr)
{
	const char *const only[] = {folder, NULL};
	const char *const *folders = folder == NULL ? FOLDERS : only;
	struct zone *zone = NULL;
	struct err why;
	if (!is_name(span_of(name)))
		return err_set(reterr, ERR_USAGE, "\"%s\" is no name of a time zone; expected one "
			       "like Europe/Berlin", name);
	if (strcmp(name, "UTC") == 0) {
		*ret = utc(reterr);
		return *ret != NULL;
	}
	for (size_t i = 0; folders[i] != NULL && zone == NULL; i++) {
		zone = read_file(folders[i], name, &why);
		if (zone == NULL && why.kind != ERR_USAGE && why.kind != ERR_DATA) {
			*reterr = why;
			return false;
		}
	}
	if (zone == NULL)
		return complain(name, folders, reterr);
	*ret = zone;
	return true;
}

/* A TZ string, as TZ may hold instead of a name. */
static struct zone *of_rule(const char *text, struct err *reterr)
{
	struct zone_rule rule;
	struct zone *zone = NULL;
	if (zone_rule_parse(span_of(text), &rule) && (zone = utc(reterr)) != NULL) {
		zone->rule = rule;
		zone->has_rule = true;
	}
	return zone;
}

bool zone_open_local(struct zone **ret, const char *tz, struct err *reterr)
{
	struct err why = {0};
	struct zone *zone = NULL;
	if (tz != NULL && tz[0] == ':')
		tz++;
	if (tz == NULL) {
		zone = read_file(NULL, "/etc/localtime", &why);
		if (zone == NULL && why.kind == ERR_USAGE)
			zone = utc(&why);
	} else if (tz[0] == '\0') {
		zone = utc(&why);
	} else if (tz[0] == '/') {
		zone = read_file(NULL, tz, &why);
	} else {
		zone = of_rule(tz, &why);
		if (zone == NULL && !zone_open(&zone, tz, NULL, &why))
			zone = NULL;
	}
	if (zone == NULL) {
		*reterr = why;
		return tz == NULL ? false : err_at(reterr, "TZ");
	}
	*ret = zone;
	return true;
}

void zone_close(struct zone *zone)
{
	free(zone);
}

/* --- counting --- */
/* How many of the listed changes are not later than at_s. */
static size_t changes_until(const struct zone *zone, int64_t at_s)
{
	size_t low = 0, high = zone->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (zone->at_s[middle] <= at_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int32_t offset_at(const struct zone *zone, int64_t at_s)
{
	size_t n = changes_until(zone, at_s);
	if (n == zone->n && zone->has_rule)
		return zone_rule_offset_s(&zone->rule, at_s);
	return n == 0 ? zone->first_s : zone->offset_s[n - 1];
}

static int64_t next_change(const struct zone *zone, int64_t at_s)
{
	size_t n = changes_until(zone, at_s);
	if (n < zone->n)
		return zone->at_s[n];
	return zone->has_rule ? zone_rule_next_s(&zone->rule, at_s) : INT64_MAX;
}

int32_t zone_offset_s(const struct zone *zone, int64_t us)
{
	return offset_at(zone, stamp_floor(us, STAMP_SECOND) / STAMP_SECOND);
}

int64_t zone_local(const struct zone *zone, int64_t us)
{
	return us + zone_offset_s(zone, us) * STAMP_SECOND;
}

/* From a change to the next, as if only that stretch of time were there: it shows local_us, or
 * all of it is later (then the clock has jumped over local_us, if no later stretch shows it), or
 * all of it is earlier. */
int64_t zone_utc(const struct zone *zone, int64_t local_us)
{
	int64_t local_s = stamp_floor(local_us, STAMP_SECOND) / STAMP_SECOND;
	int64_t begin_s = local_s - FARTHEST_S;
	int64_t jump_s = INT64_MAX;
	for (;;) {
		int32_t offset_s = offset_at(zone, begin_s);
		int64_t found_s = local_s - offset_s;
		int64_t next_s = next_change(zone, begin_s);
		if (found_s >= begin_s && found_s < next_s)
			return local_us - offset_s * STAMP_SECOND;
		if (found_s < begin_s && jump_s == INT64_MAX)
			jump_s = begin_s;
		if (next_s > local_s + FARTHEST_S)
			return jump_s * STAMP_SECOND;
		begin_s = next_s;
	}
}
