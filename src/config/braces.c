/* The stand-ins are five of Unicode's noncharacters (U+FDD0 to U+FDD4): no text that means
 * anything holds one, and libyaml lets them pass. */
#include "config/braces.h"

static const char HIDDEN[] = "{}[],";
static const char LEAD[] = "\xEF\xB7"; /* of U+FDD0 in UTF-8, behind it 0x90 and up */
enum { LEAD_BYTES = 2, LAST_BYTE = 0x90 };

/* The size of a reference that begins here: up to its brace in the same line, of a program behind
 * its list. 0: it does not close. */
static size_t reference_size(struct span text)
{
	bool command = span_starts(text, SPAN("${cmd:"));
	for (size_t i = 2; i < text.size && text.at[i] != '\n'; i++) {
		if (text.at[i] == '}' && (!command || text.at[i - 1] == ']'))
			return i + 1;
	}
	return 0;
}

static void hide(struct span reference, struct buf *out)
{
	for (size_t i = 0; i < reference.size; i++) {
		const char *at = memchr(HIDDEN, reference.at[i], sizeof HIDDEN - 1);
		if (at == NULL) {
			buf_add_char(out, reference.at[i]);
			continue;
		}
		buf_add(out, LEAD, LEAD_BYTES);
		buf_add_char(out, (char)(LAST_BYTE + (at - HIDDEN)));
	}
}

bool braces_hide(struct span text, struct buf *out)
{
	for (size_t at = 0; at < text.size;) {
		struct span rest = span_from(text, at);
		size_t size = span_starts(rest, SPAN("${")) ? reference_size(rest) : 0;
		if (size > 0)
			hide((struct span){rest.at, size}, out);
		else
			buf_add_char(out, rest.at[size++]);
		at += size;
	}
	return !out->failed;
}

static bool show(struct arena *arena, struct yaml *scalar)
{
	struct span text = scalar->text;
	size_t n = 0;
	bool any = false;
	for (size_t i = 0; i + LEAD_BYTES < text.size && !any; i++)
		any = memcmp(text.at + i, LEAD, LEAD_BYTES) == 0;
	if (!any)
		return true;
	char *copy = arena_text(arena, text);
	if (copy == NULL)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		bool hidden = span_starts(span_from(text, i), (struct span){LEAD, LEAD_BYTES}) &&
			      i + LEAD_BYTES < text.size;
		unsigned last = hidden ? (unsigned char)text.at[i + LEAD_BYTES] : 0U;
		hidden = last >= LAST_BYTE && last - LAST_BYTE < sizeof HIDDEN - 1;
		copy[n++] = hidden ? HIDDEN[last - LAST_BYTE] : text.at[i];
		i += hidden ? LEAD_BYTES : 0;
	}
	copy[n] = '\0';
	scalar->text = (struct span){copy, n};
	return true;
}

bool braces_show(struct arena *arena, struct yaml *tree)
{
	if (tree->kind == YAML_SCALAR)
		return show(arena, tree);
	for (size_t i = 0; i < tree->n; i++) {
		if ((tree->kind == YAML_MAP && !show(arena, &tree->names[i])) ||
		    !braces_show(arena, &tree->children[i]))
			return false;
	}
	return true;
}
