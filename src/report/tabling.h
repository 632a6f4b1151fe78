/* What table.c says of single cells and of names; nobody else includes this. */
#ifndef FIRN_REPORT_TABLING_H
#define FIRN_REPORT_TABLING_H

#include "base/buf.h"
#include "base/span.h"

void table_add_csv(struct buf *, struct span);      /* RFC 4180 */
void table_add_markdown(struct buf *, struct span);
void table_add_shown(struct buf *, struct span);    /* one line, whatever the text holds */
bool table_is_json_number(struct span);             /* false: inf, nan, nothing */

/* As much of the text as stands in so many columns, at a whole character. */
struct span table_cut(struct span, size_t columns);

/* A name that is wider than its column stands in several lines, parted behind its '_'. */
size_t table_name_folded(struct span name); /* the least width that it needs: its longest part */
size_t table_name_lines(struct span name, size_t width);
/* Its line so many above the last; empty where it has none. */
struct span table_name_line(struct span name, size_t width, size_t above);

#endif
