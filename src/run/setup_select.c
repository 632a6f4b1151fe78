/* --streams: which of the planned streams a command is for. */
#include "base/text.h"
#include "run/setup.h"

#include <string.h>

/* Without a connector it is one of a pipeline that only loads landed files. */
static const struct stream *find_stream(const struct setup *setup, const char *name)
{
	if (setup->connector != NULL)
		return connector_stream(setup->connector, name);
	for (size_t i = 0; i < setup->streams_n; i++) {
		if (strcmp(setup->streams[i].stream->name, name) == 0)
			return setup->streams[i].stream;
	}
	return NULL;
}

static bool refuse_stream(const struct setup *setup, const char *name, struct err *reterr)
{
	const struct connector *connector = setup->connector;
	size_t n = connector == NULL ? setup->streams_n : connector->streams_n;
	const char **known = arena_array(setup->arena, n + 1, sizeof *known);
	if (known == NULL)
		return err_memory(reterr);
	for (size_t i = 0; i < n; i++)
		known[i] = connector == NULL ? setup->streams[i].stream->name
					     : connector->streams[i].name;
	const char *whose = connector == NULL ? "the pipeline" : connector->name;
	const char *near = text_nearest(name, known);
	return near == NULL ? err_set(reterr, ERR_USAGE, "--streams: %s has no stream %s; "
				      "firn connectors NAME lists them", whose, name)
			    : err_set(reterr, ERR_USAGE, "--streams: %s has no stream %s; "
				      "did you mean %s?", whose, name, near);
}

bool setup_select(struct setup *setup, const char *const *streams, size_t n, struct err *reterr)
{
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		const struct stream *stream = find_stream(setup, streams[i]);
		if (stream == NULL)
			return refuse_stream(setup, streams[i], reterr);
		if (setup_planned(setup, stream) == NULL)
			return err_set(reterr, ERR_USAGE,
				       "--streams: %s is not among source.streams of %s",
				       streams[i], setup->config->file);
	}
	for (size_t i = 0; i < setup->streams_n && n > 0; i++) {
		bool wanted = false;
		for (size_t k = 0; k < n; k++)
			wanted |= strcmp(setup->streams[i].stream->name, streams[k]) == 0;
		if (wanted)
			setup->streams[kept++] = setup->streams[i];
	}
	if (n > 0)
		setup->streams_n = kept;
	for (size_t i = 0; i < setup->streams_n; i++) {
		const struct stream *parent = setup->streams[i].stream->for_each;
		if (parent != NULL && setup_planned(setup, parent) == NULL)
			return err_set(reterr, ERR_USAGE, "--streams: %s asks for each row of %s: "
				       "name that stream too", setup->streams[i].stream->name,
				       parent->name);
	}
	setup_list_tables(setup);
	return true;
}
