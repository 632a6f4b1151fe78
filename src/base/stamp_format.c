#include "base/stamp.h"

#include "base/stamp_private.h"

#include <inttypes.h>
#include <stdio.h>

/* --- numbers --- */
/* A JSON number as digits and where the point stands among them, so that no digit passes through
 * a double: 1700000000.123456 has more of them than a double keeps. */
struct decimal {
	bool negative;
	char digits[20]; /* without leading zeros; further ones are cut off */
	int n;
	int64_t point;   /* so many of them stand before the point */
};

static bool take_digits(struct span *text, struct decimal *number, bool behind_point)
{
	size_t n = 0;
	for (; n < text->size && text->at[n] >= '0' && text->at[n] <= '9'; n++) {
		char c = text->at[n];
		if (number->n == 0 && c == '0') {
			number->point -= behind_point;
			continue;
		}
		if (number->n < (int)sizeof number->digits)
			number->digits[number->n++] = c;
		number->point += !behind_point;
	}
	*text = span_from(*text, n);
	return n > 0;
}

static bool read_decimal(struct span text, struct decimal *ret)
{
	struct decimal number = {.negative = stamp_char(&text, '-')};
	if (!take_digits(&text, &number, false))
		return false;
	if (stamp_char(&text, '.') && !take_digits(&text, &number, true))
		return false;
	if (stamp_char(&text, 'e') || stamp_char(&text, 'E')) {
		struct decimal power = {0};
		bool down = stamp_char(&text, '-');
		if (!down)
			stamp_char(&text, '+');
		if (!take_digits(&text, &power, false) || power.n > 3)
			return false;
		int64_t shift = 0;
		for (int i = 0; i < power.n; i++)
			shift = shift * 10 + (power.digits[i] - '0');
		number.point += down ? -shift : shift;
	}
	*ret = number;
	return text.size == 0;
}

/* The number times 10^shift, cut off behind the point. */
static bool read_number(struct span text, int shift, int64_t *ret_us)
{
	struct decimal number;
	int64_t value = 0;
	if (!read_decimal(text, &number))
		return false;
	int64_t whole = number.n == 0 ? 0 : number.point + shift;
	if (whole > 18)
		return false;
	for (int i = 0; i < whole; i++)
		value = value * 10 + (i < number.n ? number.digits[i] - '0' : 0);
	if (number.negative)
		value = -value;
	if (value < STAMP_MIN || value > STAMP_MAX)
		return false;
	*ret_us = value;
	return true;
}

/* --- patterns --- */
enum field { YEAR, MONTH, DAY, HOUR, MINUTE, SECOND, FRACTION, LITERAL };

/* What stands at the begin of a pattern, and how many of its characters that takes. */
static enum field next_field(const char *pattern, size_t *ret_size)
{
	static const char *const FIELDS[] = {"YYYY", "MM", "DD", "hh", "mm", "ss"};
	for (int i = 0; i < FRACTION; i++) {
		*ret_size = strlen(FIELDS[i]);
		if (strncmp(pattern, FIELDS[i], *ret_size) == 0)
			return (enum field)i;
	}
	*ret_size = strspn(pattern, "f");
	if (*ret_size > 0)
		return FRACTION;
	*ret_size = 1;
	return LITERAL;
}

