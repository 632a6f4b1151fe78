/* What is done before a spool is used: every name in ready/ and quarantine/ is counted, what does
 * not belong there is set aside, and every file in tmp/ is brought to its end. Each step may be
 * cut off and done again: a file that has its name in ready/ already is only removed from tmp/.
 * That is known by its sequence number and its hash: the number alone may belong to a segment that
 * was delivered and deleted, and that a power cut has brought back. */
#include "spool/spool_private.h"

#include <stdio.h>
#include <string.h>

/* --- has it been sealed already? --- */
struct search {
	const struct segment *made;
	bool found;
};

static bool is_it(void *user, const char *name)
{
	struct search *search = user;
	struct segment segment;
	search->found = segment_parse(name, &segment) && segment.seq == search->made->seq &&
			segment.rows == search->made->rows &&
			strcmp(segment.hash, search->made->hash) == 0;
	return !search->found;
}

static bool search_in(struct folder *root, struct search *search, struct err *reterr)
{
	struct folder *place = NULL;
	if (!open_place(root, search->made, false, &place, reterr))
		return false;
	if (place == NULL)
		return true;
	bool done = folder_each(place, is_it, search, reterr) &&
		    (!search->found || folder_sync(place, reterr));
	folder_close(place);
	return done;
}

bool recover_is_sealed(struct spool *spool, const struct segment *made, bool *ret,
		       struct err *reterr)
{
	struct search search = {.made = made};
	bool done = search_in(spool->ready, &search, reterr) &&
		    (search.found || search_in(spool->quarantine, &search, reterr));
	*ret = search.found;
	return done;
}

/* --- tmp/ --- */
struct sweep {
	struct spool *spool;
	struct err *reterr;
	bool had_to_leave;
};

static bool is_open_part(const struct spool *spool, const char *file)
{
	for (size_t i = 0; i < spool->parts_n; i++)
		if (strcmp(spool->parts[i]->file, file) == 0)
			return true;
	return false;
}

/* "<seq>.<begun_ms>.<table>.<customer>.new": a copy that was being made of that part. */
static bool is_copy(const char *file)
{
	char part[PART_NAME_BYTES];
	struct segment id;
	int64_t first_us;
	size_t size = strlen(file);
	if (size < 4 || size > sizeof part - 2 || strcmp(file + size - 4, ".new") != 0)
		return false;
	snprintf(part, sizeof part, "%.*s.part", (int)(size - 4), file);
	return part_parse(part, &id, &first_us);
}

/* What cannot be set aside (the disk is full) stays where it is and harms nobody: it is no
 * segment, or is found to be damaged when it is read. */
static void try_aside(struct spool *spool, struct folder *in, const char *name,
		      const struct segment *id, const char *why)
{
	struct err ignored;
	bool done = set_aside(spool, in, name, id, why, &ignored);
	if (!done) {
		reserve_release(spool);
		done = set_aside(spool, in, name, id, why, &ignored);
	}
	spool->recovery.quarantined += done;
	spool->recovery.left += !done;
}

static bool sweep_one(void *user, const char *file)
{
	struct sweep *sweep = user;
	struct spool *spool = sweep->spool;
	struct segment id;
	struct err err;
	int64_t bytes = 0, first_us;
	if (file[0] == '.' || is_copy(file) || is_open_part(spool, file))
		return true;
	enum folder_kind kind = folder_look(spool->tmp, file, &bytes);
	if (kind == FOLDER_NOTHING)
		return true;
	if (kind == FOLDER_FILE && part_parse(file, &id, &first_us)) {
		spool->recovery.parts++;
		if (id.seq >= spool->seq_next)
			spool->seq_next = id.seq + 1;
		if (salvage(spool, file, &id, first_us, &err))
			return true;
		reserve_release(spool);
		if (salvage(spool, file, &id, first_us, &err))
			return true;
		spool->left++;
		spool->left_bytes += bytes;
		if (!sweep->had_to_leave)
			*sweep->reterr = err;
		sweep->had_to_leave = true;
		return true;
	}
	try_aside(spool, spool->tmp, file, NULL, "not a file of the spool");
	return true;
}

/* What it was made of is still there. */
static bool sweep_copy(void *user, const char *file)
{
	struct sweep *sweep = user;
	if (is_copy(file))
		folder_discard(sweep->spool->tmp, file);
	return true;
}

bool salvage_left(struct spool *spool, struct err *reterr)
{
	struct sweep sweep = {.spool = spool, .reterr = reterr};
	spool->left = 0;
	spool->left_bytes = 0;
	return folder_each(spool->tmp, sweep_one, &sweep, reterr) && !sweep.had_to_leave;
}

struct source {
	struct spool *spool;
	const struct segment *segment;
	struct err *reterr;
	bool failed;
};

static bool salvage_source(void *user, const char *file)
{
	struct source *source = user;
	struct segment id;
	int64_t first_us;
	if (part_parse(file, &id, &first_us) && id.seq == source->segment->seq &&
	    strcmp(id.table, source->segment->table) == 0 &&
	    strcmp(id.customer, source->segment->customer) == 0 &&
	    !is_open_part(source->spool, file))
		source->failed = !salvage(source->spool, file, &id, first_us, source->reterr);
	return !source->failed;
}

bool salvage_of(struct spool *spool, const struct segment *segment, struct err *reterr)
{
	struct source source = {.spool = spool, .segment = segment, .reterr = reterr};
	return folder_each(spool->tmp, salvage_source, &source, reterr) && !source.failed;
}

/* --- ready/ and quarantine/ --- */
static bool check_segment(void *user, struct folder *in, struct segment *segment,
			  struct err *reterr)
{
	struct spool *spool = user;
	enum folder_kind kind = folder_look(in, segment->name, &segment->bytes);
	(void)reterr;
	if (kind == FOLDER_FILE && segment->bytes > 0)
		count_segment(&spool->counts, segment);
	else if (kind != FOLDER_NOTHING)
		try_aside(spool, in, segment->name, segment,
			  kind == FOLDER_FILE ? "empty" : "not a file");
	return true;
}

static bool check_other(void *user, struct folder *in, const char *name, struct err *reterr)
{
	struct spool *spool = user;
	(void)reterr;
	try_aside(spool, in, name, NULL, "not a file of the spool");
	return true;
}

bool recover(struct spool *spool, struct err *reterr)
{
	struct walk look = {check_segment, check_other, spool};
	struct sweep sweep = {.spool = spool};
	struct err left;
	/* Each name in ready/ is looked at once: there may be very many. */
	if (!walk(spool->ready, &look, reterr))
		return false;
	if (!count_more(NULL, spool->quarantine, spool->tmp, &spool->counts, reterr))
		return false;
	spool->seq_next = spool->counts.newest_seq + 1;
	if (!folder_each(spool->tmp, sweep_copy, &sweep, reterr))
		return false;
	if (!salvage_left(spool, &left) && spool->left == 0) {
		*reterr = left;
		return false;
	}
	spool->recovery.left += spool->left;
	return true;
}
