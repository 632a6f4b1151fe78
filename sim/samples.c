#include "samples.h"

#include "base/bounds.h"
#include "base/json.h"
#include "base/stamp.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

static bool read_whole(const char *path, struct buf *ret, bool *ret_there, struct err *reterr)
{
	FILE *file = fopen(path, "rb");
	*ret_there = file != NULL;
	if (file == NULL)
		return errno == ENOENT || err_sys(reterr, "cannot open %s", path);
	for (;;) {
		char *at = buf_reserve(ret, 64 * KIB);
		if (at == NULL)
			break;
		size_t size = fread(at, 1, 64 * KIB, file);
		ret->size += size;
		if (size == 0)
			break;
	}
	bool done = !ferror(file) || err_sys(reterr, "cannot read %s", path);
	(void)fclose(file);
	return done && buf_ok(ret, reterr);
}

static int64_t time_of(const struct json *record, const char *name)
{
	int64_t us = INT64_MIN;
	struct span text = json_text_member(record, name, "");
	return stamp_read_iso(text, &us) ? us : INT64_MIN;
}

static bool take_record(struct samples *samples, enum entity entity, const struct json *record,
			struct err *reterr)
{
	struct sample *sample = &samples->all[entity][samples->n[entity]];
	struct buf text;
	size_t cleaned = 0;
	buf_init(&text, CELL_BYTES_MAX);
	bool done = json_write(&text, record, &cleaned) ||
		    err_set(reterr, ERR_DATA, "%s: record %zu cannot be written",
			    entity_name(entity), samples->n[entity]);
	if (done) {
		struct span id = json_text_member(record, "id", "");
		char *copy = arena_text(samples->arena, buf_span(&text));
		char *name = arena_text(samples->arena, id);
		if (copy == NULL || name == NULL)
			done = err_memory(reterr);
		*sample = (struct sample){
			{copy, text.size}, {name, id.size},
			time_of(record, "last_updated_time"), time_of(record, "created_time"),
		};
		if (sample->updated_us > samples->newest_us)
			samples->newest_us = sample->updated_us;
		samples->n[entity]++;
	}
	buf_done(&text);
	return done;
}

static bool take_file(struct samples *samples, enum entity entity, const char *path,
		      struct err *reterr)
{
	struct buf text;
	struct json_doc *doc = NULL;
	bool there = false;
	buf_init(&text, ANSWER_BYTES_MAX);
	bool done = read_whole(path, &text, &there, reterr);
	if (!done || !there)
		goto out;
	doc = json_parse(buf_span(&text), reterr);
	done = doc != NULL;
	if (!done)
		goto out;
	const struct json *value = json_member(json_root(doc), SPAN("value"));
	samples->all[entity] =
		arena_array(samples->arena, json_count(value) + 1, sizeof(struct sample));
	done = samples->all[entity] != NULL || err_memory(reterr);
	struct json_walk walk = json_walk(value);
	while (done && json_next(&walk))
		done = take_record(samples, entity, walk.value, reterr);
out:
	if (!done)
		err_at(reterr, "%s", path);
	json_free(doc);
	buf_done(&text);
	return done;
}

bool samples_open(struct samples **ret, const char *folder, struct err *reterr)
{
	struct samples *samples = calloc(1, sizeof *samples);
	if (samples == NULL)
		return err_memory(reterr);
	samples->newest_us = INT64_MIN;
	samples->arena = arena_new();
	bool done = samples->arena != NULL || err_memory(reterr);
	size_t total = 0;
	for (enum entity e = 0; done && e < ENTITIES; e++) {
		char path[PATH_BYTES_MAX];
		if (snprintf(path, sizeof path, "%s/%s.json", folder, entity_name(e)) >=
		    PATH_BYTES_MAX)
			done = err_set(reterr, ERR_USAGE, "%s: too long a path", folder);
		else
			done = take_file(samples, e, path, reterr);
		total += samples->n[e];
	}
	if (done && total == 0)
		done = err_set(reterr, ERR_USAGE, "%s: no records in conversations.json ... "
			       "users.json", folder);
	if (done)
		*ret = samples;
	else
		samples_close(samples);
	return done;
}

void samples_close(struct samples *samples)
{
	if (samples == NULL)
		return;
	arena_free(samples->arena);
	free(samples);
}
