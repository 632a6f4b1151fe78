/* Text: UTF-8, upper and lower case of ASCII, nearest names, percent encoding, durations, sizes.
 * Nothing here knows a locale. */
#ifndef FIRN_BASE_TEXT_H
#define FIRN_BASE_TEXT_H

#include "base/buf.h"
#include "base/err.h"
#include "base/span.h"

#include <stdint.h>

/* True where the bytes are valid UTF-8 (RFC 3629) without NUL: nothing to clean. */
bool text_is_clean(struct span text);
/* Appends the text with every invalid sequence (its maximal part, as Unicode chapter 3.9
 * recommends) replaced by U+FFFD, and NUL dropped. Nothing else is touched. */
bool text_clean(struct buf *out, struct span text);

bool text_same_nocase(struct span a, struct span b);      /* ASCII letters only */
bool text_holds_nocase(struct span text, struct span part);
void text_upper(char *text); /* ASCII, in place */
void text_lower(char *text);
struct span text_trim(struct span text); /* blanks, tabs, line ends at both ends */

/* The nearest of `names` (ends with NULL) for "did you mean": at most a third of the letters may
 * differ, two swapped ones count as one. NULL: none is near. */
const char *text_nearest(const char *name, const char *const *names);

/* Percent-encodes everything but A-Z a-z 0-9 - _ . ~ (RFC 3986, "unreserved"). */
bool text_percent(struct buf *out, struct span text);
bool text_hex(struct buf *out, const unsigned char *bytes, size_t size); /* lower case */
int text_hex_digit(char c); /* its value; -1: it is none */

/* "350ms", "6s", "10m", "1h", "30d" and also "0s"; whole numbers only. */
bool text_duration(struct span text, int64_t *ret_us);
/* The same, for people: "350ms", "1h 30m", "12d". Needs 32 bytes. */
void text_write_duration(char *out, size_t room, int64_t us);
/* "8MiB", "2GiB", "1kB", "500" (bytes); kB MB GB are powers of ten, KiB MiB GiB of two. */
bool text_size(struct span text, int64_t *ret_bytes);
/* "1,234,567", for people. Needs 32 bytes. */
/* `text`, without the "NAME: " that it may begin with. */
const char *text_without_name(const char *text, const char *name);
void text_write_count(char *out, size_t room, int64_t count);
/* Columns that the text takes at a terminal: combining marks 0, wide East Asian 2. */
size_t text_width(struct span utf8);

#endif
