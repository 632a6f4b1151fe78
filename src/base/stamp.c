/* The calendar is the proleptic Gregorian one, counted here and not by the C library, whose
 * functions know a zone and a locale.
 *
 * Nearly every time that a server sends is `YYYY-MM-DDThh:mm:ss.mmmZ`: those 24 characters are
 * read as three words of eight, all digits at once. Everything else takes the long way, which
 * reads whatever ISO 8601 allows of a date, a time of day and an offset. */
#include "base/stamp.h"

#include "base/little_endian.h"
#include "base/stamp_private.h"

#include <stdio.h>

enum { DAYS_TO_1970 = 719468 }; /* from 0000-03-01, where the count of years begins */

/* Days since 1970-01-01. Years begin in March, so that a leap day is a year's last. */
int64_t stamp_days(int year, int month, int day)
{
	int64_t y = month <= 2 ? (int64_t)year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t year_of_era = y - era * 400;
	int64_t month_of_year = month > 2 ? month - 3 : month + 9;
	int64_t day_of_year = (153 * month_of_year + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - DAYS_TO_1970;
}

bool stamp_is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

int stamp_month_days(int year, int month)
{
	static const unsigned char DAYS[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return DAYS[month - 1] + (month == 2 && stamp_is_leap(year) ? 1 : 0);
}

struct stamp_parts stamp_parts(int64_t us)
{
	int64_t day_us = stamp_floor(us, STAMP_DAY);
	int64_t rest = us - day_us;
	int64_t days = day_us / STAMP_DAY + DAYS_TO_1970;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 -
			       day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 -
					    year_of_era / 100);
	int64_t month_of_year = (5 * day_of_year + 2) / 153;
	int64_t month = month_of_year < 10 ? month_of_year + 3 : month_of_year - 9;
	return (struct stamp_parts){
		.year = (int)(year_of_era + era * 400 + (month <= 2)),
		.month = (int)month,
		.day = (int)(day_of_year - (153 * month_of_year + 2) / 5 + 1),
		.hour = (int)(rest / STAMP_HOUR),
		.minute = (int)(rest / STAMP_MINUTE % 60),
		.second = (int)(rest / STAMP_SECOND % 60),
		.microsecond = (int)(rest % STAMP_SECOND),
	};
}

int64_t stamp_of_parts(const struct stamp_parts *parts)
{
	return stamp_days(parts->year, parts->month, parts->day) * STAMP_DAY +
	       parts->hour * STAMP_HOUR + parts->minute * STAMP_MINUTE +
	       parts->second * STAMP_SECOND + parts->microsecond;
}

int64_t stamp_floor(int64_t us, int64_t unit_us)
{
	int64_t rest = us % unit_us;
	return us - (rest < 0 ? rest + unit_us : rest);
}

int64_t stamp_ceil(int64_t us, int64_t unit_us)
{
	int64_t floor = stamp_floor(us, unit_us);
	return floor == us ? us : floor + unit_us;
}

/* --- ISO 8601 --- */
bool stamp_digits(struct span *text, int n, int *ret)
{
	int value = 0;
	if (text->size < (size_t)n)
		return false;
	for (int i = 0; i < n; i++) {
		char c = text->at[i];
		if (c < '0' || c > '9')
			return false;
		value = value * 10 + (c - '0');
	}
	*ret = value;
	*text = span_from(*text, (size_t)n);
	return true;
}

bool stamp_char(struct span *text, char c)
{
	if (text->size == 0 || text->at[0] != c)
		return false;
	*text = span_from(*text, 1);
	return true;
}

bool stamp_join(const struct stamp_parts *parts, int64_t *ret_us)
{
	const struct stamp_parts *p = parts;
	if (p->year < 1 || p->year > 9999 || p->month < 1 || p->month > 12 || p->day < 1 ||
	    p->day > stamp_month_days(p->year, p->month))
		return false;
	bool midnight = p->hour == 24 && p->minute == 0 && p->second == 0 && p->microsecond == 0;
	if ((p->hour > 23 && !midnight) || p->minute > 59 || p->second > 60)
		return false;
	int64_t us = stamp_of_parts(p);
	if (us > STAMP_MAX)
		return false;
	*ret_us = us;
	return true;
}

static size_t leading_digits(struct span text)
{
	size_t n = 0;
	while (n < text.size && text.at[n] >= '0' && text.at[n] <= '9')
		n++;
	return n;
}

/* Week 1 is the one with January 4 in it; days are counted from Monday, 1, to Sunday, 7. */
static bool read_week(struct span *text, int year, int64_t *ret_days)
{
	int week, day;
	if (!stamp_char(text, 'W') || !stamp_digits(text, 2, &week))
		return false;
	stamp_char(text, '-');
	if (!stamp_digits(text, 1, &day) || week < 1 || week > 53 || day < 1 || day > 7)
		return false;
	int64_t fourth = stamp_days(year, 1, 4);
	int64_t weekday = ((fourth + 3) % 7 + 7) % 7; /* 1970-01-01 was a Thursday; Monday: 0 */
	int64_t days = fourth - weekday + (week - 1) * 7 + day - 1;
	/* Only some years have a week 53: its Thursday must be in the same year. */
	if (week == 53 && fourth - weekday + 52 * 7 + 3 > stamp_days(year, 12, 31))
		return false;
	*ret_days = days;
	return true;
}

/* YYYY-MM-DD, YYYY-DDD, YYYY-Www-D, and all of them without the signs between. */
static bool read_day(struct span *text, int64_t *ret_days)
{
	int year, month, day;
	if (!stamp_digits(text, 4, &year) || year < 1)
		return false;
	bool sign = stamp_char(text, '-');
	if (text->size > 0 && text->at[0] == 'W')
		return read_week(text, year, ret_days);
	if (leading_digits(*text) == 3) {
		if (!stamp_digits(text, 3, &day) || day < 1 || day > 365 + stamp_is_leap(year))
			return false;
		*ret_days = stamp_days(year, 1, 1) + day - 1;
		return true;
	}
	if (!stamp_digits(text, 2, &month) || (sign && !stamp_char(text, '-')) ||
	    !stamp_digits(text, 2, &day))
		return false;
	if (month < 1 || month > 12 || day < 1 || day > stamp_month_days(year, month))
		return false;
	*ret_days = stamp_days(year, month, day);
	return true;
}

/* Up to nine digits behind a point or comma, of that unit. */
static bool read_fraction(struct span *text, int64_t unit_us, int64_t *us)
{
	int64_t value = 0, scale = 1;
	if (!stamp_char(text, '.') && !stamp_char(text, ','))
		return true;
	size_t n = leading_digits(*text);
	if (n == 0 || n > 9)
		return false;
	for (size_t i = 0; i < n; i++) {
		value = value * 10 + (text->at[i] - '0');
		scale *= 10;
	}
	*text = span_from(*text, n);
	*us += value * (unit_us / STAMP_SECOND) * STAMP_SECOND / scale;
	return true;
}

/* hh, hh:mm or hh:mm:ss, also without the colons, the last with a fraction. */
static bool read_clock(struct span *text, int64_t *ret_us)
{
	int hour, minute = 0, second = 0;
	int64_t unit = STAMP_HOUR;
	if (!stamp_digits(text, 2, &hour))
		return false;
	bool colon = stamp_char(text, ':');
	if (colon || leading_digits(*text) >= 2) {
		unit = STAMP_MINUTE;
		if (!stamp_digits(text, 2, &minute))
			return false;
		if ((colon && stamp_char(text, ':')) || (!colon && leading_digits(*text) >= 2)) {
			unit = STAMP_SECOND;
			if (!stamp_digits(text, 2, &second))
				return false;
		}
	}
	int64_t us = hour * STAMP_HOUR + minute * STAMP_MINUTE + second * STAMP_SECOND;
	if (minute > 59 || second > 60 || !read_fraction(text, unit, &us))
		return false;
	if (hour > 23 && us != STAMP_DAY)
		return false;
	*ret_us = us;
	return true;
}

/* Z, or hours and minutes east of UTC. */
static bool read_offset(struct span *text, int64_t *ret_us)
{
	int hours, minutes = 0;
	*ret_us = 0;
	if (stamp_char(text, 'Z') || stamp_char(text, 'z'))
		return true;
	bool west = stamp_char(text, '-');
	if (!west && !stamp_char(text, '+'))
		return false;
	if (!stamp_digits(text, 2, &hours))
		return false;
	bool colon = stamp_char(text, ':');
	if ((colon || text->size > 0) && !stamp_digits(text, 2, &minutes))
		return false;
	if (hours > 23 || minutes > 59)
		return false;
	int64_t us = hours * STAMP_HOUR + minutes * STAMP_MINUTE;
	*ret_us = west ? -us : us;
	return true;
}

static bool read_any_iso(struct span text, int64_t *ret_us)
{
	int64_t days, clock, offset;
	if (!read_day(&text, &days))
		return false;
	if (!stamp_char(&text, 'T') && !stamp_char(&text, 't') && !stamp_char(&text, ' '))
		return false;
	if (!read_clock(&text, &clock) || !read_offset(&text, &offset) || text.size > 0)
		return false;
	int64_t us = days * STAMP_DAY + clock - offset;
	if (us < STAMP_MIN || us > STAMP_MAX)
		return false;
	*ret_us = us;
	return true;
}

/* What the bytes become when the expected ones are taken away: digits are 0 to 9, signs are 0. */
#define TAKE(word, text) ((word) ^ little_64(text))
/* Sets the high bit of every byte that is above 9 (digit) or above 0 (sign). */
#define FAULT(word, most) (((word) + little_64(most)) | (word))
#define DIGIT "\x76"
#define SIGN "\x7F"

static inline uint32_t byte_of(uint64_t word, int i)
{
	return (uint32_t)(word >> (8 * i) & 0xFF);
}

bool stamp_read_iso(struct span text, int64_t *ret_us)
{
	if (text.size != 24)
		return read_any_iso(text, ret_us);
	uint64_t a = TAKE(little_64(text.at), "0000-00-");
	uint64_t b = TAKE(little_64(text.at + 8), "00T00:00");
	uint64_t c = TAKE(little_64(text.at + 16), ":00.000Z");
	uint64_t fault = FAULT(a, DIGIT DIGIT DIGIT DIGIT SIGN DIGIT DIGIT SIGN) |
			 FAULT(b, DIGIT DIGIT SIGN DIGIT DIGIT SIGN DIGIT DIGIT) |
			 FAULT(c, SIGN DIGIT DIGIT SIGN DIGIT DIGIT DIGIT SIGN);
	if ((fault & UINT64_C(0x8080808080808080)) != 0)
		return read_any_iso(text, ret_us);
	/* Each byte becomes ten times itself and the one behind it. */
	uint64_t twos_a = a * 10 + (a >> 8), twos_b = b * 10 + (b >> 8), twos_c = c * 10 + (c >> 8);
	uint32_t year = byte_of(twos_a, 0) * 100 + byte_of(twos_a, 2);
	uint32_t month = byte_of(twos_a, 5), day = byte_of(twos_b, 0);
	uint32_t hour = byte_of(twos_b, 3), minute = byte_of(twos_b, 6);
	uint32_t second = byte_of(twos_c, 1);
	uint32_t ms = byte_of(twos_c, 4) * 10 + byte_of(c, 6);
	/* Midnights as 24:00, leap seconds and nonsense go the long way. */
	if (year == 0 || month - 1 > 11 || day - 1 > 30 || hour > 23 || minute > 59 ||
	    second > 59 || (day > 28 && (int)day > stamp_month_days((int)year, (int)month)))
		return read_any_iso(text, ret_us);
	uint32_t y = year - (month <= 2);
	uint32_t month_of_year = month > 2 ? month - 3 : month + 9;
	uint32_t days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * month_of_year + 2) / 5 + day;
	uint32_t seconds = hour * 3600 + minute * 60 + second;
	*ret_us = ((int64_t)days - 1 - DAYS_TO_1970) * STAMP_DAY + seconds * STAMP_SECOND +
		  (int64_t)ms * 1000;
	return true;
}

