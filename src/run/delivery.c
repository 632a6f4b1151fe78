#include "run/delivery.h"

#include "base/bounds.h"
#include "base/clock.h"
#include "base/pulse.h"
#include "base/zone.h"
#include "deliver/from_spool.h"
#include "fetch/retry.h"
#include "run/bucket.h"
#include "run/schedule.h"

enum { BEFORE_DUE_MS = 60 * 1000 };

/* --- how long --- */

int64_t delivery_next_run_us(const struct config *config, int64_t now_us)
{
	struct zone *zone = NULL;
	struct err ignored;
	if (!config->schedule.given ||
	    !zone_open(&zone, config->schedule.timezone, NULL, &ignored))
		return STAMP_MAX;
	struct schedule schedule = {
		.at_minutes = config->schedule.at_minutes,
		.at_n = config->schedule.at_n,
		.every_us = config->schedule.every_us,
		.zone = zone,
	};
	int64_t next_us = schedule_next_us(&schedule, now_us);
	zone_close(zone);
	return next_us;
}

int64_t delivery_wait_ms(const struct config *config, int64_t now_us, int64_t budget_left_ms)
{
	int64_t next_us = delivery_next_run_us(config, now_us);
	if (next_us == STAMP_MAX)
		return budget_left_ms;
	int64_t left_ms = (next_us - now_us) / 1000 - BEFORE_DUE_MS;
	left_ms = left_ms > 0 ? left_ms : 0;
	return left_ms < budget_left_ms ? left_ms : budget_left_ms;
}

/* --- to S3 --- */

bool delivery_s3_open(const struct config *config, const struct credentials_environment *aws,
		      struct credentials **ret_credentials, struct s3 **ret, struct err *reterr)
{
	struct bucket_way way;
	if (!bucket_way(&way, config, aws, DELIVER_IN_FLIGHT, ret_credentials, reterr))
		return false;
	if (s3_new(ret, &way.s3, reterr))
		return true;
	credentials_free(*ret_credentials);
	*ret_credentials = NULL;
	return false;
}

/* --- delivering --- */

static void told(void *user, bool warning, const char *text)
{
	log_line(user, warning ? LOG_WARNING : LOG_INFO, NULL, "%s", text);
}

/* What waits when the delivery is over, whether it came to it or not. */
static bool count_left(struct spooled *spooled, struct load_delivery *ret, struct err *reterr)
{
	return spool_count(spooled->spool, &ret->left, reterr);
}

static void take_result(const struct deliver_result *result, struct load_delivery *ret)
{
	ret->files += result->files;
	ret->rows += result->rows;
	ret->bytes += result->bytes;
	ret->quarantined += result->quarantined;
	ret->alarm |= result->alarm;
	if (ret->why.kind == ERR_NONE)
		ret->why = result->why;
}

static bool put(const struct load_options *options, struct spooled *spooled,
		struct load_delivery *ret, struct err *reterr)
{
	const struct config *config = options->setup->config;
	struct from_spool *from = NULL;
	struct deliver_source source;
	struct credentials *credentials = NULL;
	struct deliver_result result = {0};
	int64_t left_ms = retry_budget_left_ms(options->budget, clock_mono_ms());
	struct retry_budget budget = {
		.total_ms = delivery_wait_ms(config, clock_now_us(), left_ms)};
	struct deliver_options how = {
		.prefix = config->to == CONFIG_TO_S3 ? config->s3.prefix : NULL,
		.folder = config->to == CONFIG_TO_FOLDER ? config->landing : NULL,
		.in_flight_max = DELIVER_IN_FLIGHT,
		.budget = &budget,
		.stop = options->stop,
		.told = told,
		.told_user = options->log,
		.pulse = pulse_at(options->pulses, PULSE_LOOP),
	};
	struct err why = {0};
	bool ready = config->to == CONFIG_TO_FOLDER
			     ? file_make_folder(config->landing, &why)
			     : delivery_s3_open(config, options->aws, &credentials, &how.s3, &why);
	bool done = why.kind != ERR_MEMORY || err_memory(reterr);
	if (!ready) {
		ret->why = why;
		ret->alarm = true;
	}
	if (ready && done) {
		how.source = &source;
		done = from_spool_new(&from, spooled->spool, &source, reterr) &&
		       deliver(&how, &result, reterr);
		take_result(&result, ret);
	}
	from_spool_free(from);
	s3_free(how.s3);
	credentials_free(credentials);
	return done;
}

static void tell(const struct load_options *options, const struct load_delivery *delivery)
{
	if (delivery->files > 0)
		log_line(options->log, LOG_INFO, NULL,
			 "Delivered %lld files with %lld rows to %s", (long long)delivery->files,
			 (long long)delivery->rows, options->setup->destination);
	if (delivery->left > 0)
		log_line(options->log, delivery->alarm ? LOG_ERROR : LOG_WARNING, NULL,
			 "%lld files wait in the spool: %s", (long long)delivery->left,
			 delivery->why.text);
}

bool delivery_run(const struct load_options *options, struct spooled *spooled,
		  struct load_delivery *ret, struct err *reterr)
{
	ret->tried = true;
	if (!count_left(spooled, ret, reterr))
		return false;
	if (ret->left == 0) /* nobody is asked for nothing */
		return true;
	bool done = setup_lands(options->setup) ? put(options, spooled, ret, reterr)
						: delivery_load(options, spooled, ret, reterr);
	struct err ignored;
	if (!count_left(spooled, ret, done ? reterr : &ignored))
		return false;
	if (ret->left > 0 && ret->why.kind == ERR_NONE)
		err_set(&ret->why, ERR_TRANSIENT, "it came to an end before they were sent");
	tell(options, ret);
	return done;
}
