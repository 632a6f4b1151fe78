/* Uses a spool as a collector does, one word of the command line after the other, and says on
 * standard output what was acknowledged: spool_driver FOLDER WORD...
 *
 *   bytes_max=N files_max=N seal_bytes=N reserve=N free_bytes=N free_files=N drop_oldest keep
 *   owner=NAME         before the first other word: limits (default: none), and whose the spool is
 *                      (default: north; empty: not asked)
 *   collect:ID:T=N,T=N... one collection with N rows in each table T -> ack ID | nack ID why
 *   wide:ID:T=N...     the same with rows of 3000 bytes that do not compress
 *   abandon:ID:T=N...  the same, taken back before it is synced      -> abandoned ID
 *   due / seal         spool_seal_due / spool_seal_all               -> sealed | unsealed why
 *   seal-by+MS         spool_seal_by, so many milliseconds ahead      -> sealed | unsealed why
 *   clock+MS           the clock goes on; it stands still otherwise
 *   deliver            reads all and deletes each            -> key KEY, rows, delivered KEY
 *   deliver=N          the same, N segments at most
 *   rows               the same without deleting
 *   look               what status would say
 *   take-over:NAME     closes, and what was the owner's is NAME's   -> taken-over | not-taken why
 *   close              closes; the next word opens again
 *
 * Damaged segments are set aside while reading, as delivery does. The folder is opened with the
 * first word that needs it -> for OWNER, opened INSTANCE parts= sealed= rows= dropped= quarantined=
 * left=.
 *
 *   spool_driver check FOLDER...   each: whose it is, open, print the rows, count what is left; a
 *                                  line "folder NAME" before each, then "owner NAME", and
 *                                  "end tmp= quarantined=" after it */
#include "base/bounds.h"
#include "base/gzip.h"
#include "spool/spool.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct driver {
	const char *folder;
	struct spool *spool;
	struct spool_options options;
	int64_t now_us;
	int failures;
};

static void say(const char *format, ...) PRINTF_LIKE(1, 2);

/* One write a line, so that a line is there when the process is killed behind it. */
static void say(const char *format, ...)
{
	char line[8 * KIB];
	va_list args;
	va_start(args, format);
	int size = vsnprintf(line, sizeof line, format, args);
	va_end(args);
	if (size < 0 || size >= (int)sizeof line ||
	    write(STDOUT_FILENO, line, (size_t)size) != size)
		abort();
}

static int64_t now(void *user)
{
	return ((struct driver *)user)->now_us;
}

static void event(void *user, enum spool_event event, const struct segment *segment,
		  const char *why)
{
	static const char *const NAMES[] = {"sealed", "dropped", "quarantined", "salvaged",
					    "lost"};
	(void)user;
	say("event %s %s %s\n", NAMES[event], segment == NULL ? "-" : segment->name, why);
}

static bool open_spool(struct driver *driver)
{
	struct spool_recovery recovery;
	struct err err;
	if (driver->spool != NULL)
		return true;
	driver->options.now_us = now;
	driver->options.event = event;
	driver->options.user = driver;
	driver->options.what = "spool_driver";
	if (!spool_open(&driver->spool, driver->folder, &driver->options, &recovery, &err)) {
		say("unopened %s\n", err.text);
		driver->failures++;
		return false;
	}
	if (driver->options.owner != NULL)
		say("for %s\n", driver->options.owner);
	say("opened %s parts=%" PRId64 " sealed=%" PRId64 " rows=%" PRId64 " dropped=%" PRId64
	    " quarantined=%" PRId64 " left=%" PRId64 "\n", spool_instance(driver->spool),
	    recovery.parts, recovery.sealed, recovery.rows, recovery.bytes_dropped,
	    recovery.quarantined, recovery.left);
	return true;
}

/* --- collecting --- */
static bool append(struct driver *driver, const char *id, const char *table, int rows, bool wide,
		   struct err *reterr)
{
	char line[4 * KIB];
	for (int i = 0; i < rows; i++) {
		int n = snprintf(line, sizeof line, "{\"ID\":\"%s\",\"TABLE\":\"%s\",\"N\":%d", id,
				 table, i);
		if (wide) {
			uint32_t seed = (uint32_t)(i + 1) * 2654435761U;
			n += snprintf(line + n, sizeof line - (size_t)n, ",\"PAD\":\"");
			for (int k = 0; k < 3000; k++) {
				seed = seed * 1664525U + 1013904223U;
				line[n++] = (char)('A' + (seed >> 24) % 50 % 26);
			}
			line[n++] = '"';
			line[n] = '\0';
		}
		snprintf(line + n, sizeof line - (size_t)n, "}");
		if (!spool_append(driver->spool, span_of(table), SPAN("acme"), span_of(line),
				  reterr))
			return false;
	}
	return true;
}

