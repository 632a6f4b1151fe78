#include "base/text.h"

#include "base/bounds.h"

static inline unsigned char lower(char c)
{
	return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

bool text_same_nocase(struct span a, struct span b)
{
	if (a.size != b.size)
		return false;
	for (size_t i = 0; i < a.size; i++) {
		if (lower(a.at[i]) != lower(b.at[i]))
			return false;
	}
	return true;
}

bool text_holds_nocase(struct span text, struct span part)
{
	for (size_t i = 0; i + part.size <= text.size; i++) {
		if (text_same_nocase((struct span){text.at + i, part.size}, part))
			return true;
	}
	return false;
}

void text_upper(char *text)
{
	for (; *text != '\0'; text++) {
		if (*text >= 'a' && *text <= 'z')
			*text = (char)(*text - ('a' - 'A'));
	}
}

void text_lower(char *text)
{
	for (; *text != '\0'; text++)
		*text = (char)lower(*text);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

struct span text_trim(struct span text)
{
	while (text.size > 0 && is_blank(text.at[0]))
		text = span_from(text, 1);
	while (text.size > 0 && is_blank(text.at[text.size - 1]))
		text.size--;
	return text;
}

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* How many letters must be put in, left out, replaced or swapped with their neighbour to make b
 * out of a; case does not count. Both are at most NEAREST_BYTES_MAX long. */
static unsigned distance(struct span a, struct span b)
{
	unsigned rows[3][NEAREST_BYTES_MAX + 1] = {{0}};
	unsigned *older = rows[0], *old = rows[1], *row = rows[2];
	for (unsigned j = 0; j <= b.size; j++)
		old[j] = j;
	for (unsigned i = 1; i <= a.size; i++) {
		row[0] = i;
		for (unsigned j = 1; j <= b.size; j++) {
			bool same = lower(a.at[i - 1]) == lower(b.at[j - 1]);
			unsigned best = old[j - 1] + (same ? 0 : 1);
			best = smaller(best, smaller(old[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && lower(a.at[i - 1]) == lower(b.at[j - 2]) &&
			    lower(a.at[i - 2]) == lower(b.at[j - 1]))
				best = smaller(best, older[j - 2] + 1);
			row[j] = best;
		}
		unsigned *spare = older;
		older = old;
		old = row;
		row = spare;
	}
	return old[b.size];
}

const char *text_nearest(const char *name, const char *const *names)
{
	struct span wanted = span_of(name);
	const char *nearest = NULL;
	unsigned least = 0;
	if (wanted.size > NEAREST_BYTES_MAX)
		return NULL;
	for (; *names != NULL; names++) {
		struct span known = span_of(*names);
		if (known.size > NEAREST_BYTES_MAX)
			continue;
		size_t longer = known.size > wanted.size ? known.size : wanted.size;
		size_t shorter = known.size > wanted.size ? wanted.size : known.size;
		if (longer - shorter > longer / 3)
			continue;
		unsigned far = distance(wanted, known);
		if (far <= longer / 3 && (nearest == NULL || far < least)) {
			nearest = *names;
			least = far;
		}
	}
	return nearest;
}

static bool is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
	       c == '-' || c == '_' || c == '.' || c == '~';
}

int text_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool text_percent(struct buf *out, struct span text)
{
	static const char HEX[] = "0123456789ABCDEF";
	size_t good = 0;
	for (size_t i = 0; i < text.size; i++) {
		if (is_unreserved(text.at[i]))
			continue;
		unsigned char c = (unsigned char)text.at[i];
		buf_add(out, text.at + good, i - good);
		buf_add(out, (char[]){'%', HEX[c >> 4], HEX[c & 15]}, 3);
		good = i + 1;
	}
	return buf_add(out, text.at + good, text.size - good);
}

bool text_hex(struct buf *out, const unsigned char *bytes, size_t size)
{
	static const char HEX[] = "0123456789abcdef";
	if (size > SIZE_MAX / 2) {
		out->failed = true;
		return false;
	}
	char *at = buf_reserve(out, 2 * size);
	if (at == NULL)
		return false;
	for (size_t i = 0; i < size; i++) {
		*at++ = HEX[bytes[i] >> 4];
		*at++ = HEX[bytes[i] & 15];
	}
	*at = '\0';
	out->size += 2 * size;
	return true;
}

const char *text_without_name(const char *text, const char *name)
{
	size_t size = strlen(name);
	bool named = strncmp(text, name, size) == 0 && text[size] == ':' && text[size + 1] == ' ';
	return named ? text + size + 2 : text;
}
