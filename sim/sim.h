/* The parts of the simulator, put together by main.c and used by the answering threads. All of
 * them may be used by several threads at once. */
#ifndef FIRN_SIM_SIM_H
#define FIRN_SIM_SIM_H

#include "faults.h"
#include "journal.h"
#include "moment.h"
#include "oauth.h"
#include "options.h"
#include "plan.h"
#include "zipped.h"

struct sim {
	struct options options;
	struct store store;
	struct plans *plans;
	struct moment *moment;
	struct faults *faults;
	struct oauth *oauth;
	struct journal *journal;
	struct weather_quota *quota;
	struct zipped *zipped; /* NULL: no answer is compressed */
};

#endif
