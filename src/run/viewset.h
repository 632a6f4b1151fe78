/* The views of a pipeline: those built in for its connector, with the configuration's `views`
 * block over the defaults of views/CONNECTOR/settings.yaml. */
#ifndef FIRN_RUN_VIEWSET_H
#define FIRN_RUN_VIEWSET_H

#include "run/setup.h"

struct viewset {
	struct view *views;
	size_t n;
	const char **left_out; /* a line each, for people: which view, and why */
	size_t left_out_n;
	struct view_options options;
};

/* Lives in the setup's arena. ERR_USAGE: the configuration names a list that no view has (the
 * nearest is named). A view that reads a column which the configuration excludes is left out: a
 * warning, for the user wanted it so. */
MUST_CHECK bool viewset_make(struct setup *, struct viewset *ret, struct err *reterr);

#endif
