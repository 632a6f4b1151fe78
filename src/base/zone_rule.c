/* The clocks of a TZ string (POSIX, with the times of RFC 8536 from -167 to 167 hours). To know
 * what holds at a moment, the changes of three years are looked at: a time of more than a day can
 * carry a change into the year before or after its own. */
#include "base/stamp_private.h"
#include "base/zone_private.h"

/* --- reading --- */
/* Letters, at least three; or anything of letters, digits and signs in angle brackets. */
static bool take_name(struct span *text)
{
	bool quoted = stamp_char(text, '<');
	size_t n = 0;
	for (; n < text->size; n++) {
		char c = text->at[n];
		bool letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
		bool more = (c >= '0' && c <= '9') || c == '+' || c == '-';
		if (!letter && !(quoted && more))
			break;
	}
	*text = span_from(*text, n);
	return n >= 3 && (!quoted || stamp_char(text, '>'));
}

static bool take_number(struct span *text, int most, int *ret)
{
	int value = 0;
	size_t n = 0;
	for (; n < text->size && n < 3 && text->at[n] >= '0' && text->at[n] <= '9'; n++)
		value = value * 10 + (text->at[n] - '0');
	*text = span_from(*text, n);
	*ret = value;
	return n > 0 && value <= most;
}

/* [+|-]hh[:mm[:ss]] */
static bool take_time(struct span *text, int hours_max, int32_t *ret_s)
{
	int hours, minutes = 0, seconds = 0;
	bool negative = stamp_char(text, '-');
	if (!negative)
		stamp_char(text, '+');
	if (!take_number(text, hours_max, &hours))
		return false;
	if (stamp_char(text, ':')) {
		if (!take_number(text, 59, &minutes))
			return false;
		if (stamp_char(text, ':') && !take_number(text, 59, &seconds))
			return false;
	}
	int32_t time_s = hours * 3600 + minutes * 60 + seconds;
	*ret_s = negative ? -time_s : time_s;
	return true;
}

static bool take_day(struct span *text, struct zone_day *ret)
{
	struct zone_day day = {.time_s = 2 * 3600};
	if (stamp_char(text, 'J')) {
		day.kind = ZONE_JULIAN;
		if (!take_number(text, 365, &day.day) || day.day < 1)
			return false;
	} else if (stamp_char(text, 'M')) {
		day.kind = ZONE_WEEKDAY;
		if (!take_number(text, 12, &day.month) || day.month < 1 ||
		    !stamp_char(text, '.') || !take_number(text, 5, &day.week) ||
		    day.week < 1 || !stamp_char(text, '.') || !take_number(text, 6, &day.day))
			return false;
	} else {
		day.kind = ZONE_DAY;
		if (!take_number(text, 365, &day.day))
			return false;
	}
	if (stamp_char(text, '/') && !take_time(text, 167, &day.time_s))
		return false;
	*ret = day;
	return true;
}

bool zone_rule_parse(struct span text, struct zone_rule *ret)
{
	struct zone_rule rule = {0};
	int32_t west_s;
	if (!take_name(&text) || !take_time(&text, 24, &west_s))
		return false;
	rule.std_s = -west_s;
	rule.dst_s = rule.std_s + 3600;
	if (text.size > 0) {
		rule.has_dst = true;
		if (!take_name(&text))
			return false;
		if (text.size > 0 && text.at[0] != ',') {
			if (!take_time(&text, 24, &west_s))
				return false;
			rule.dst_s = -west_s;
		}
		if (!stamp_char(&text, ',') || !take_day(&text, &rule.start) ||
		    !stamp_char(&text, ',') || !take_day(&text, &rule.end))
			return false;
	}
	*ret = rule;
	return text.size == 0;
}

/* --- counting --- */
/* The moment in seconds, on the clock that holds until then. */
static int64_t change_s(const struct zone_day *rule, int year)
{
	int64_t day = stamp_days(year, 1, 1);
	switch (rule->kind) {
	case ZONE_JULIAN:
		day += rule->day - 1 + (stamp_is_leap(year) && rule->day >= 60);
		break;
	case ZONE_DAY:
		day += rule->day;
		break;
	case ZONE_WEEKDAY:
		day = stamp_days(year, rule->month, 1);
		int64_t first = ((day + 4) % 7 + 7) % 7; /* weekday of the 1st, Sunday is 0 */
		int64_t to = (rule->day - first + 7) % 7 + (int64_t)(rule->week - 1) * 7;
		if (to >= stamp_month_days(year, rule->month))
			to -= 7;
		day += to;
		break;
	}
	return day * 86400 + rule->time_s;
}

struct change {
	int64_t at_s;
	int32_t offset_s;
};

enum { CHANGES = 6 };

/* The changes of the year around at_s and of its neighbours, ascending; of two at one moment the
 * later year's is the last, and so holds: a summer that ends as the next one begins is how it is
 * written that there is no winter. */
static void changes_around(const struct zone_rule *rule, int64_t at_s, struct change *ret)
{
	int year = stamp_parts(at_s * STAMP_SECOND).year;
	for (int i = 0; i < CHANGES; i += 2) {
		int64_t start = change_s(&rule->start, year - 1 + i / 2) - rule->std_s;
		int64_t end = change_s(&rule->end, year - 1 + i / 2) - rule->dst_s;
		ret[i] = (struct change){start, rule->dst_s};
		ret[i + 1] = (struct change){end, rule->std_s};
	}
	for (int i = 1; i < CHANGES; i++) {
		struct change change = ret[i];
		int j = i;
		for (; j > 0 && ret[j - 1].at_s > change.at_s; j--)
			ret[j] = ret[j - 1];
		ret[j] = change;
	}
}

int32_t zone_rule_offset_s(const struct zone_rule *rule, int64_t at_s)
{
	struct change changes[CHANGES];
	int32_t offset_s = rule->std_s;
	if (!rule->has_dst)
		return offset_s;
	changes_around(rule, at_s, changes);
	for (int i = 0; i < CHANGES && changes[i].at_s <= at_s; i++)
		offset_s = changes[i].offset_s;
	return offset_s;
}

int64_t zone_rule_next_s(const struct zone_rule *rule, int64_t at_s)
{
	struct change changes[CHANGES];
	if (!rule->has_dst)
		return INT64_MAX;
	changes_around(rule, at_s, changes);
	for (int i = 0; i < CHANGES; i++) {
		if (changes[i].at_s > at_s)
			return changes[i].at_s;
	}
	return INT64_MAX;
}
