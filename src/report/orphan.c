#include "report/orphan.h"

#include <string.h>

static char folded(char c)
{
	if (c == '-')
		return '_';
	return c >= 'A' && c <= 'Z' ? (char)(c + ('a' - 'A')) : c;
}

/* True where `name` is `word` and then `ending`. */
static bool is_word(const char *name, struct span word, const char *ending)
{
	size_t size = strlen(name), tail = strlen(ending);
	if (size != word.size + tail)
		return false;
	for (size_t i = 0; i < word.size; i++) {
		if (folded(name[i]) != folded(word.at[i]))
			return false;
	}
	for (size_t i = 0; i < tail; i++) {
		if (folded(name[word.size + i]) != ending[i])
			return false;
	}
	return true;
}

static bool is_vowel(char c)
{
	return strchr("aeiou", folded(c)) != NULL;
}

/* conversation: conversations; repository: repositories; address: addresses */
static bool is_plural(const char *name, struct span word)
{
	if (word.size < 2)
		return false;
	char last = folded(word.at[word.size - 1]);
	char before = folded(word.at[word.size - 2]);
	struct span stem = {word.at, word.size - 1};
	if (last == 'y' && !is_vowel(before))
		return is_word(name, stem, "ies");
	bool hisses = last == 's' || last == 'x' || last == 'z' ||
		      (last == 'h' && (before == 'c' || before == 's'));
	return is_word(name, word, hisses ? "es" : "s");
}

static bool can_refer(const struct table *from, const struct column *column,
		      const struct table *to)
{
	if (to->key_n != 1 || column->excluded)
		return false;
	const struct column *key = &to->columns[to->key[0]];
	bool itself = from == to && key == column;
	return !itself && !key->excluded && key->type == column->type &&
	       key->hashed == column->hashed;
}

int orphan_target(const struct orphan_stream *streams, size_t n, size_t from, unsigned column)
{
	const struct table *table = streams[from].table;
	const char *name = table->columns[column].name;
	size_t size = strlen(name);
	if (size < 4 || strcmp(name + size - 3, "_ID") != 0)
		return -1;
	struct span word = {name, size - 3};
	while (word.size > 0) {
		for (size_t i = 0; i < n; i++) {
			if (is_plural(streams[i].name, word))
				return can_refer(table, &table->columns[column], streams[i].table)
					       ? (int)i
					       : -1;
		}
		const char *next = memchr(word.at, '_', word.size);
		if (next == NULL)
			return -1;
		word = span_from(word, (size_t)(next - word.at) + 1);
	}
	return -1;
}
