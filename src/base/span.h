/* A span is some bytes that somebody else owns: a pointer and a size, no final NUL. */
#ifndef FIRN_BASE_SPAN_H
#define FIRN_BASE_SPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct span {
	const char *at;
	size_t size;
};

#define SPAN(literal) ((struct span){("" literal), sizeof(literal) - 1})
/* For printf: "%.*s". The cast is safe below 2 GiB, which bounds.h guarantees. */
#define SPAN_ARGS(span) (int)(span).size, (span).at

static inline struct span span_of(const char *text)
{
	return (struct span){text, text == NULL ? 0 : strlen(text)};
}

static inline bool span_equal(struct span a, struct span b)
{
	return a.size == b.size && (a.size == 0 || memcmp(a.at, b.at, a.size) == 0);
}

static inline bool span_is(struct span a, const char *text)
{
	return span_equal(a, span_of(text));
}

static inline bool span_starts(struct span a, struct span prefix)
{
	return a.size >= prefix.size &&
	       (prefix.size == 0 || memcmp(a.at, prefix.at, prefix.size) == 0);
}

static inline struct span span_from(struct span a, size_t start)
{
	return start >= a.size ? (struct span){a.at + a.size, 0}
			       : (struct span){a.at + start, a.size - start};
}

#endif