static bool append_all(struct driver *driver, char *word, bool wide, struct err *reterr)
{
	char *id = strchr(word, ':') + 1, *tables = strchr(id, ':');
	char *rest = NULL;
	*tables++ = '\0';
	for (char *part = strtok_r(tables, ",", &rest); part != NULL;
	     part = strtok_r(NULL, ",", &rest)) {
		char *rows = strchr(part, '=');
		*rows++ = '\0';
		if (!append(driver, id, part, (int)strtol(rows, NULL, 10), wide, reterr))
			return false;
	}
	return true;
}

static void collect(struct driver *driver, char *word, bool wide, bool abandon)
{
	struct err err = {0};
	const char *id = strchr(word, ':') + 1;
	bool begun = spool_begin(driver->spool, &err);
	bool done = begun && append_all(driver, word, wide, &err);
	if (abandon) {
		spool_abandon(driver->spool);
		say("abandoned %s\n", id);
		return;
	}
	if (begun && !done) {
		struct err again;
		if (spool_sync(driver->spool, &again))
			abort();
	} else if (begun) {
		done = spool_sync(driver->spool, &err);
	}
	if (done) {
		say("ack %s\n", id);
	} else {
		say("nack %.*s %s\n", (int)strcspn(id, ":"), id, err.text);
		driver->failures++;
	}
}

static void tell_seal(struct driver *driver, bool done, const struct err *err)
{
	if (done) {
		say("sealed\n");
	} else {
		say("unsealed %s\n", err->text);
		driver->failures++;
	}
}

static void seal(struct driver *driver, const char *word)
{
	struct err err;
	int64_t wait_ms;
	if (strcmp(word, "due") == 0)
		tell_seal(driver, spool_seal_due(driver->spool, &wait_ms, &err), &err);
	else if (strcmp(word, "seal") == 0)
		tell_seal(driver, spool_seal_all(driver->spool, &err), &err);
	else
		tell_seal(driver, spool_seal_by(driver->spool, driver->now_us +
						1000 * strtoll(word + 8, NULL, 10), &err), &err);
}

/* --- delivering --- */
static bool say_rows(void *user, struct span bytes, struct err *reterr)
{
	(void)user;
	(void)reterr;
	return write(STDOUT_FILENO, bytes.at, bytes.size) == (ssize_t)bytes.size;
}

static bool deliver_one(struct driver *driver, const struct segment *segment, bool delete,
			struct err *reterr)
{
	struct spool_reader *reader = NULL;
	struct gzip_reader *gzip = NULL;
	struct gzip_sink sink = {say_rows, NULL};
	static char piece[SPOOL_PIECE_BYTES];
	size_t size = 1;
	bool whole = true;
	struct buf key;
	buf_init(&key, PATH_BYTES_MAX);
	segment_key(&key, SPAN("raw"), spool_instance(driver->spool), segment);
	bool done = spool_read_open(driver->spool, segment, &reader, reterr) &&
		    gzip_reader_new(&gzip, reterr);
	if (done)
		say("key %s\n", buf_text(&key));
	while (done && size > 0) {
		done = spool_read(reader, piece, sizeof piece, &size, reterr);
		struct span left = {piece, size};
		while (done && left.size > 0) {
			if (whole)
				gzip_reader_begin(gzip);
			done = gzip_read(gzip, &left, &sink, &whole, reterr);
		}
	}
	if (done && delete) /* from here on the far side has it */
		say("delivered %s\n", buf_text(&key));
	done = done && (!delete || spool_done(driver->spool, segment, reterr));
	gzip_reader_free(gzip);
	spool_read_close(reader);
	buf_done(&key);
	return done;
}

static void deliver(struct driver *driver, bool delete, int64_t n_max)
{
	enum { AT_ONCE = 3 };
	static struct segment segments[AT_ONCE];
	struct segment last = {0};
	struct err err, aside;
	size_t n = 0;
	bool first = true;
	do {
		if (!spool_oldest(driver->spool, first ? NULL : &last, AT_ONCE, segments, &n,
				  &err)) {
			say("unlisted %s\n", err.text);
			driver->failures++;
			return;
		}
		for (size_t i = 0; i < n && n_max > 0; i++, n_max--) {
			if (deliver_one(driver, &segments[i], delete, &err))
				continue;
			if (err.kind != ERR_DATA ||
			    !spool_quarantine(driver->spool, &segments[i], err.text, &aside)) {
				say("undelivered %s\n", err.text);
				driver->failures++;
			}
		}
		first = false;
		if (n > 0)
			last = segments[n - 1];
	} while (n > 0 && n_max > 0);
}

