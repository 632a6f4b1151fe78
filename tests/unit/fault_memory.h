/* malloc, calloc and realloc that fail at the n-th call: linked with --wrap for these three. */
#ifndef FIRN_UNIT_FAULT_MEMORY_H
#define FIRN_UNIT_FAULT_MEMORY_H

#include "fault.h"

#include <stddef.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

void *__wrap_malloc(size_t size)
{
	return fault_here() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fault_here() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fault_here() ? NULL : __real_realloc(old, size);
}

#endif
