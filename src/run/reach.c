#include "run/reach.h"

#include "base/bounds.h"

enum { /* where there is no configuration; those of config/grammar.c */
	CONNECT_TIMEOUT_MS = 10 * 1000,
	LOW_SPEED_TIME_MS = 20 * 1000,
	LOW_SPEED_BYTES = 1000,
};

struct http_options reach_options(const struct config *config, int64_t connections_max)
{
	if (config == NULL)
		return (struct http_options){
			.user_agent = "firn/" FIRN_VERSION,
			.connect_timeout_ms = CONNECT_TIMEOUT_MS,
			.low_speed_time_ms = LOW_SPEED_TIME_MS,
			.low_speed_bytes = LOW_SPEED_BYTES,
			.answer_bytes_max = ANSWER_BYTES_MAX,
			.connections_max = connections_max,
		};
	return (struct http_options){
		.user_agent = "firn/" FIRN_VERSION,
		.proxy = config->proxy,
		.no_proxy = config->no_proxy,
		.ca_file = config->ca_file,
		.connect_timeout_ms = config->connect_timeout_us / 1000,
		.low_speed_time_ms = config->low_speed_time_us / 1000,
		.low_speed_bytes = config->low_speed_bytes,
		.answer_bytes_max = config->max_answer_bytes,
		.connections_max = connections_max,
	};
}
