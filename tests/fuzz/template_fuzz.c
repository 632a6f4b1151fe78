/* Any bytes as a template: parsed or refused; what is parsed shows as it was written and fills in
 * every place. Its values are bytes of the same input. A path's value stays in its segment, a
 * header's line stays one line. */
#include "base/bounds.h"
#include "connector/template.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void find(void *user, enum slot_scope scope, struct span name, struct value *ret)
{
	const struct span *input = user;
	enum value_kind kind = (enum value_kind)((size_t)scope % (VALUE_BOOL + 1));
	size_t n = name.size < input->size ? name.size : input->size;
	*ret = (struct value){kind, {input->at, n}};
}

static void fill(const struct template *template, struct span input, struct buf *out)
{
	struct template_scope scope = {find, &input};
	for (int place = PLACE_PLAIN; place <= PLACE_HOST; place++) {
		struct err err = {.kind = ERR_NONE};
		bool absent = false;
		buf_clear(out);
		bool done = template_fill(template, (enum template_place)place, scope, out, &absent,
					  &err);
		assert(done == (err.kind == ERR_NONE));
		assert(done || out->size == 0);
		assert(!absent || (out->size == 0 && place != PLACE_PATH));
		for (size_t i = 0; done && place == PLACE_QUERY && i < out->size; i++)
			assert(out->data[i] > ' ' && out->data[i] != '&' && out->data[i] != '#');
	}
	struct err err = {.kind = ERR_NONE};
	struct value value;
	buf_clear(out);
	if (template_value(template, scope, out, &value, &err))
		assert(value.kind != VALUE_ABSENT || value.text.size <= out->size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {.kind = ERR_NONE};
	struct span text = {(const char *)data, size};
	struct template template;
	struct arena *arena = arena_new();
	struct buf out;
	buf_init(&out, 4 * MIB);
	if (arena != NULL && template_parse(arena, text, &template, &err)) {
		assert(err.kind == ERR_NONE);
		assert(template_show(&template, &out));
		assert(span_equal(buf_span(&out), text));
		fill(&template, text, &out);
	} else {
		assert(err.kind != ERR_NONE && err.text[0] != '\0');
	}
	buf_done(&out);
	arena_free(arena);
	return 0;
}
