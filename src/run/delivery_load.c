/* Spooled rows into the warehouse, by the way of landed files: what FIRN_FILES remembers is there,
 * and a file that is there is given up here. Between the two the process may die as often as it
 * likes: a file that is loaded is passed by the next time. */
#include "run/delivery.h"

#include "base/bounds.h"
#include "base/pulse.h"
#include "run/landing.h"

#include <string.h>

struct handing {
	struct load_delivery *ret;
	struct buf damaged; /* names and reasons, a NUL behind each */
};

static void note_damaged(void *user, const char *path, const char *why)
{
	struct handing *handing = user;
	const char *name = file_name_of(path);
	buf_add(&handing->damaged, name, strlen(name) + 1);
	buf_add(&handing->damaged, why, strlen(why) + 1);
}

/* NULL: it is not damaged. */
static const char *why_damaged(const struct handing *handing, const char *name)
{
	const char *at = buf_text(&handing->damaged);
	const char *end = at + handing->damaged.size;
	while (at < end) {
		const char *why = at + strlen(at) + 1;
		if (strcmp(at, name) == 0)
			return why;
		at = why + strlen(why) + 1;
	}
	return NULL;
}

static bool give_up(struct handing *handing, struct spool *spool, const struct segment *segment,
		    struct err *reterr)
{
	const char *why = why_damaged(handing, segment->name);
	if (why != NULL) {
		handing->ret->quarantined++;
		return spool_quarantine(spool, segment, why, reterr);
	}
	handing->ret->files++;
	handing->ret->rows += segment->rows;
	handing->ret->bytes += segment->bytes;
	return spool_done(spool, segment, reterr);
}

/* All that was in the spool is in the warehouse, but for what is damaged. */
static bool give_up_all(struct handing *handing, struct spool *spool, struct err *reterr)
{
	struct segment some[64], last;
	size_t n = 0;
	bool any = false, done = true;
	do {
		done = spool_oldest(spool, any ? &last : NULL, sizeof some / sizeof *some, some, &n,
				    reterr);
		for (size_t i = 0; done && i < n; i++)
			done = give_up(handing, spool, &some[i], reterr);
		if (n > 0)
			last = some[n - 1];
		any = true;
	} while (done && n > 0);
	return done;
}

bool delivery_load(const struct load_options *options, struct spooled *spooled,
		   struct load_delivery *ret, struct err *reterr)
{
	struct handing handing = {.ret = ret};
	struct landing_result result;
	struct landing_options how = {
		.setup = options->setup,
		.log = options->log,
		.progress = options->progress,
		.path = options->setup->config->spool_dir,
		.budget = options->budget,
		.stop = options->stop,
		.pulse = pulse_at(options->pulses, PULSE_LOOP),
		.views = options->views,
		.views_n = options->views_n,
		.view_options = options->view_options,
		.damaged = note_damaged,
		.user = &handing,
	};
	struct err why = {0};
	buf_init(&handing.damaged, 16 * MIB);
	bool done = landing_load(&how, &result, &why);
	bool known = !handing.damaged.failed;
	if (done && known) {
		done = give_up_all(&handing, spooled->spool, reterr);
	} else if (why.kind == ERR_MEMORY) {
		*reterr = why;
	} else {
		if (done)
			err_set(&why, ERR_DATA, "too many damaged files to tell which; firn flush "
				"goes on with them");
		ret->why = why;
		ret->alarm = why.kind != ERR_TRANSIENT && why.kind != ERR_BUSY;
		done = true; /* it stays in the spool */
	}
	buf_done(&handing.damaged);
	return done;
}
