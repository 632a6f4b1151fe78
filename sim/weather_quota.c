/* Calls by the clock's minute, hour and day, as that server counts them: what was used up before a
 * question decides, so that the last one allowed may be a big one. */
#include "weather.h"

#include "base/stamp.h"

#include <pthread.h>
#include <stdlib.h>

struct weather_quota {
	pthread_mutex_t lock;
	int64_t limits[QUOTA_UNITS]; /* 0: none */
	int64_t units[QUOTA_UNITS];  /* which minute, hour, day is being counted */
	double used[QUOTA_UNITS];
};

const char *weather_quota_words(enum weather_unit unit)
{
	static const char *const WORDS[QUOTA_UNITS] = {
		"Minutely API request limit exceeded. Please try again in one minute.",
		"Hourly API request limit exceeded. Please try again in the next hour.",
		"Daily API request limit exceeded. Please try again tomorrow.",
	};
	return WORDS[unit];
}

bool weather_quota_new(struct weather_quota **ret, const int64_t limits[QUOTA_UNITS],
		       struct err *reterr)
{
	struct weather_quota *quota = calloc(1, sizeof *quota);
	if (quota == NULL)
		return err_memory(reterr);
	pthread_mutex_init(&quota->lock, NULL);
	for (int unit = 0; unit < QUOTA_UNITS; unit++)
		quota->limits[unit] = limits[unit];
	*ret = quota;
	return true;
}

void weather_quota_free(struct weather_quota *quota)
{
	if (quota == NULL)
		return;
	pthread_mutex_destroy(&quota->lock);
	free(quota);
}

double weather_weight(const struct weather_question *question)
{
	double variables = (double)(question->current_n + question->hourly_n) / 10;
	double days = (double)(question->last_day - question->first_day + 1) / 14;
	double weight = variables > 1 ? variables : 1;
	if (question->hourly_n > 0 && variables * days > weight)
		weight = variables * days;
	return weight * (double)question->cells_n;
}

const char *weather_quota_take(struct weather_quota *quota, int64_t now_us, double weight)
{
	static const int64_t UNITS_US[QUOTA_UNITS] = {STAMP_MINUTE, STAMP_HOUR, STAMP_DAY};
	const char *refusal = NULL;
	pthread_mutex_lock(&quota->lock);
	for (int unit = 0; unit < QUOTA_UNITS; unit++) {
		int64_t current = stamp_floor(now_us, UNITS_US[unit]);
		if (current != quota->units[unit])
			quota->used[unit] = 0;
		quota->units[unit] = current;
		if (refusal == NULL && quota->limits[unit] > 0 &&
		    quota->used[unit] >= (double)quota->limits[unit])
			refusal = weather_quota_words((enum weather_unit)unit);
	}
	for (int unit = 0; refusal == NULL && unit < QUOTA_UNITS; unit++)
		quota->used[unit] += weight;
	pthread_mutex_unlock(&quota->lock);
	return refusal;
}
