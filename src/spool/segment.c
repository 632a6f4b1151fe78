#include "spool/segment.h"

#include "base/digest.h"
#include "base/stamp.h"
#include "base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char SUFFIX[] = ".ndjson.gz";

/* --- folders --- */
static bool is_plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '-';
}

static bool is_hex(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* As much of the encoded text as fits into room, never a part of one letter's code. True: all. */
static bool encode(struct span text, bool lower, char *out, size_t room)
{
	static const char HEX[] = "0123456789ABCDEF";
	size_t n = 0;
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];
		size_t takes = is_plain(c) ? 1 : 3;
		if (n + takes >= room) {
			out[n] = '\0';
			return false;
		}
		if (takes == 1) {
			out[n++] = lower && c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
			continue;
		}
		out[n++] = '%';
		out[n++] = HEX[(unsigned char)c >> 4];
		out[n++] = HEX[(unsigned char)c & 15];
	}
	out[n] = '\0';
	return true;
}

static bool folder_name(struct span text, bool lower, const char *what,
			char out[SEGMENT_FOLDER_BYTES], struct err *reterr)
{
	enum { TAIL_BYTES = 1 + SEGMENT_HASH_HEX };
	char hash[SHA256_HEX + 1];
	if (text.size == 0)
		return err_set(reterr, ERR_USAGE, "the name of a %s is empty", what);
	if (encode(text, lower, out, SEGMENT_FOLDER_BYTES))
		return true;
	if (!digest_sha256_hex(text, hash))
		return err_memory(reterr);
	(void)encode(text, lower, out, SEGMENT_FOLDER_BYTES - TAIL_BYTES);
	size_t n = strlen(out);
	snprintf(out + n, SEGMENT_FOLDER_BYTES - n, "-%.*s", SEGMENT_HASH_HEX, hash);
	return true;
}

bool segment_table_folder(struct span table, char out[SEGMENT_FOLDER_BYTES], struct err *reterr)
{
	return folder_name(table, true, "table", out, reterr);
}

bool segment_customer_folder(struct span customer, char out[SEGMENT_FOLDER_BYTES],
			     struct err *reterr)
{
	return folder_name(customer, false, "customer", out, reterr);
}

bool segment_is_folder(const char *name)
{
	size_t size = 0;
	for (const char *at = name; *at != '\0'; at++, size++) {
		if (is_plain(*at))
			continue;
		if (at[0] != '%' || !is_hex(at[1]) || !is_hex(at[2]))
			return false;
		at += 2;
		size += 2;
	}
	return size > 0 && size < SEGMENT_FOLDER_BYTES;
}

/* --- names --- */
enum { MS_DIGITS = 13, SEQ_DIGITS = 10, ROWS_DIGITS_MAX = 12 };
#define MS_MAX INT64_C(9999999999999)
#define SEQ_MAX INT64_C(9999999999)
#define ROWS_MAX INT64_C(999999999999)

/* Between min and max digits and then a "-", behind which *at stands afterwards. */
static bool read_number(const char **at, int min, int max, int64_t *ret)
{
	int64_t number = 0;
	int n = 0;
	for (; n < max && is_digit((*at)[n]); n++)
		number = number * 10 + ((*at)[n] - '0');
	if (n < min || (*at)[n] != '-')
		return false;
	*at += n + 1;
	*ret = number;
	return true;
}

bool segment_parse(const char *name, struct segment *ret)
{
	const char *at = name;
	int64_t sealed_ms, seq, rows;
	if (!read_number(&at, MS_DIGITS, MS_DIGITS, &sealed_ms) ||
	    !read_number(&at, SEQ_DIGITS, SEQ_DIGITS, &seq) || *at == '0' ||
	    !read_number(&at, 1, ROWS_DIGITS_MAX, &rows))
		return false;
	for (int i = 0; i < SEGMENT_HASH_HEX; i++)
		if (!is_digit(at[i]) && !(at[i] >= 'a' && at[i] <= 'f'))
			return false;
	if (strcmp(at + SEGMENT_HASH_HEX, SUFFIX) != 0)
		return false;
	ret->sealed_ms = sealed_ms;
	ret->seq = seq;
	ret->rows = rows;
	memcpy(ret->hash, at, SEGMENT_HASH_HEX);
	ret->hash[SEGMENT_HASH_HEX] = '\0';
	memcpy(ret->name, name, strlen(name) + 1);
	return true;
}

bool segment_write_name(struct segment *segment, struct err *reterr)
{
	if (segment->sealed_ms < 0 || segment->sealed_ms > MS_MAX || segment->seq < 0 ||
	    segment->seq > SEQ_MAX || segment->rows < 1 || segment->rows > ROWS_MAX ||
	    strlen(segment->hash) != SEGMENT_HASH_HEX)
		return err_set(reterr, ERR_DATA, "no segment can have time %" PRId64 " ms, number %"
			       PRId64 " and %" PRId64 " rows: look at this machine's clock",
			       segment->sealed_ms, segment->seq, segment->rows);
	snprintf(segment->name, sizeof segment->name, "%013" PRId64 "-%010" PRId64 "-%" PRId64
		 "-%.*s%s", segment->sealed_ms, segment->seq, segment->rows, SEGMENT_HASH_HEX,
		 segment->hash, SUFFIX);
	return true;
}

static int order(int64_t a, int64_t b)
{
	return (a > b) - (a < b);
}

int segment_compare(const struct segment *a, const struct segment *b)
{
	int by = order(a->sealed_ms, b->sealed_ms);
	by = by != 0 ? by : order(a->seq, b->seq);
	by = by != 0 ? by : strcmp(a->table, b->table);
	by = by != 0 ? by : strcmp(a->customer, b->customer);
	return by != 0 ? by : strcmp(a->name, b->name);
}

void segment_key(struct buf *out, struct span prefix, const char *instance,
		 const struct segment *segment)
{
	struct stamp_parts day = stamp_parts(segment->sealed_ms * 1000);
	while (prefix.size > 0 && prefix.at[0] == '/')
		prefix = span_from(prefix, 1);
	while (prefix.size > 0 && prefix.at[prefix.size - 1] == '/')
		prefix.size--;
	if (prefix.size > 0) {
		buf_add_span(out, prefix);
		buf_add_char(out, '/');
	}
	buf_addf(out, "%s/%04d/%02d/%02d/%s/%s-%s", segment->table, day.year, day.month, day.day,
		 segment->customer, instance, segment->name);
}
