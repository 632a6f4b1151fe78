/* A table's pointers as a tree, so that one walk over a record finds all of them.
 *
 * Every node is one step of a JSON Pointer. A leaf names the column that takes the value there;
 * `rank` says which of a column's several pointers it is. The order in which an API writes its
 * members is learned on the way: `first` and `follow` guess the next member, a hash table
 * answers where the guess is wrong. */
#ifndef FIRN_SHAPE_TREE_H
#define FIRN_SHAPE_TREE_H

#include "base/arena.h"
#include "shape/column.h"

#include <stdint.h>

struct leaf {
	unsigned column, rank;
};

struct node {
	struct span name;
	const struct column *columns; /* the table's */
	struct leaf *leaves;
	unsigned leaves_n;
	bool ignored;
	bool private_below; /* here or deeper stands an excluded or hashed column */
	size_t element;     /* the name as an index of a list; SIZE_MAX: it is none */
	struct node **children;
	unsigned n, room;
	unsigned *index; /* of children by name; a power of two, 0 free, else child + 1 */
	unsigned index_n;
	unsigned at;     /* the position among its parent's children */
	unsigned first;  /* the guess: which child comes first, which one after this */
	unsigned follow;
	uint64_t walk;   /* the last one that came here: who comes twice has a namesake */
};

/* Everything lives in the arena. NULL: no memory. */
struct node *tree_new(struct arena *arena, const struct table *table);
/* The child of that name, NULL: none; `guess` is tried first. */
struct node *tree_child(const struct node *node, struct span name, unsigned guess);

#endif
