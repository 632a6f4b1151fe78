#include "deliver/deliver_private.h"

#include "base/pulse.h"
#include "deliver/folder.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

void run_tell(struct run *run, bool warning, const char *format, ...)
{
	char text[ERR_TEXT_BYTES + 200];
	va_list args;
	if (run->o->told == NULL)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	run->o->told(run->o->told_user, warning, text);
}

static bool needs_person(enum err_kind kind)
{
	return kind == ERR_AUTH || kind == ERR_USAGE || kind == ERR_REMOTE || kind == ERR_DISK;
}

void run_blame(struct run *run, const struct err *why)
{
	struct deliver_result *result = run->result;
	bool alarm = needs_person(why->kind);
	if (result->why.kind == ERR_NONE || (alarm && !result->alarm))
		result->why = *why;
	result->alarm = result->alarm || alarm;
}

bool run_stopped(struct run *run)
{
	const struct err why = {.kind = ERR_STOPPED, .text = "delivery was stopped"};
	if (run->o->stop == NULL || *run->o->stop == 0)
		return false;
	if (!run->ending)
		run_blame(run, &why);
	run->ending = true;
	return true;
}

/* --- what becomes of a segment --- */

bool run_done(struct run *run, const struct deliver_segment *segment, int64_t bytes,
	      bool was_there, struct err *reterr)
{
	struct deliver_result *result = run->result;
	int64_t rows = segment->rows;
	if (!run->source->done(run->source->user, segment, reterr))
		return false;
	result->files++;
	result->rows += rows;
	result->bytes += bytes;
	result->were_there += was_there;
	return true;
}

bool run_quarantine(struct run *run, const struct deliver_segment *segment,
		    const struct err *why, struct err *reterr)
{
	run_tell(run, true, "%s is set aside: %s", segment->name, why->text);
	run->result->quarantined++;
	return run->source->quarantine(run->source->user, segment, why->text, reterr);
}

void run_leave(struct run *run, const struct deliver_segment *segment, const struct err *why)
{
	if (why != NULL)
		run_blame(run, why);
	run->result->left++;
	run->source->leave(run->source->user, segment);
}

/* A segment that could not be opened or read. */
static bool see_to(struct run *run, const struct deliver_segment *segment,
		   const struct err *why, struct err *reterr)
{
	if (why->kind == ERR_MEMORY) {
		*reterr = *why;
		run_leave(run, segment, NULL);
		return false;
	}
	if (why->kind == ERR_DATA)
		return run_quarantine(run, segment, why, reterr);
	if (why->kind == ERR_BUSY) {
		run->source->leave(run->source->user, segment); /* gone: nothing is left */
		return true;
	}
	run_tell(run, true, "%s is left: %s", segment->name, why->text);
	run_leave(run, segment, why);
	return true;
}

bool run_next(struct run *run, struct deliver_segment *ret, struct deliver_bytes *ret_bytes,
	      bool *ret_any, struct err *reterr)
{
	const struct deliver_source *source = run->source;
	for (;;) {
		struct err why = {0};
		pulse_beat(run->o->pulse, "delivering");
		if (!source->next(source->user, ret, ret_any, reterr))
			return false;
		if (!*ret_any) {
			run->result->emptied = true;
			return true;
		}
		if (source->open(source->user, ret, ret_bytes, &why))
			return true;
		if (!see_to(run, ret, &why, reterr))
			return false;
	}
}

/* --- folders --- */

static bool deliver_to_folder(struct run *run, struct err *reterr)
{
	struct folder folder;
	bool done = true;
	folder_init(&folder, run->o->folder);
	while (done && !run->ending && !run_stopped(run)) {
		struct deliver_segment segment;
		struct deliver_bytes bytes;
		struct err why = {0};
		bool any, was_there;
		done = run_next(run, &segment, &bytes, &any, reterr);
		if (!done || !any)
			break;
		bool put = folder_put(&folder, run->source, &segment, &bytes, &was_there, &why);
		run->source->close(bytes.reader);
		if (put) {
			done = run_done(run, &segment, bytes.size, was_there, reterr);
		} else if (why.kind == ERR_DATA) {
			done = run_quarantine(run, &segment, &why, reterr);
		} else {
			/* A full disk, a folder that is gone: the next one fares no better. */
			run->ending = true;
			run_leave(run, &segment, &why);
		}
	}
	folder_done(&folder);
	return done;
}

bool deliver(const struct deliver_options *options, struct deliver_result *ret,
	     struct err *reterr)
{
	struct run run = {.o = options, .source = options->source, .result = ret};
	assert((options->s3 == NULL) != (options->folder == NULL));
	*ret = (struct deliver_result){0};
	return options->s3 != NULL ? deliver_to_s3(&run, reterr)
				   : deliver_to_folder(&run, reterr);
}
