#include "run/spooled.h"

#include "base/text.h"

struct spool_limits spooled_limits(const struct config *config)
{
	struct spool_limits limits = spool_limits_default();
	limits.bytes_max = config->spool_bytes_max;
	limits.age_max_ms = config->spool_age_max_us / 1000;
	limits.when_full = config->spool_drops_oldest ? SPOOL_DROP_OLDEST : SPOOL_DROP_NEWEST;
	return limits;
}

bool spooled_any(const struct setup *setup)
{
	for (size_t i = 0; i < setup->streams_n; i++) {
		if (setup->streams[i].spooled)
			return true;
	}
	return false;
}

bool spooled_is_ours(const struct setup *setup, struct err *reterr)
{
	const struct config *config = setup->config;
	return !spooled_any(setup) || spool_is_for(config->spool_dir, config->pipeline, reterr);
}

/* The stream whose rows are in a segment; NULL: of a table that is no stream's. */
static const char *stream_of(const struct setup *setup, const struct segment *segment)
{
	struct err ignored;
	char folder[SEGMENT_FOLDER_BYTES];
	for (size_t i = 0; segment != NULL && i < setup->streams_n; i++) {
		if (segment_table_folder(span_of(setup->streams[i].stream->table), folder,
					 &ignored) &&
		    strcmp(folder, segment->table) == 0)
			return setup->streams[i].stream->name;
	}
	return NULL;
}

static void note_dropped(struct spooled *spooled, const char *stream,
			 const struct segment *segment)
{
	struct err why = {0};
	if (stream != NULL &&
	    !local_add_missed(spooled->setup->local, stream, "", segment->sealed_ms * 1000,
			      "the spool was full, and its oldest file was dropped undelivered",
			      &why))
		log_line(spooled->log, LOG_ERROR, stream, "a gap could not be noted: %s",
			 why.text);
}

static void happened(void *user, enum spool_event event, const struct segment *segment,
		     const char *why)
{
	struct spooled *spooled = user;
	const char *stream = stream_of(spooled->setup, segment);
	const char *name = segment == NULL ? "" : segment->name;
	long long rows = segment == NULL ? 0 : (long long)segment->rows;
	switch (event) {
	case SPOOL_SEALED:
		log_line(spooled->log, LOG_DEBUG, stream, "sealed %s: %lld rows", name, rows);
		break;
	case SPOOL_SALVAGED:
		log_line(spooled->log, LOG_INFO, stream,
			 "sealed what an earlier process had left unsealed in the spool: %lld "
			 "rows: %s", rows, name);
		break;
	case SPOOL_LOST:
		log_line(spooled->log, LOG_WARNING, stream, "spool: %s", why);
		break;
	case SPOOL_DROPPED:
		log_line(spooled->log, LOG_ERROR, stream,
			 "the spool is full: dropped undelivered, as when_full says: %s with %lld "
			 "rows", name, rows);
		note_dropped(spooled, stream, segment);
		local_forget_landed(spooled->setup->local);
		break;
	case SPOOL_QUARANTINED:
		log_line(spooled->log, LOG_ERROR, stream,
			 "set aside in the spool's quarantine: %s: %s", name, why);
		local_forget_landed(spooled->setup->local);
		break;
	}
}

static void tell_recovery(const struct spooled *spooled, const struct spool_recovery *found)
{
	if (found->bytes_dropped > 0)
		log_line(spooled->log, LOG_WARNING, NULL,
			 "the spool was left by a process that died: %lld bytes of torn ends "
			 "dropped, which nobody was told of", (long long)found->bytes_dropped);
	if (found->left > 0)
		log_line(spooled->log, LOG_WARNING, NULL,
			 "%lld unfinished files of the spool could not be sealed yet; it is tried "
			 "again", (long long)found->left);
}

bool spooled_open(struct spooled *spooled, struct setup *setup, struct log *log,
		  const struct load_options *how, struct err *reterr)
{
	const struct config *config = setup->config;
	struct spool_recovery found = {0};
	struct spool_options options = {
		.limits = spooled_limits(config),
		.seal = {config->deliver_wait_us / 1000, config->deliver_bytes_max},
		.keeps_parts = how->more_follow,
		.what = how->command,
		.owner = config->pipeline,
		.event = happened,
		.user = spooled,
	};
	*spooled = (struct spooled){NULL, setup, log};
	if (!file_make_folder(config->spool_dir, reterr) ||
	    !spool_open(&spooled->spool, config->spool_dir, &options, &found, reterr))
		return false;
	tell_recovery(spooled, &found);
	return true;
}

void spooled_close(struct spooled *spooled)
{
	spool_close(spooled->spool);
	spooled->spool = NULL;
}