static void look(struct driver *driver)
{
	struct spool_summary summary;
	struct err err;
	if (!spool_look(driver->folder, &driver->options.limits, driver->now_us, &summary, &err)) {
		say("unlooked %s\n", err.text);
		driver->failures++;
		return;
	}
	say("look files=%" PRId64 " rows=%" PRId64 " bytes=%" PRId64 " parts=%" PRId64
	    " quarantined=%" PRId64 " near=%d\n", summary.files, summary.rows, summary.bytes,
	    summary.parts, summary.quarantined, summary.near_limit);
}

static void close_spool(struct driver *driver)
{
	spool_close(driver->spool);
	driver->spool = NULL;
}

static void take_over(struct driver *driver, const char *by)
{
	struct err err;
	close_spool(driver);
	say("take-over %s\n", by);
	if (spool_take_over(driver->folder, driver->options.owner, by, &err)) {
		say("taken-over %s\n", by);
		driver->options.owner = by;
	} else {
		say("not-taken %s\n", err.text);
		driver->failures++;
	}
}

/* --- words --- */
static bool limit(struct driver *driver, const char *word)
{
	struct spool_limits *limits = &driver->options.limits;
	const struct {
		const char *name;
		int64_t *value;
	} names[] = {
		{"bytes_max=", &limits->bytes_max}, {"files_max=", &limits->files_max},
		{"free_bytes=", &limits->free_bytes_min}, {"free_files=", &limits->free_files_min},
		{"reserve=", &limits->reserve_bytes},
		{"seal_bytes=", &driver->options.seal.bytes_max},
	};
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		if (span_starts(span_of(word), span_of(names[i].name))) {
			*names[i].value = strtoll(strchr(word, '=') + 1, NULL, 10);
			return true;
		}
	if (strcmp(word, "keep") == 0)
		return driver->options.keeps_parts = true;
	if (strncmp(word, "owner=", 6) == 0) {
		driver->options.owner = word[6] == '\0' ? NULL : word + 6;
		return true;
	}
	if (strcmp(word, "drop_oldest") != 0)
		return false;
	limits->when_full = SPOOL_DROP_OLDEST;
	return true;
}

static bool starts(const char *word, const char *with)
{
	return strncmp(word, with, strlen(with)) == 0;
}

static void obey(struct driver *driver, char *word)
{
	if (limit(driver, word))
		return;
	if (starts(word, "take-over:")) {
		take_over(driver, word + 10);
		return;
	}
	if (!open_spool(driver))
		return;
	if (starts(word, "collect:"))
		collect(driver, word, false, false);
	else if (starts(word, "wide:"))
		collect(driver, word, true, false);
	else if (starts(word, "abandon:"))
		collect(driver, word, false, true);
	else if (strcmp(word, "due") == 0 || strcmp(word, "seal") == 0 || starts(word, "seal-by+"))
		seal(driver, word);
	else if (starts(word, "clock+"))
		driver->now_us += 1000 * strtoll(word + 6, NULL, 10);
	else if (strcmp(word, "deliver") == 0 || strcmp(word, "rows") == 0)
		deliver(driver, word[0] == 'd', INT64_MAX);
	else if (starts(word, "deliver="))
		deliver(driver, true, strtoll(word + 8, NULL, 10));
	else if (strcmp(word, "look") == 0)
		look(driver);
	else if (strcmp(word, "close") == 0)
		close_spool(driver);
	else
		abort();
}

static struct driver make(const char *folder)
{
	return (struct driver){.folder = folder, .now_us = INT64_C(1790000000000000),
			       .options = {.seal = {60 * 1000, 8 * MIB}, .owner = "north"}};
}

static int check(int n, char **folders)
{
	for (int i = 0; i < n; i++) {
		struct driver driver = make(folders[i]);
		driver.now_us += 3600 * INT64_C(1000000); /* a name made now is a new name */
		struct spool_summary summary;
		struct err err;
		char owner[SPOOL_OWNER_BYTES];
		say("folder %s\n", folders[i]);
		if (spool_owner(folders[i], owner, &err))
			say("owner %s\n", owner);
		driver.options.owner = NULL;
		if (!open_spool(&driver))
			continue;
		deliver(&driver, false, INT64_MAX);
		if (spool_summarize(driver.spool, &summary, &err))
			say("end tmp=%" PRId64 " quarantined=%" PRId64 "\n", summary.parts,
			    summary.quarantined);
		spool_close(driver.spool);
	}
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "check") == 0)
		return check(argc - 2, argv + 2);
	struct driver driver = make(argc > 1 ? argv[1] : ".");
	for (int i = 2; i < argc; i++)
		obey(&driver, argv[i]);
	spool_close(driver.spool);
	return driver.failures == 0 ? 0 : 1;
}
