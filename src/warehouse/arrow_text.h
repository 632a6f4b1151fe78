/* Values of a result as text, the way DuckDB writes them. */
#ifndef FIRN_WAREHOUSE_ARROW_TEXT_H
#define FIRN_WAREHOUSE_ARROW_TEXT_H

#include "base/buf.h"
#include "base/span.h"

#include <stdint.h>

/* The fewest digits that read back as the same number; nan, inf, -inf. */
void show_double(struct buf *out, double value);
void show_float(struct buf *out, double value); /* of 32 bits */

void show_date(struct buf *out, int64_t days);      /* 2026-11-23 */
/* `unit`: how many make a second. 04:05:06.789, without zeros at the end of the fraction. */
void show_time(struct buf *out, int64_t value, int64_t unit);
void show_time_zone(struct buf *out, const unsigned char bits[8]); /* DuckDB's TIMETZ */
/* 2026-11-23 04:05:06.789, with a zone (they are all told in UTC) +00 behind it. */
void show_stamp(struct buf *out, int64_t value, int64_t unit, bool zone);
/* 1 year 2 months 3 days 04:05:06.789 */
void show_interval(struct buf *out, int64_t months, int64_t days, int64_t ns);

void show_bytes(struct buf *out, struct span bytes); /* \x0a0b */
void show_uuid(struct buf *out, const unsigned char bytes[16]);
void show_bits(struct buf *out, struct span bytes);  /* DuckDB's BIT: 00101 */

#endif