static bool check_pattern(const char *pattern, size_t sizes[LITERAL], struct err *reterr)
{
	static const char *const NAMES[] = {"YYYY", "MM", "DD", "hh", "mm", "ss", "f"};
	size_t size;
	for (const char *at = pattern; *at != '\0'; at += size) {
		enum field field = next_field(at, &size);
		if (field == LITERAL)
			continue;
		if (sizes[field] > 0)
			return err_set(reterr, ERR_USAGE, "time format \"%s\" has %s twice",
				       pattern, NAMES[field]);
		sizes[field] = size;
	}
	if (strlen(pattern) >= STAMP_TEXT_BYTES)
		return err_set(reterr, ERR_USAGE, "time format \"%s\" is longer than %d", pattern,
			       STAMP_TEXT_BYTES - 1);
	if (sizes[YEAR] == 0)
		return err_set(reterr, ERR_USAGE,
			       "time format \"%s\" is none of iso, unix, unix_ms and has no YYYY",
			       pattern);
	for (int i = MONTH; i <= FRACTION; i++) {
		if (sizes[i] > 0 && sizes[i - 1] == 0)
			return err_set(reterr, ERR_USAGE, "time format \"%s\" has %s but no %s",
				       pattern, NAMES[i], NAMES[i - 1]);
	}
	if (sizes[FRACTION] > 9)
		return err_set(reterr, ERR_USAGE,
			       "time format \"%s\" has more than nine f", pattern);
	return true;
}

bool stamp_format_parse(const char *text, struct stamp_format *ret, struct err *reterr)
{
	static const int64_t UNITS[] = {
		366 * STAMP_DAY, 31 * STAMP_DAY, STAMP_DAY, STAMP_HOUR, STAMP_MINUTE, STAMP_SECOND,
	};
	size_t sizes[LITERAL] = {0};
	struct stamp_format format = {.style = STAMP_PATTERN, .pattern = text};
	if (strcmp(text, "iso") == 0) {
		format.style = STAMP_ISO;
		format.unit_us = 1000;
	} else if (strcmp(text, "unix") == 0) {
		format.style = STAMP_UNIX;
		format.unit_us = STAMP_SECOND;
	} else if (strcmp(text, "unix_ms") == 0) {
		format.style = STAMP_UNIX_MS;
		format.unit_us = 1000;
	} else {
		if (!check_pattern(text, sizes, reterr))
			return false;
		for (int i = YEAR; i <= SECOND && sizes[i] > 0; i++)
			format.unit_us = UNITS[i];
		for (size_t i = 0; i < sizes[FRACTION] && format.unit_us > 1; i++)
			format.unit_us /= 10;
	}
	*ret = format;
	return true;
}

static bool read_pattern(const char *pattern, struct span text, int64_t *ret_us)
{
	struct stamp_parts parts = {.month = 1, .day = 1};
	int *const fields[] = {&parts.year, &parts.month, &parts.day,
			       &parts.hour, &parts.minute, &parts.second};
	int64_t nanoseconds = 0;
	size_t size;
	for (; *pattern != '\0'; pattern += size) {
		enum field field = next_field(pattern, &size);
		int fraction;
		if (field == LITERAL) {
			if (!stamp_char(&text, *pattern))
				return false;
		} else if (field == FRACTION) {
			if (!stamp_digits(&text, (int)size, &fraction))
				return false;
			nanoseconds = fraction;
			for (size_t i = size; i < 9; i++)
				nanoseconds *= 10;
		} else if (!stamp_digits(&text, (int)size, fields[field])) {
			return false;
		}
	}
	parts.microsecond = (int)(nanoseconds / 1000);
	return text.size == 0 && stamp_join(&parts, ret_us);
}

static void write_pattern(const char *pattern, int64_t us, char *out)
{
	struct stamp_parts parts = stamp_parts(us);
	const int fields[] = {parts.year, parts.month, parts.day,
			      parts.hour, parts.minute, parts.second};
	size_t size;
	for (; *pattern != '\0'; pattern += size) {
		enum field field = next_field(pattern, &size);
		if (field == LITERAL) {
			*out++ = *pattern;
			continue;
		}
		int64_t value = field == FRACTION ? (int64_t)parts.microsecond * 1000
						  : fields[field];
		for (size_t i = size; field == FRACTION && i < 9; i++)
			value /= 10;
		for (size_t i = size; i-- > 0; value /= 10)
			out[i] = (char)('0' + value % 10);
		out += size;
	}
	*out = '\0';
}

