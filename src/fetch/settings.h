/* An http's options, checked and copied. */
#ifndef FIRN_FETCH_SETTINGS_H
#define FIRN_FETCH_SETTINGS_H

#include "fetch/http.h"

struct arena;

struct settings {
	struct arena *arena; /* holds the texts */
	struct http_options options;
	long low_speed_s, low_speed_rate; /* seconds, bytes a second; libcurl counts no finer */
	const char *proxy_place; /* its host and port for messages; NULL: none was given */
};

/* ERR_USAGE: the proxy is none. No message repeats it, for it may hold a password; libcurl's own
 * message would, which is why it is checked here. */
MUST_CHECK bool settings_init(struct settings *ret, const struct http_options *options,
			      struct err *reterr);
void settings_done(struct settings *settings);

#endif
