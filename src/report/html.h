/* Text into HTML and SVG. What comes from outside goes through html_text and html_name: secrets are
 * scrubbed while they still look like themselves, UTF-8 is repaired, markup is escaped, control
 * characters become U+FFFD. Everything else on a page is firn's own. */
#ifndef FIRN_REPORT_HTML_H
#define FIRN_REPORT_HTML_H

#include "base/buf.h"
#include "base/span.h"

struct html {
	struct buf *out;
	/* Appends `text` without secrets. NULL: as it is. */
	void (*scrub)(const void *user, struct buf *out, struct span text);
	const void *scrub_user;
	int ids; /* given out so far: what refers to each other on a page has a number */
};

/* In an element or between the quotes of an attribute. */
void html_text(struct html *, struct span text);
/* Cut at so many columns, with an ellipsis. */
void html_short(struct html *, struct span text, size_t columns);
/* NAME_OF_COLUMN as "Name of column". */
void html_heading(struct html *, const char *name);

/* The page from <!DOCTYPE> to <main>, and from </main> on. */
void html_begin(struct html *, struct span title);
void html_end(struct html *);

#endif
