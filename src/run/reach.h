/* How the configuration's http block says that any server is reached: the source, a bucket, and
 * what `check` and `connectors try` ask. */
#ifndef FIRN_RUN_REACH_H
#define FIRN_RUN_REACH_H

#include "config/config.h"
#include "fetch/http.h"

/* Texts are the configuration's. config: NULL: its defaults, without proxy and ca_file. */
struct http_options reach_options(const struct config *, int64_t connections_max);

#endif
