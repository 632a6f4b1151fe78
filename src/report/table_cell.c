#include "report/tabling.h"

#include "base/text.h"

#include <string.h>

/* Appends the control character that begins here as something to be seen, so that no text of an
 * API plays with a terminal; U+0080 to U+009F too, which terminals obey. 0: it is none. */
static size_t add_control(struct buf *out, struct span text)
{
	unsigned char c = (unsigned char)text.at[0];
	if (c < 0x20 || c == 0x7F) {
		buf_addf(out, "\\x%02x", c);
		return 1;
	}
	if (c != 0xC2 || text.size < 2 || (unsigned char)text.at[1] >= 0xA0)
		return 0;
	buf_addf(out, "\\u00%02x", (unsigned char)text.at[1]);
	return 2;
}

void table_add_csv(struct buf *out, struct span text)
{
	bool quote = false;
	for (size_t i = 0; i < text.size && !quote; i++)
		quote = strchr(",\"\r\n", text.at[i]) != NULL || text.at[i] == '\0';
	/* An empty text is not NULL, and a blank at an end must stay. */
	quote |= text.size == 0 || text.at[0] == ' ' || text.at[text.size - 1] == ' ';
	if (!quote) {
		buf_add_span(out, text);
		return;
	}
	buf_add_char(out, '"');
	for (size_t i = 0; i < text.size; i++) {
		if (text.at[i] == '"')
			buf_add_char(out, '"');
		buf_add_char(out, text.at[i]);
	}
	buf_add_char(out, '"');
}

bool table_is_json_number(struct span text)
{
	static const char PARTS[] = "0123456789+-.eE";
	for (size_t i = 0; i < text.size; i++) {
		if (memchr(PARTS, text.at[i], sizeof PARTS - 1) == NULL)
			return false;
	}
	return text.size > 0 && text.at[text.size - 1] >= '0' && text.at[text.size - 1] <= '9';
}

void table_add_markdown(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];
		size_t size = 0;
		if (c == '\n')
			buf_add_text(out, "<br>");
		else if (c == '\t')
			buf_add_char(out, ' ');
		else if (c == '|' || c == '\\')
			buf_addf(out, "\\%c", c);
		else if (c != '\r' && (size = add_control(out, span_from(text, i))) == 0)
			buf_add_char(out, c);
		i += size > 1 ? size - 1 : 0;
	}
}

void table_add_shown(struct buf *out, struct span text)
{
	for (size_t i = 0; i < text.size;) {
		char c = text.at[i];
		size_t size = 1;
		if (c == '\n')
			buf_add_text(out, "\\n");
		else if (c == '\t')
			buf_add_text(out, "\\t");
		else if ((size = add_control(out, span_from(text, i))) == 0)
			buf_add_char(out, c);
		i += size > 0 ? size : 1;
	}
}

struct span table_cut(struct span text, size_t columns)
{
	size_t size = 0;
	while (size < text.size) {
		size_t next = size + 1;
		while (next < text.size && (text.at[next] & 0xC0) == 0x80)
			next++;
		size_t width = text_width((struct span){text.at + size, next - size});
		if (width > columns)
			break;
		columns -= width;
		size = next;
	}
	return (struct span){text.at, size};
}

/* --- names --- */

/* As many whole parts as stand in `width`, one at least. */
static struct span first_line(struct span name, size_t width)
{
	size_t size = 0, next = 0;
	while (next < name.size) {
		do
			next++;
		while (next < name.size && name.at[next - 1] != '_');
		if (size > 0 && text_width((struct span){name.at, next}) > width)
			break;
		size = next;
	}
	return (struct span){name.at, size};
}

size_t table_name_folded(struct span name)
{
	size_t width = 0;
	while (name.size > 0) {
		struct span part = first_line(name, 0);
		size_t own = text_width(part);
		width = own > width ? own : width;
		name = span_from(name, part.size);
	}
	return width;
}

size_t table_name_lines(struct span name, size_t width)
{
	size_t lines = 0;
	for (; name.size > 0; lines++)
		name = span_from(name, first_line(name, width).size);
	return lines;
}

struct span table_name_line(struct span name, size_t width, size_t above)
{
	size_t lines = table_name_lines(name, width);
	if (above >= lines)
		return (struct span){name.at, 0};
	for (size_t i = lines - 1; i > above; i--)
		name = span_from(name, first_line(name, width).size);
	return first_line(name, width);
}
