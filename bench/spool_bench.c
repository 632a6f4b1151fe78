/* How many observations a second a spool makes durable: collections of 1, 100 and 10,000 rows, each
 * synced before the next one begins, for so many seconds each.
 *
 *	make build/bench/spool_bench && build/bench/spool_bench FOLDER [SECONDS]
 *
 * FOLDER is on the disk that is measured, and must not be there yet. */
#include "base/bounds.h"
#include "base/clock.h"
#include "spool/spool.h"

#include <stdio.h>
#include <stdlib.h>

static const char ROW[] =
	"{\"CUSTOMER_ID\":\"acme\",\"LOCATION_NAME\":\"place %06d\",\"FETCHED_AT\":"
	"\"2026-11-23T09:32:07.230261Z\",\"OBSERVED_AT\":\"2026-11-23T09:30:00.000000Z\","
	"\"TEMPERATURE\":%d.5,\"WINDSPEED\":12.4,\"WINDDIRECTION\":%d,\"WEATHERCODE\":3,"
	"\"IS_DAY\":true,\"EXTRA\":null}\n";

static int fail(const struct err *why)
{
	fprintf(stderr, "spool_bench: %s\n", why->text);
	return 1;
}

static bool collect(struct spool *spool, int rows, struct err *reterr)
{
	char line[512];
	if (!spool_begin(spool, reterr))
		return false;
	for (int i = 0; i < rows; i++) {
		int size = snprintf(line, sizeof line, ROW, i, i % 40, i % 360);
		if (!spool_append(spool, SPAN("current_weather"), SPAN("acme"),
				  (struct span){line, (size_t)size}, reterr))
			return false;
	}
	return spool_sync(spool, reterr);
}

int main(int argc, char **argv)
{
	static const int ROWS[] = {1, 100, 10000};
	struct spool *spool = NULL;
	struct err why = {0};
	struct spool_options options = {
		.limits = spool_limits_default(), .seal = spool_seal_default(), .what = "bench"};
	int64_t run_ms = 1000 * (argc > 2 ? strtol(argv[2], NULL, 10) : 5);

	if (argc < 2) {
		fprintf(stderr, "spool_bench FOLDER [SECONDS]\n");
		return 2;
	}
	if (!spool_open(&spool, argv[1], &options, NULL, &why))
		return fail(&why);
	printf("| rows a collection | collections/s | observations/s |\n| ---: | ---: | ---: |\n");
	for (size_t i = 0; i < sizeof ROWS / sizeof ROWS[0]; i++) {
		int64_t start_ms = clock_mono_ms(), took_ms = 0, n = 0;
		for (; took_ms < run_ms; took_ms = clock_mono_ms() - start_ms, n++) {
			if (!collect(spool, ROWS[i], &why))
				return fail(&why);
		}
		printf("| %d | %.0f | %.0f |\n", ROWS[i], (double)n * 1000 / (double)took_ms,
		       (double)n * ROWS[i] * 1000 / (double)took_ms);
	}
	bool done = spool_seal_all(spool, &why);
	spool_close(spool);
	return done ? 0 : fail(&why);
}
