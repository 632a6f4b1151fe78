#include "deliver/xml.h"

#include "base/bounds.h"

#include <stdint.h>

enum kind { TEXT, CDATA, OPEN, CLOSE, EMPTY, OTHER };

struct token {
	enum kind kind;
	struct span body; /* a tag's name without prefix; the characters of TEXT and CDATA */
	const char *start;
};

static const char *find(struct span text, const char *what)
{
	size_t size = strlen(what);
	for (size_t i = 0; i + size <= text.size; i++) {
		if (memcmp(text.at + i, what, size) == 0)
			return text.at + i;
	}
	return NULL;
}

/* "<!-- ... -->" and the like: from `skip` bytes on to `end`. */
static bool take_until(struct span *rest, size_t skip, const char *end, struct span *ret_body)
{
	struct span inside = span_from(*rest, skip);
	const char *at = find(inside, end);
	if (at == NULL)
		return false;
	*ret_body = (struct span){inside.at, (size_t)(at - inside.at)};
	*rest = span_from(inside, ret_body->size + strlen(end));
	return true;
}

static bool ends_name(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '/';
}

/* A '>' inside a quoted attribute ends nothing. */
static bool take_tag(struct span *rest, struct token *t)
{
	char quote = '\0';
	size_t end = 1;
	for (; end < rest->size && (quote != '\0' || rest->at[end] != '>'); end++) {
		char c = rest->at[end];
		if (quote != '\0')
			quote = c == quote ? '\0' : quote;
		else if (c == '"' || c == '\'')
			quote = c;
	}
	if (end >= rest->size)
		return false;
	struct span inside = {rest->at + 1, end - 1};
	*rest = span_from(*rest, end + 1);
	t->kind = OPEN;
	if (inside.size > 0 && inside.at[0] == '/') {
		t->kind = CLOSE;
		inside = span_from(inside, 1);
	} else if (inside.size > 0 && inside.at[inside.size - 1] == '/') {
		t->kind = EMPTY;
		inside.size--;
	}
	size_t size = 0, name = 0;
	while (size < inside.size && !ends_name(inside.at[size])) {
		if (inside.at[size++] == ':')
			name = size;
	}
	t->body = (struct span){inside.at + name, size - name};
	return true;
}

static bool next_token(struct span *rest, struct token *t)
{
	if (rest->size == 0)
		return false;
	t->start = rest->at;
	t->kind = OTHER;
	if (rest->at[0] != '<') {
		const char *end = memchr(rest->at, '<', rest->size);
		t->kind = TEXT;
		t->body = (struct span){rest->at, end == NULL ? rest->size
							      : (size_t)(end - rest->at)};
		*rest = span_from(*rest, t->body.size);
		return true;
	}
	if (span_starts(*rest, SPAN("<!--")))
		return take_until(rest, 4, "-->", &t->body);
	if (span_starts(*rest, SPAN("<![CDATA["))) {
		t->kind = CDATA;
		return take_until(rest, 9, "]]>", &t->body);
	}
	if (span_starts(*rest, SPAN("<?")))
		return take_until(rest, 2, "?>", &t->body);
	if (span_starts(*rest, SPAN("<!")))
		return take_until(rest, 2, ">", &t->body);
	return take_tag(rest, t);
}

bool xml_next(struct span *rest, const char *name, struct span *ret_inner)
{
	struct token t;
	while (next_token(rest, &t)) {
		if (!span_is(t.body, name) || (t.kind != OPEN && t.kind != EMPTY))
			continue;
		*ret_inner = (struct span){rest->at, 0};
		if (t.kind == EMPTY)
			return true;
		for (int depth = 1; next_token(rest, &t);) {
			if (!span_is(t.body, name))
				continue;
			if (t.kind == OPEN)
				depth++;
			else if (t.kind == CLOSE && --depth == 0) {
				ret_inner->size = (size_t)(t.start - ret_inner->at);
				return true;
			}
		}
	}
	return false;
}

static void add_utf8(struct buf *out, uint32_t c)
{
	if (c < 0x80) {
		buf_add_char(out, (char)c);
	} else if (c < 0x800) {
		buf_add_char(out, (char)(0xC0 | c >> 6));
		buf_add_char(out, (char)(0x80 | (c & 63)));
	} else if (c < 0x10000) {
		buf_add_char(out, (char)(0xE0 | c >> 12));
		buf_add_char(out, (char)(0x80 | (c >> 6 & 63)));
		buf_add_char(out, (char)(0x80 | (c & 63)));
	} else {
		buf_add_char(out, (char)(0xF0 | c >> 18));
		buf_add_char(out, (char)(0x80 | (c >> 12 & 63)));
		buf_add_char(out, (char)(0x80 | (c >> 6 & 63)));
		buf_add_char(out, (char)(0x80 | (c & 63)));
	}
}

/* "#39", "#x27". NUL and surrogates are no characters. */
static bool read_number(struct span text, uint32_t *ret)
{
	uint32_t value = 0, base = 10;
	text = span_from(text, 1);
	if (text.size > 0 && (text.at[0] == 'x' || text.at[0] == 'X')) {
		base = 16;
		text = span_from(text, 1);
	}
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];
		uint32_t digit = c >= '0' && c <= '9'   ? (uint32_t)(c - '0')
				 : c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a') + 10
				 : c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A') + 10
							: 99;
		if (digit >= base)
			return false;
		value = value * base + digit;
		if (value > 0x10FFFF)
			return false;
	}
	*ret = value;
	return text.size > 0 && value > 0 && (value < 0xD800 || value > 0xDFFF);
}

/* What is no entity stays as it was written. */
static void add_resolved(struct buf *out, struct span text)
{
	static const struct {
		const char *name;
		char c;
	} known[] = {{"amp", '&'}, {"lt", '<'}, {"gt", '>'}, {"quot", '"'}, {"apos", '\''}};
	for (size_t i = 0; i < text.size; i++) {
		struct span rest = span_from(text, i + 1);
		const char *end = text.at[i] == '&' ? memchr(rest.at, ';', rest.size) : NULL;
		struct span name = {rest.at, end == NULL ? 0 : (size_t)(end - rest.at)};
		uint32_t c = 0;
		for (size_t k = 0; k < sizeof known / sizeof *known && name.size > 0; k++) {
			if (span_is(name, known[k].name))
				c = (unsigned char)known[k].c;
		}
		if (c == 0 && (name.size < 2 || name.size > 10 || name.at[0] != '#' ||
			       !read_number(name, &c))) {
			buf_add_char(out, text.at[i]);
			continue;
		}
		add_utf8(out, c);
		i += name.size + 1;
	}
}

bool xml_add_text(struct buf *out, struct span inner)
{
	struct token t;
	while (next_token(&inner, &t)) {
		if (t.kind == TEXT)
			add_resolved(out, t.body);
		else if (t.kind == CDATA)
			buf_add_span(out, t.body);
	}
	return !out->failed;
}

bool xml_text_of(struct span document, const char *name, char *out, size_t room)
{
	struct span inner;
	struct buf text;
	out[0] = '\0';
	if (!xml_next(&document, name, &inner))
		return false;
	buf_init(&text, SECRET_BYTES_MAX);
	bool done = xml_add_text(&text, inner);
	if (done) {
		size_t size = text.size < room ? text.size : room - 1;
		memcpy(out, buf_text(&text), size);
		out[size] = '\0';
	}
	buf_wipe(&text);
	return done;
}