bool stamp_read(const struct stamp_format *format, struct span text, int64_t *ret_us)
{
	switch (format->style) {
	case STAMP_ISO:
		return stamp_read_iso(text, ret_us);
	case STAMP_UNIX:
		return read_number(text, 6, ret_us);
	case STAMP_UNIX_MS:
		return read_number(text, 3, ret_us);
	case STAMP_PATTERN:
		return read_pattern(format->pattern, text, ret_us);
	}
	return false;
}

bool stamp_write(const struct stamp_format *format, int64_t us, char out[STAMP_TEXT_BYTES])
{
	switch (format->style) {
	case STAMP_ISO:
		write_pattern("YYYY-MM-DDThh:mm:ss.fffZ", us, out);
		return true;
	case STAMP_UNIX:
		snprintf(out, STAMP_TEXT_BYTES, "%" PRId64,
			 stamp_floor(us, STAMP_SECOND) / STAMP_SECOND);
		return true;
	case STAMP_UNIX_MS:
		snprintf(out, STAMP_TEXT_BYTES, "%" PRId64, stamp_floor(us, 1000) / 1000);
		return true;
	case STAMP_PATTERN:
		if (strlen(format->pattern) >= STAMP_TEXT_BYTES)
			return false;
		write_pattern(format->pattern, us, out);
		return true;
	}
	return false;
}

/* --- HTTP --- */
static const char MONTHS[] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static bool take(struct span *text, const char *part)
{
	if (!span_starts(*text, span_of(part)))
		return false;
	*text = span_from(*text, strlen(part));
	return true;
}

static bool take_month(struct span *text, int *ret)
{
	for (int i = 0; i < 12; i++) {
		if (span_starts(*text, (struct span){MONTHS + (ptrdiff_t)3 * i, 3})) {
			*text = span_from(*text, 3);
			*ret = i + 1;
			return true;
		}
	}
	return false;
}

static bool take_clock(struct span *text, struct stamp_parts *parts)
{
	return stamp_digits(text, 2, &parts->hour) && stamp_char(text, ':') &&
	       stamp_digits(text, 2, &parts->minute) && stamp_char(text, ':') &&
	       stamp_digits(text, 2, &parts->second);
}

/* "06 Nov 1994 08:49:37 GMT", or with `between` '-' and two digits of the year, which are taken
 * for 1970 to 2069. */
static bool take_date(struct span *text, char between, struct stamp_parts *parts)
{
	int digits = between == '-' ? 2 : 4;
	if (!stamp_digits(text, 2, &parts->day) || !stamp_char(text, between) ||
	    !take_month(text, &parts->month) || !stamp_char(text, between) ||
	    !stamp_digits(text, digits, &parts->year))
		return false;
	if (digits == 2)
		parts->year += parts->year < 70 ? 2000 : 1900;
	return stamp_char(text, ' ') && take_clock(text, parts) && take(text, " GMT");
}

/* "Nov  6 08:49:37 1994" */
static bool take_asctime(struct span *text, struct stamp_parts *parts)
{
	if (!take_month(text, &parts->month) || !stamp_char(text, ' '))
		return false;
	if (!stamp_digits(text, stamp_char(text, ' ') ? 1 : 2, &parts->day))
		return false;
	return stamp_char(text, ' ') && take_clock(text, parts) && stamp_char(text, ' ') &&
	       stamp_digits(text, 4, &parts->year);
}

bool stamp_read_http(struct span text, int64_t *ret_us)
{
	static const char *const DAYS[] = {
		"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
	};
	struct stamp_parts parts = {0};
	bool done = false;
	for (int i = 0; i < 7; i++) {
		struct span rest = text;
		if (take(&rest, DAYS[i])) {
			done = take(&rest, ", ") && take_date(&rest, '-', &parts);
		} else if (span_starts(rest, (struct span){DAYS[i], 3})) {
			rest = span_from(rest, 3);
			if (take(&rest, ", "))
				done = take_date(&rest, ' ', &parts);
			else
				done = stamp_char(&rest, ' ') && take_asctime(&rest, &parts);
		} else {
			continue;
		}
		return done && rest.size == 0 && stamp_join(&parts, ret_us);
	}
	return false;
}
