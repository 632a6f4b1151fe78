/* Which windows of which streams a command asks for. */
#include "base/clock.h"
#include "base/text.h"
#include "run/flow.h"

#include <stdio.h>

/* What one element of a stream has to ask for. */
struct reach {
	struct interval range; /* empty: nothing; until WINDOW_OPEN: no end */
	bool whole_list;       /* a stream without windows */
};

static int64_t settled_us(const struct load *load, const struct stream *stream)
{
	int64_t end_us = load->now_us - stream->window.settle_us;
	return stream->window.has_last ? stamp_floor(end_us, STAMP_DAY) : end_us;
}

static int64_t retention_us(const struct load *load, const struct stream *stream)
{
	return stream->keeps == KEEPS_FOR ? load->now_us - stream->keeps_us : STAMP_NONE;
}

static struct local_part *part_of(struct load *load, const struct stream *stream, bool repeats,
				  size_t element, struct err *reterr)
{
	struct buf text;
	struct local_part *part = NULL;
	buf_init(&text, URL_BYTES_MAX);
	if (!repeats || settings_part(stream, &load->setup->settings, element, &text, reterr)) {
		part = local_part(load->setup->local, stream->name, buf_text(&text));
		if (part == NULL)
			err_memory(reterr);
	}
	buf_done(&text);
	return part;
}

/* --- what came since --- */

/* The source no longer has what was missed: said aloud, kept as a finding, and passed over, or
 * the watermark would wait for it for ever. */
static bool pass_over(struct load *load, const struct stream *stream, struct local_part *part,
		      struct interval lost, struct err *reterr)
{
	char from[STAMP_TEXT_BYTES], until[STAMP_TEXT_BYTES], keeps[32];
	struct finding finding = {
		.kind = FINDING_LOST,
		.stream = stream->name,
		.part = part->part,
		.from_us = lost.from_us,
		.until_us = lost.until_us,
		.at_us = load->now_us,
	};
	stamp_write_short(lost.from_us, from);
	stamp_write_short(lost.until_us, until);
	text_write_duration(keeps, sizeof keeps, stream->keeps_us);
	log_line(load->log, LOG_WARNING, stream->name,
		 "the source keeps %s: what came between %s and %s can no longer be fetched",
		 keeps, from, until);
	part->watermark_us = lost.until_us;
	return intervals_add(&part->complete, lost, reterr) &&
	       local_add_finding(load->setup->local, &finding, reterr);
}

static bool reach_since(struct load *load, struct lane *lane, struct local_part *part,
			struct reach *ret, struct err *reterr)
{
	const struct stream *stream = lane->stream;
	const struct config *config = load->setup->config;
	int64_t limit_us = retention_us(load, stream);
	int64_t lookback_us = config->lookback_us >= 0 ? config->lookback_us
						       : stream->window.lookback_us;
	struct err why;

	ret->range.until_us = stream->window.has_until ? settled_us(load, stream) : WINDOW_OPEN;
	if (part->watermark_us != STAMP_NONE) {
		struct interval lost = {part->watermark_us, limit_us};
		if (lost.from_us < lost.until_us && !pass_over(load, stream, part, lost, reterr))
			return false;
		ret->range.from_us = part->watermark_us - lookback_us;
		if (ret->range.from_us < limit_us)
			ret->range.from_us = limit_us;
	} else if (limit_us != STAMP_NONE) {
		ret->range.from_us = limit_us;
	} else if (!stream->window.has_until) {
		ret->range.from_us = 0;
	} else {
		err_set(&why, ERR_USAGE, "%s: nothing was loaded yet and the source keeps its "
			"history for ever: begin with firn initial-load --from DATE --to DATE",
			stream->name);
		lane_fail(load, lane, &why);
		ret->range = (struct interval){0, 0};
		return true;
	}
	if (stream->window.has_last)
		ret->range.from_us = stamp_floor(ret->range.from_us, STAMP_DAY);
	return true;
}

/* --- history --- */

/* Once for all streams that are kept equally long. */
static void warn_of_limit(struct load *load, struct lane *lane, int64_t limit_us)
{
	char limit[STAMP_TEXT_BYTES], keeps[32];
	for (size_t i = 0; i < load->lanes_n; i++) {
		const struct lane *other = &load->lanes[i];
		if (other->limit_told && other->stream->keeps_us == lane->stream->keeps_us)
			return;
	}
	lane->limit_told = true;
	stamp_write_short(limit_us, limit);
	text_write_duration(keeps, sizeof keeps, lane->stream->keeps_us);
	log_line(load->log, LOG_WARNING, NULL,
		 "the source keeps %s: before %s it has nothing to give", keeps, limit);
}

static void reach_back(struct load *load, struct lane *lane, struct reach *ret)
{
	const struct stream *stream = lane->stream;
	int64_t limit_us = retention_us(load, stream);

	ret->range = (struct interval){load->options->from_us, load->options->until_us};
	if (!stream->window.has_until)
		ret->range.until_us = WINDOW_OPEN;
	/* The day on which the retention ends is asked for like every other. */
	if (limit_us != STAMP_NONE && ret->range.from_us < stamp_floor(limit_us, STAMP_DAY))
		warn_of_limit(load, lane, limit_us);
}

