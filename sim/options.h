/* The command line. */
#ifndef FIRN_SIM_OPTIONS_H
#define FIRN_SIM_OPTIONS_H

#include "world.h"

#include "base/buf.h"

enum { FAULT_OPTIONS_MAX = 64 };

struct options {
	uint16_t port;
	bool ipv6, quiet, gzip, frozen, help, version;
	bool tls;
	const char *tls_cert, *tls_key;
	const char *port_file, *samples;
	const char *token, *client_id, *client_secret;
	const char *weather_key;   /* NULL: anybody may ask for weather */
	int64_t weather_quota[3];  /* calls a minute, an hour, a day; 0: as many as wanted */
	int64_t token_life_ms;
	int64_t latency_ms;
	uint64_t page_size;
	const char *faults[FAULT_OPTIONS_MAX];
	size_t n_faults;
	const char *truth;        /* print the truth about this entity and end */
	const char *truth_filter;
	int64_t now_us;           /* where the simulated clock starts */
	struct world_options world;
};

/* ERR_USAGE: a mistake, to be told with exit code 2. */
MUST_CHECK bool options_read(int argc, char *argv[], struct options *ret, struct err *reterr);
bool options_help(struct buf *out);

#endif
