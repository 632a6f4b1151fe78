/* Words for a manual page (mdoc). */
#ifndef FIRN_BASE_ROFF_H
#define FIRN_BASE_ROFF_H

#include "base/buf.h"

/* The text in lines of some length, each sentence beginning a new one, escaped; ends with a line
 * end. Nothing for an empty text. */
void roff_text(struct buf *out, const char *text);
/* One word on a macro's line, escaped. */
void roff_word(struct buf *out, const char *word);

#endif