bool stamp_read_date(struct span text, int64_t *ret_us)
{
	int64_t days;
	struct span rest = text;
	if (text.size == 10 && read_day(&rest, &days) && rest.size == 0) {
		*ret_us = days * STAMP_DAY;
		return true;
	}
	return stamp_read_iso(text, ret_us);
}

/* --- writing --- */
static char *put(char *out, int value, int digits)
{
	for (int i = digits - 1; i >= 0; i--) {
		out[i] = (char)('0' + value % 10);
		value /= 10;
	}
	return out + digits;
}

static char *put_day_and_clock(char *out, const struct stamp_parts *parts, char between)
{
	out = put(out, parts->year, 4);
	*out++ = '-';
	out = put(out, parts->month, 2);
	*out++ = '-';
	out = put(out, parts->day, 2);
	*out++ = between;
	out = put(out, parts->hour, 2);
	*out++ = ':';
	out = put(out, parts->minute, 2);
	*out++ = ':';
	return put(out, parts->second, 2);
}

void stamp_write_iso(int64_t us, char out[STAMP_TEXT_BYTES])
{
	struct stamp_parts parts = stamp_parts(us);
	out = put_day_and_clock(out, &parts, 'T');
	*out++ = '.';
	out = put(out, parts.microsecond, 6);
	memcpy(out, "Z", 2);
}

void stamp_write_short(int64_t us, char out[STAMP_TEXT_BYTES])
{
	struct stamp_parts parts = stamp_parts(us);
	*put_day_and_clock(out, &parts, ' ') = '\0';
	if (us == stamp_floor(us, STAMP_DAY))
		out[10] = '\0';
}
