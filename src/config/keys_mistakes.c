/* Mistakes are kept sorted by place from the start: checks come in another order than the file's
 * lines, and of too many the first of the file are to be told, not the first that were found. */
#include "config/keys.h"

#include <stdarg.h>
#include <stdio.h>

struct mistakes mistakes_in(struct arena *arena, const char *file)
{
	return (struct mistakes){.arena = arena, .file = file};
}

static int compare(const struct mistake *a, const struct mistake *b)
{
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	if (a->column != b->column)
		return a->column < b->column ? -1 : 1;
	return 0;
}

/* Behind those of the same place; false: the same is there already. */
static bool find_place(const struct mistakes *m, const struct mistake *new, size_t *ret)
{
	size_t at = m->n;
	for (size_t i = m->n; i > 0; i--) {
		int order = compare(&m->at[i - 1], new);
		if (order == 0 && strcmp(m->at[i - 1].text, new->text) == 0)
			return false;
		if (order > 0)
			at = i - 1;
	}
	*ret = at;
	return true;
}

static void insert(struct mistakes *m, struct mistake new)
{
	size_t at;
	if (!find_place(m, &new, &at) || at == CONFIG_ERRORS_MAX)
		return;
	if (m->n < CONFIG_ERRORS_MAX)
		m->n++;
	memmove(&m->at[at + 1], &m->at[at], (m->n - 1 - at) * sizeof m->at[0]);
	m->at[at] = new;
}

/* What a terminal would obey: C0, DEL, and C1 (U+0080 to U+009F). */
static void make_printable(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c != '\0'; c++) {
		if (*c < 0x20 || *c == 0x7F)
			*c = '?';
		else if (*c == 0xC2 && c[1] >= 0x80 && c[1] < 0xA0)
			c[0] = c[1] = '?';
	}
}

static void add(struct mistakes *m, int line, int column, const char *format, va_list args)
{
	char text[ERR_TEXT_BYTES];
	vsnprintf(text, sizeof text, format, args);
	make_printable(text);
	struct mistake new = {line, column, arena_text(m->arena, span_of(text))};
	if (new.text == NULL)
		m->failed = true;
	else
		insert(m, new);
}

void mistake_add(struct mistakes *m, const struct yaml *where, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add(m, where == NULL ? 0 : where->line, where == NULL ? 0 : where->column, format, args);
	va_end(args);
}

void mistake_add_at(struct mistakes *m, int line, int column, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add(m, line, column, format, args);
	va_end(args);
}

bool mistakes_full(const struct mistakes *m, const struct yaml *where)
{
	struct mistake at = {where->line, where->column, NULL};
	return m->n == CONFIG_ERRORS_MAX && compare(&m->at[m->n - 1], &at) < 0;
}

bool mistakes_unsure(const struct mistakes *m, const struct yaml *map)
{
	for (size_t i = 0; i < m->unsure_n; i++) {
		if (m->unsure[i] == map)
			return true;
	}
	return false;
}

bool mistakes_none(const struct mistakes *m, struct buf *out, struct err *reterr)
{
	if (m->failed)
		return err_memory(reterr);
	for (size_t i = 0; i < m->n; i++) {
		const struct mistake *one = &m->at[i];
		char place[32] = "";
		if (one->line > 0)
			snprintf(place, sizeof place, "%d:%d:", one->line, one->column);
		if (out != NULL && !buf_addf(out, "%s:%s %s\n", m->file, place, one->text))
			return buf_ok(out, reterr);
		if (i == 0)
			err_set(reterr, ERR_USAGE, "%s:%s %s", m->file, place, one->text);
	}
	return m->n == 0;
}
