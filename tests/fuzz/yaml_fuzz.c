/* Any bytes: a tree whose every node has a place and a kind, or one whole message. */
#include "base/bounds.h"
#include "base/text.h"
#include "config/yaml.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct yaml *node, int depth)
{
	assert(node->line >= 1 && node->column >= 1);
	assert(depth <= CONFIG_DEPTH_MAX);
	if (node->kind == YAML_SCALAR) {
		assert(node->text.at[node->text.size] == '\0');
		assert(strlen(node->text.at) == node->text.size);
		assert(text_is_clean(node->text));
		assert(!node->quoted || yaml_plain_kind(node) == YAML_TEXT);
		return;
	}
	for (size_t i = 0; i < node->n; i++) {
		check(&node->children[i], depth + 1);
		if (node->kind == YAML_MAP) {
			check(&node->names[i], 1);
			assert(yaml_member(node, node->names[i].text.at) == &node->children[i]);
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err err = {.kind = ERR_NONE};
	struct yaml *root = NULL;
	struct arena *arena = arena_new();
	char shown[YAML_SHOWN_BYTES];
	struct span text = {(const char *)data, size};
	if (arena == NULL)
		return 0;
	(void)yaml_shown(text, shown);
	if (yaml_read(arena, text, "f", &root, &err)) {
		assert(err.kind == ERR_NONE);
		check(root, root->kind == YAML_SCALAR ? 0 : 1);
	} else {
		assert(root == NULL && err.text[0] != '\0');
		assert(text_is_clean(span_of(err.text)));
	}
	arena_free(arena);
	return 0;
}
