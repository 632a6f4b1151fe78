/* What servers, files and programs of AWS say: XML, profiles, command lines, keys. */
#include "deliver/aws_files.h"
#include "deliver/credentials_private.h"
#include "deliver/xml.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_xml(struct span text)
{
	struct span rest = text, inner;
	struct buf out;
	buf_init(&out, 1 << 20);
	for (int i = 0; i < 50 && xml_next(&rest, "a", &inner); i++) {
		if (inner.at < text.at || inner.at + inner.size > text.at + text.size)
			abort();
		xml_add_text(&out, inner);
	}
	if (out.size > 4 * text.size * 50 + 4)
		abort();
	buf_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct span text = {(const char *)data, size};
	struct arena *arena = arena_new();
	struct aws_profile profile = {0};
	struct key_set keys;
	struct err err = {0};
	const char **argv;
	if (arena == NULL)
		return 0;
	read_xml(text);
	if (!aws_profile_read(arena, text, true, "a", &profile, &err) ||
	    !aws_profile_read(arena, text, false, "a", &profile, &err))
		abort();
	const char *line = arena_text(arena, text);
	if (line != NULL && aws_split_command(arena, line, &argv, &err) && argv[0] == NULL)
		abort();
	key_set_init(&keys);
	if (credentials_read_sts(text, &keys, &err) && keys.id.size == 0)
		abort();
	if (credentials_read_json(text, &keys, &err) && keys.secret.size == 0)
		abort();
	key_set_done(&keys);
	arena_free(arena);
	return 0;
}
