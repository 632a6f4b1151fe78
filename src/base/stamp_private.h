/* What the parts of base/stamp share; nobody else includes this. */
#ifndef FIRN_BASE_STAMP_PRIVATE_H
#define FIRN_BASE_STAMP_PRIVATE_H

#include "base/stamp.h"

int64_t stamp_days(int year, int month, int day); /* since 1970-01-01 */
bool stamp_is_leap(int year);
int stamp_month_days(int year, int month);

/* Each takes what it has read from the front of the text; false: it is not there. */
bool stamp_digits(struct span *text, int n, int *ret);
bool stamp_char(struct span *text, char c);

/* False: there is no such time. 24:00:00 is the next day's begin, :60 the second after. */
bool stamp_join(const struct stamp_parts *parts, int64_t *ret_us);

#endif
