#include "shape/tree.h"

#include "base/digest.h"

static bool grow_children(struct arena *arena, struct node *node)
{
	if (node->n < node->room)
		return true;
	unsigned room = node->room == 0 ? 4 : node->room * 2;
	struct node **children = arena_array(arena, room, sizeof *children);
	if (children == NULL)
		return false;
	if (node->n > 0)
		memcpy(children, node->children, node->n * sizeof *children);
	node->children = children;
	node->room = room;
	return true;
}

static struct node *plain_child(const struct node *node, struct span name)
{
	for (unsigned i = 0; i < node->n; i++) {
		if (span_equal(node->children[i]->name, name))
			return node->children[i];
	}
	return NULL;
}

/* As RFC 6901, 4 has it: no sign, no leading zero; "-" is behind the last element. */
static size_t element_of(struct span name)
{
	size_t index = 0;
	if (name.size == 0 || name.size > 9 || (name.size > 1 && name.at[0] == '0'))
		return SIZE_MAX;
	for (size_t i = 0; i < name.size; i++) {
		if (name.at[i] < '0' || name.at[i] > '9')
			return SIZE_MAX;
		index = index * 10 + (size_t)(name.at[i] - '0');
	}
	return index;
}

static struct node *grow(struct arena *arena, struct node *root, const struct pointer *pointer)
{
	struct node *node = root;
	for (size_t i = 0; i < pointer->depth; i++) {
		struct node *child = plain_child(node, pointer->keys[i]);
		if (child == NULL) {
			child = arena_alloc(arena, sizeof *child);
			if (child == NULL || !grow_children(arena, node))
				return NULL;
			child->name = pointer->keys[i];
			child->element = element_of(child->name);
			child->columns = root->columns;
			node->children[node->n++] = child;
		}
		node = child;
	}
	return node;
}

static bool add_leaf(struct arena *arena, struct node *node, unsigned column, unsigned rank)
{
	struct leaf *leaves = arena_array(arena, node->leaves_n + 1, sizeof *leaves);
	if (leaves == NULL)
		return false;
	if (node->leaves_n > 0)
		memcpy(leaves, node->leaves, node->leaves_n * sizeof *leaves);
	leaves[node->leaves_n++] = (struct leaf){column, rank};
	node->leaves = leaves;
	return true;
}

static unsigned slot_of(const struct node *node, struct span name)
{
	return (unsigned)digest_hash64(name, 0) & (node->index_n - 1);
}

/* Marks what is private and hashes the names, from the leaves up. The depth is bounded by
 * POINTER_DEPTH_MAX. */
static bool finish(struct arena *arena, struct node *node)
{
	for (unsigned i = 0; i < node->leaves_n; i++) {
		const struct column *column = &node->columns[node->leaves[i].column];
		node->private_below |= column->excluded || column->hashed;
	}
	for (node->index_n = 4; node->index_n < 2 * node->n; node->index_n *= 2)
		;
	node->index = arena_array(arena, node->index_n, sizeof *node->index);
	if (node->index == NULL)
		return false;
	for (unsigned i = 0; i < node->n; i++) {
		struct node *child = node->children[i];
		unsigned slot = slot_of(node, child->name);
		while (node->index[slot] != 0)
			slot = (slot + 1) & (node->index_n - 1);
		node->index[slot] = i + 1;
		child->at = i;
		child->follow = i + 1;
		if (!finish(arena, child))
			return false;
		node->private_below |= child->private_below;
	}
	return true;
}

struct node *tree_new(struct arena *arena, const struct table *table)
{
	struct node *root = arena_alloc(arena, sizeof *root);
	if (root == NULL)
		return NULL;
	root->columns = table->columns;
	for (unsigned i = 0; i < table->columns_n; i++) {
		const struct column *column = &table->columns[i];
		if (column->from != CELL_RECORD)
			continue;
		for (unsigned rank = 0; rank < column->at.n; rank++) {
			struct node *node = grow(arena, root, &column->at.at[rank]);
			if (node == NULL || !add_leaf(arena, node, i, rank))
				return NULL;
		}
	}
	for (unsigned i = 0; i < table->ignore_n; i++) {
		struct node *node = grow(arena, root, &table->ignore[i]);
		if (node == NULL)
			return NULL;
		node->ignored = true;
	}
	return finish(arena, root) ? root : NULL;
}

struct node *tree_child(const struct node *node, struct span name, unsigned guess)
{
	if (guess < node->n && span_equal(node->children[guess]->name, name))
		return node->children[guess];
	for (unsigned slot = slot_of(node, name); node->index[slot] != 0;
	     slot = (slot + 1) & (node->index_n - 1)) {
		struct node *child = node->children[node->index[slot] - 1];
		if (span_equal(child->name, name))
			return child;
	}
	return NULL;
}
