#include "run/probe.h"

#include "base/bounds.h"
#include "fetch/http.h"
#include "run/reach.h"

#include <stdlib.h>
#include <string.h>

enum {
	LOOK_MS = 200, /* between two looks at `stop` */
};

struct probe {
	struct probe_options options;
	struct http *http;
};

bool probe_new(struct probe **ret, const struct probe_options *options, struct err *reterr)
{
	const struct config *config = options->config;
	struct http_options http = reach_options(config, 1);
	struct probe *probe = calloc(1, sizeof *probe);
	if (probe == NULL)
		return err_memory(reterr);
	probe->options = *options;
	if (!http_new(&probe->http, &http, reterr)) {
		free(probe);
		return false;
	}
	*ret = probe;
	return true;
}

void probe_free(struct probe *probe)
{
	if (probe == NULL)
		return;
	http_free(probe->http);
	free(probe);
}

bool probe_ask(struct probe *probe, const struct request *request, struct response *ret,
	       struct err *reterr)
{
	const struct probe_options *options = &probe->options;
	bool allowed = options->config != NULL && options->config->allow_http;
	void *user;
	if (!request_check_clear(request, options->secret, allowed, reterr) ||
	    !http_begin(probe->http, request, probe, reterr))
		return false;
	while (!http_wait(probe->http, LOOK_MS, &user, ret)) {
		if (options->stop != NULL && *options->stop != 0) {
			http_drop(probe->http, probe);
			return err_set(reterr, ERR_STOPPED, "stopped");
		}
	}
	return true;
}
