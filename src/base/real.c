/* A whole number below 10^15 and a power of ten up to 10^22 are doubles without an error; their
 * quotient is then the double nearest to the decimal number, which is what strtod gives. And since
 * a number of up to 15 digits comes back from a double unchanged, a quotient that equals the double
 * has the digits that printf would find. */
#include "base/real.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { EXACT_DIGITS = 15, DECIMALS_MAX = 6, TEXT_BYTES = 64 };

static const double TENS[] = {1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
			      1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};

/* "-12.50" of up to 15 digits; false: another way is needed. */
static bool read_short(struct span digits, double *ret)
{
	bool negative = digits.size > 0 && digits.at[0] == '-', point = false;
	int64_t whole = 0;
	size_t digits_n = 0, decimals = 0;
	for (size_t i = negative; i < digits.size; i++) {
		char c = digits.at[i];
		if (c == '.' && !point && digits_n > 0 && i + 1 < digits.size) {
			point = true;
			continue;
		}
		if (c < '0' || c > '9' || ++digits_n > EXACT_DIGITS)
			return false;
		whole = whole * 10 + (c - '0');
		decimals += point;
	}
	double real = (double)whole / TENS[decimals];
	*ret = negative ? -real : real;
	return digits_n > 0;
}

bool real_read(struct span digits, double *ret)
{
	char small[TEXT_BYTES], *end, *text = small;
	if (read_short(digits, ret))
		return true;
	if (digits.size == 0)
		return false;
	for (size_t i = 0; i < digits.size; i++) {
		if (strchr("+-.0123456789eE", digits.at[i]) == NULL || digits.at[i] == '\0')
			return false;
	}
	if (digits.size >= sizeof small)
		text = malloc(digits.size + 1);
	if (text == NULL)
		return false;
	memcpy(text, digits.at, digits.size);
	text[digits.size] = '\0';
	*ret = strtod(text, &end);
	bool done = *end == '\0' && isfinite(*ret);
	if (text != small)
		free(text);
	return done;
}

/* With up to six decimals; false: another way is needed. */
static bool add_short(struct buf *out, double real)
{
	double size = fabs(real);
	if (size < 1e-4 || size >= 1e9) /* here printf writes no exponent, and 15 digits do */
		return false;
	for (int decimals = 0; decimals <= DECIMALS_MAX; decimals++) {
		double whole = nearbyint(size * TENS[decimals]);
		if (whole / TENS[decimals] != size)
			continue;
		char text[TEXT_BYTES];
		int64_t left = (int64_t)whole;
		size_t at = sizeof text;
		for (int i = 0; i < decimals || left > 0 || i == decimals; i++) {
			if (i == decimals && decimals > 0)
				text[--at] = '.';
			text[--at] = (char)('0' + left % 10);
			left /= 10;
		}
		if (real < 0)
			text[--at] = '-';
		return buf_add(out, text + at, sizeof text - at);
	}
	return false;
}

/* 15 digits are always a double's own; below the smallest normal one fewer are enough. */
bool real_add(struct buf *out, double real)
{
	char text[TEXT_BYTES];
	int digits = isnormal(real) ? EXACT_DIGITS : 1;
	if (add_short(out, real))
		return true;
	do
		snprintf(text, sizeof text, "%.*g", digits, real);
	while (digits++ < 17 && strtod(text, NULL) != real);
	return buf_add_text(out, text);
}
