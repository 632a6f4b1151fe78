#include "base/roff.h"

enum { ROFF_WIDTH = 72 };

/* A character beyond ASCII, by its number: not every roff reads UTF-8. */
static size_t add_character(struct buf *out, struct span text)
{
	unsigned char first = (unsigned char)text.at[0];
	unsigned code = first & (first >= 0xF0 ? 0x07u : first >= 0xE0 ? 0x0Fu : 0x1Fu);
	size_t size = 1;
	for (; size < text.size && ((unsigned char)text.at[size] & 0xC0) == 0x80; size++)
		code = code << 6 | ((unsigned char)text.at[size] & 0x3Fu);
	buf_addf(out, "\\[u%04X]", code);
	return size;
}

/* A line that begins with a dot or a quote is a request; a backslash begins an escape. */
static void add_word(struct buf *out, struct span word, bool start)
{
	if (start && (word.at[0] == '.' || word.at[0] == '\''))
		buf_add_text(out, "\\&");
	for (size_t i = 0; i < word.size; i++) {
		if (word.at[i] == '\\')
			buf_add_text(out, "\\e");
		else if (word.at[i] == '-')
			buf_add_text(out, "\\-");
		else if ((unsigned char)word.at[i] >= 0xC0)
			i += add_character(out, span_from(word, i)) - 1;
		else
			buf_add_char(out, word.at[i]);
	}
}

void roff_text(struct buf *out, const char *text)
{
	size_t start = out->size;
	while (*text != '\0') {
		size_t size = strcspn(text, " ");
		bool ends = size > 0 && text[size - 1] == '.' && text[size] != '\0';
		if (size > 0)
			add_word(out, (struct span){text, size}, out->size == start);
		text += size + strspn(text + size, " ");
		bool wrap = ends || *text == '\0' ||
			    out->size - start + 1 + strcspn(text, " ") > ROFF_WIDTH;
		buf_add_char(out, wrap ? '\n' : ' ');
		if (wrap)
			start = out->size;
	}
}

void roff_word(struct buf *out, const char *word)
{
	add_word(out, span_of(word), true);
}