static bool reach_of(struct load *load, struct lane *lane, bool repeats, size_t element,
		     struct reach *ret, struct err *reterr)
{
	struct local_part *part = part_of(load, lane->stream, repeats, element, reterr);
	*ret = (struct reach){.whole_list = !lane->stream->window.given};
	if (part == NULL)
		return false;
	if (ret->whole_list)
		return true;
	if (!load->options->initial)
		return reach_since(load, lane, part, ret, reterr);
	reach_back(load, lane, ret);
	return true;
}

/* --- tasks --- */

static bool all_complete(struct load *load, const struct lane *lane, const struct task *model,
			 bool *ret, struct err *reterr)
{
	size_t n = model->elements_n > 0 ? model->elements_n : 1;
	*ret = true;
	for (size_t i = 0; i < n && *ret; i++) {
		const struct local_part *part =
			part_of(load, lane->stream, model->elements_n > 0, model->element + i,
				reterr);
		if (part == NULL)
			return false;
		*ret = intervals_cover(&part->complete, model->window);
	}
	return true;
}

/* One slice. Its end may lie ahead: then it is loaded, but not complete. */
static bool add_slice(struct load *load, struct lane *lane, struct task *model,
		      struct interval slice, struct err *reterr)
{
	bool skip = false;
	int64_t end_us = settled_us(load, lane->stream);
	model->window = slice;
	model->completes = slice.until_us == WINDOW_OPEN || slice.until_us <= end_us;
	if (slice.from_us >= end_us)
		return true; /* all of it lies ahead */
	if (!model->completes && lane->stream->window.settle_us > 0)
		model->window.until_us = end_us;
	if (load->options->initial && !load->options->again && model->completes &&
	    slice.until_us != WINDOW_OPEN &&
	    !all_complete(load, lane, model, &skip, reterr))
		return false;
	if (skip) {
		lane->skipped++;
		return true;
	}
	return task_add(lane, model, reterr);
}

static bool add_range(struct load *load, struct lane *lane, struct task *model,
		      const struct reach *reach, struct err *reterr)
{
	struct slices slices;
	const struct window_rule *rule = &lane->stream->window;
	if (reach->whole_list) {
		model->completes = true;
		return task_add(lane, model, reterr);
	}
	model->oldest_us = reach->range.from_us;
	if (reach->range.until_us == WINDOW_OPEN)
		return add_slice(load, lane, model, reach->range, reterr);
	if (!slices_cut(reach->range, rule->step_us, !load->options->initial, &slices, reterr))
		return err_at(reterr, "%s", lane->stream->name);
	bool done = true;
	for (size_t i = 0; i < slices.n && done; i++)
		done = add_slice(load, lane, model, slices.at[i], reterr);
	slices_done(&slices);
	return done;
}

/* Neighbours of a list that have to ask for the same go together, `batch` at a time. */
static bool plan_elements(struct load *load, struct lane *lane, size_t n, struct err *reterr)
{
	const struct stream *stream = lane->stream;
	bool repeats = stream->repeat.over != NULL;
	size_t batch = repeats && stream->repeat.batch > 1 ? (size_t)stream->repeat.batch : 1;
	for (size_t i = 0; i < n && !lane->failed;) {
		struct reach first, next;
		size_t last = i + 1;
		if (!reach_of(load, lane, repeats, i, &first, reterr))
			return false;
		while (last < n && last - i < batch && !lane->failed) {
			if (!reach_of(load, lane, repeats, last, &next, reterr))
				return false;
			if (next.range.from_us != first.range.from_us ||
			    next.range.until_us != first.range.until_us)
				break;
			last++;
		}
		struct task model = {.element = i, .elements_n = repeats ? last - i : 0};
		if (!lane->failed && !add_range(load, lane, &model, &first, reterr))
			return false;
		i = last;
	}
	return true;
}

/* Days that are not there yet are no mistake, and no load either. */
static void warn_of_future(const struct load *load)
{
	char from[STAMP_TEXT_BYTES];
	if (!load->options->initial || load->options->from_us <= load->now_us)
		return;
	stamp_write_short(load->options->from_us, from);
	log_line(load->log, LOG_WARNING, NULL, "%s lies ahead: there is nothing to load yet", from);
}

bool todo_plan(struct load *load, struct err *reterr)
{
	warn_of_future(load);
	for (size_t i = 0; i < load->lanes_n; i++) {
		struct lane *lane = &load->lanes[i];
		const struct stream *stream = lane->stream;
		size_t n = 1;
		if (lane->parent != NULL || stream->rows != ROWS_FROM_API)
			continue;
		if (stream->repeat.over != NULL)
			n = settings_find(&load->setup->settings,
					  span_of(stream->repeat.over->name))->n;
		if (!plan_elements(load, lane, n, reterr))
			return false;
		if (lane->skipped > 0)
			log_line(load->log, LOG_INFO, stream->name,
				 "%zu windows are complete already (--again loads them anew)",
				 lane->skipped);
	}
	return true;
}
