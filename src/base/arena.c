#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* The first is small and each is twice the one before: an arena that holds a request costs as
 * little as a request is. */
enum { BLOCK_BYTES_MIN = 1024, BLOCK_BYTES_MAX = 16 * 1024 };

struct block {
	struct block *next;
	size_t used, room;
	_Alignas(max_align_t) unsigned char bytes[];
};

struct arena {
	struct block *head;
};

struct arena *arena_new(void)
{
	return calloc(1, sizeof(struct arena));
}

void arena_free(struct arena *arena)
{
	if (arena == NULL)
		return;
	for (struct block *next, *block = arena->head; block != NULL; block = next) {
		next = block->next;
		free(block);
	}
	free(arena);
}

static size_t next_room(const struct block *head, size_t size)
{
	size_t room = head == NULL ? BLOCK_BYTES_MIN : BLOCK_BYTES_MAX;
	if (head != NULL && head->room < BLOCK_BYTES_MAX / 2)
		room = head->room * 2;
	return size > room ? size : room;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	size_t align = _Alignof(max_align_t);
	if (size > SIZE_MAX / 2)
		return NULL;
	size = (size + align - 1) / align * align;
	struct block *block = arena->head;
	if (block == NULL || block->room - block->used < size) {
		size_t room = next_room(block, size);
		block = calloc(1, sizeof *block + room);
		if (block == NULL)
			return NULL;
		block->room = room;
		block->next = arena->head;
		arena->head = block;
	}
	void *at = block->bytes + block->used;
	block->used += size;
	return at;
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	if (size != 0 && count > SIZE_MAX / size)
		return NULL;
	return arena_alloc(arena, count * size);
}

char *arena_text(struct arena *arena, struct span text)
{
	char *copy = arena_alloc(arena, text.size + 1);
	if (copy != NULL && text.size > 0)
		memcpy(copy, text.at, text.size);
	return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int size = vsnprintf(NULL, 0, format, args);
	char *text = size < 0 ? NULL : arena_alloc(arena, (size_t)size + 1);
	if (text != NULL)
		vsnprintf(text, (size_t)size + 1, format, again);
	va_end(again);
	va_end(args);
	return text;
}
