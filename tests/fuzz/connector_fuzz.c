/* Any bytes as a connector file: understood or refused. What is understood can be summed up; what
 * is refused has a message with a place for every line, in the order of the file. The settings
 * are read from the same text, so that they meet odd values too. */
#include "base/bounds.h"
#include "base/text.h"
#include "config/yaml.h"
#include "connector/settings.h"

#include <assert.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_mistakes(const struct buf *mistakes)
{
	int before = 0;
	size_t lines = 0;
	assert(mistakes->size > 0 && mistakes->data[mistakes->size - 1] == '\n');
	for (const char *line = mistakes->data; *line != '\0'; line = strchr(line, '\n') + 1) {
		assert(line[0] == 'f' && line[1] == ':');
		int at = (int)strtol(line + 2, NULL, 10);
		assert(at >= before);
		before = at;
		lines++;
	}
	assert(lines <= CONFIG_ERRORS_MAX);
}

static void use(const struct connector *connector, struct span text)
{
	struct err err = {.kind = ERR_NONE};
	struct arena *arena = arena_new();
	struct settings settings;
	struct yaml *root = NULL;
	struct buf out;
	buf_init(&out, 64 * MIB);
	assert(connector->name != NULL && connector->streams_n > 0);
	(void)connector_summary(connector, &out);
	for (size_t i = 0; i < connector->streams_n; i++) {
		const struct stream *stream = &connector->streams[i];
		assert(stream->table != NULL && stream->key_n > 0 && stream->columns_n > 0);
		assert(stream->rows != ROWS_FROM_API || stream->path != NULL);
		assert(stream->newest < (int)stream->columns_n);
	}
	buf_clear(&out);
	if (arena != NULL && yaml_read(arena, text, "f", &root, &err)) {
		const struct yaml *given = yaml_member(root, "given");
		if (settings_read(arena, connector, given, "f", &settings, &out, &err)) {
			for (size_t i = 0; i < connector->streams_n; i++)
				(void)settings_part(&connector->streams[i], &settings, 0, &out,
						    &err);
		}
	}
	arena_free(arena);
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {.kind = ERR_NONE};
	struct connector *connector = NULL;
	struct span text = {(const char *)data, size};
	struct buf mistakes;
	buf_init(&mistakes, 64 * MIB);
	if (connector_parse(&connector, text, "f", &mistakes, &err)) {
		assert(err.kind == ERR_NONE && mistakes.size == 0);
		use(connector, text);
	} else if (err.kind == ERR_USAGE) {
		assert(text_is_clean(buf_span(&mistakes)));
		check_mistakes(&mistakes);
	}
	connector_free(connector);
	/* Settings of a file that also gives them: `given` is no key of a connector. */
	const char *tail = size == 0 ? NULL : memmem(data, size, "\ngiven:", 7);
	if (tail != NULL) {
		struct span head = {(const char *)data, (size_t)(tail - (const char *)data)};
		connector = NULL;
		buf_clear(&mistakes);
		if (connector_parse(&connector, head, "f", &mistakes, &err))
			use(connector, text);
		connector_free(connector);
	}
	buf_done(&mistakes);
	return 0;
}
