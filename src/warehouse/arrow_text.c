#include "warehouse/arrow_text.h"

#include "base/text.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DAY_S INT64_C(86400)

/* --- numbers --- */

static bool show_odd(struct buf *out, double value)
{
	if (isfinite(value))
		return false;
	buf_add_text(out, isnan(value) ? "nan" : value < 0 ? "-inf" : "inf");
	return true;
}

void show_double(struct buf *out, double value)
{
	char text[40];
	if (show_odd(out, value))
		return;
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	buf_add_text(out, text);
}

void show_float(struct buf *out, double value)
{
	char text[40];
	if (show_odd(out, value))
		return;
	for (int digits = 6; digits <= 9; digits++) {
		snprintf(text, sizeof text, "%.*g", digits, value);
		if (strtof(text, NULL) == (float)value)
			break;
	}
	buf_add_text(out, text);
}

/* --- times --- */

static int64_t floor_by(int64_t value, int64_t by)
{
	return value / by - (value % by < 0);
}

/* The proleptic Gregorian calendar, also far beyond the years of base/stamp: by eras of 400
 * years that begin in March, so that the leap day is an era's last. */
static void add_day(struct buf *out, int64_t days)
{
	int64_t z = days + 719468;
	int64_t eras = floor_by(z, 146097);
	int64_t doe = z - eras * 146097;
	int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
	int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
	int64_t mp = (5 * doy + 2) / 153;
	int64_t month = mp < 10 ? mp + 3 : mp - 9;
	int64_t year = yoe + eras * 400 + (month <= 2);
	buf_addf(out, "%04" PRId64 "-%02" PRId64 "-%02" PRId64 "%s", year > 0 ? year : 1 - year,
		 month, doy - (153 * mp + 2) / 5 + 1, year > 0 ? "" : " (BC)");
}

static void add_clock(struct buf *out, int64_t value, int64_t unit)
{
	int64_t seconds = value / unit, fraction = value % unit;
	buf_addf(out, "%02" PRId64 ":%02" PRId64 ":%02" PRId64, seconds / 3600, seconds / 60 % 60,
		 seconds % 60);
	if (fraction == 0)
		return;
	buf_add_char(out, '.');
	for (int64_t step = unit / 10; fraction > 0; step /= 10) {
		buf_add_char(out, (char)('0' + fraction / step));
		fraction %= step;
	}
}

void show_date(struct buf *out, int64_t days)
{
	if (days == INT32_MAX || days == -INT32_MAX) {
		buf_add_text(out, days > 0 ? "infinity" : "-infinity");
		return;
	}
	add_day(out, days);
}

void show_time(struct buf *out, int64_t value, int64_t unit)
{
	add_clock(out, value, unit);
}

/* Microseconds in the upper 40 bits, below them 15:59:59 less the offset in seconds. */
void show_time_zone(struct buf *out, const unsigned char bits[8])
{
	uint64_t packed;
	memcpy(&packed, bits, sizeof packed);
	add_clock(out, (int64_t)(packed >> 24), 1000000);
	int offset = 57599 - (int)(packed & 0xFFFFFF);
	int size = offset < 0 ? -offset : offset;
	buf_addf(out, "%c%02d", offset < 0 ? '-' : '+', size / 3600);
	if (size % 3600 != 0)
		buf_addf(out, ":%02d", size / 60 % 60);
	if (size % 60 != 0)
		buf_addf(out, ":%02d", size % 60);
}

void show_stamp(struct buf *out, int64_t value, int64_t unit, bool zone)
{
	if (value == INT64_MAX || value == -INT64_MAX) {
		buf_add_text(out, value > 0 ? "infinity" : "-infinity");
		return;
	}
	int64_t days = floor_by(value, DAY_S * unit);
	add_day(out, days);
	buf_add_char(out, ' ');
	add_clock(out, value - days * (DAY_S * unit), unit);
	buf_add_text(out, zone ? "+00" : "");
}

static void add_count(struct buf *out, size_t start, int64_t count, const char *name)
{
	if (count == 0)
		return;
	buf_addf(out, "%s%" PRId64 " %s%s", out->size == start ? "" : " ", count, name,
		 count == 1 || count == -1 ? "" : "s");
}

void show_interval(struct buf *out, int64_t months, int64_t days, int64_t ns)
{
	size_t start = out->size;
	add_count(out, start, months / 12, "year");
	add_count(out, start, months % 12, "month");
	add_count(out, start, days, "day");
	if (ns == 0 && out->size != start)
		return;
	buf_add_text(out, out->size == start ? "" : " ");
	buf_add_text(out, ns < 0 ? "-" : "");
	add_clock(out, ns < 0 ? -(ns + 1) + 1 : ns, INT64_C(1000000000));
}

/* --- bytes --- */

void show_bytes(struct buf *out, struct span bytes)
{
	buf_add_text(out, "\\x");
	text_hex(out, (const unsigned char *)bytes.at, bytes.size);
}

void show_uuid(struct buf *out, const unsigned char bytes[16])
{
	for (size_t i = 0; i < 16; i++)
		buf_addf(out, i == 4 || i == 6 || i == 8 || i == 10 ? "-%02x" : "%02x", bytes[i]);
}

/* The first byte is the number of bits that the second one only pads. */
void show_bits(struct buf *out, struct span bytes)
{
	if (bytes.size < 2)
		return;
	for (size_t i = 8 + (size_t)(unsigned char)bytes.at[0]; i < bytes.size * 8; i++)
		buf_add_char(out, (bytes.at[i / 8] >> (7 - i % 8) & 1) != 0 ? '1' : '0');
}
