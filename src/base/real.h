/* Doubles as text and back, always with the C library's result. Most of what is measured has a few
 * decimals: such numbers are read and written here without it, at a tenth of the time. */
#ifndef FIRN_BASE_REAL_H
#define FIRN_BASE_REAL_H

#include "base/buf.h"
#include "base/span.h"

/* A decimal number as JSON has it, or as strtod takes it ("+1", ".5"); no blanks around it, no
 * hexadecimal, no "inf". False: it is none, or beyond what a double holds (or there is no
 * memory to look at one of more than 60 digits). */
MUST_CHECK bool real_read(struct span digits, double *ret);
/* Appends the fewest digits, 15 at least where there are so many, that real_read makes the same
 * number of: "0.1", "1e+300". `real` is finite. */
bool real_add(struct buf *out, double real);

#endif
