/* What is written to standard error, caught for a test. Between screen_begin and screen_end a
 * failing assertion could not say why: assert behind screen_end. */
#ifndef FIRN_UNIT_SCREEN_H
#define FIRN_UNIT_SCREEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

enum { SCREEN_BYTES = 1 << 20 };

struct screen {
	FILE *file;
	int saved;
	char text[SCREEN_BYTES];
};

static inline void screen_begin(struct screen *screen)
{
	screen->file = tmpfile();
	assert_non_null(screen->file);
	screen->saved = dup(2);
	assert_int_equal(dup2(fileno(screen->file), 2), 2);
}

/* What came since screen_begin; lives until the next one. */
static inline const char *screen_end(struct screen *screen)
{
	fflush(stderr);
	dup2(screen->saved, 2);
	close(screen->saved);
	rewind(screen->file);
	size_t size = fread(screen->text, 1, sizeof screen->text - 1, screen->file);
	fclose(screen->file);
	screen->text[size] = '\0';
	return screen->text;
}

#endif
