/* What `firn service` prints, one function a platform. Texts are whole files with comments that
 * say what to do with them; every path is absolute and quoted as that platform reads it. */
#ifndef FIRN_CLI_SERVICE_H
#define FIRN_CLI_SERVICE_H

#include "base/buf.h"
#include "config/config.h"

struct cli;

enum { SERVICE_FOLDERS_MAX = 8, SERVICE_OWNED_MAX = 40 };

struct service_owned {
	const char *path; /* absolute, and there */
	bool whole;       /* a folder, with all that is in it */
};

struct service {
	const struct config *config;
	const char *program, *file; /* absolute: firn, its configuration */
	const char *folder;         /* of the configuration */
	const char *name;                    /* "firn-moveworks", fit for a unit and a file */
	const char *user;
	const char *folders[SERVICE_FOLDERS_MAX]; /* that firn writes to; none within another */
	size_t folders_n;
	struct service_owned owned[SERVICE_OWNED_MAX]; /* what its user has to be given */
	size_t owned_n;
};

enum service_part { SERVICE_BOTH, SERVICE_UNIT, SERVICE_TIMER };

/* The path as seen from /, in the configuration's arena; NULL and *reterr. */
const char *service_absolute(const struct cli *cli, const char *path, struct err *reterr);
/* Both absolute: path is the folder, or in it at any depth. */
bool service_within(const char *path, const char *folder);
/* Fills owned. */
MUST_CHECK bool service_find_owned(struct cli *cli, struct service *service, struct err *reterr);

bool service_systemd(const struct service *, struct buf *out);
/* ERR_USAGE: this schedule cannot be said there. */
MUST_CHECK bool service_timer(const struct service *, enum service_part, struct buf *out,
			      struct err *reterr);
MUST_CHECK bool service_cron(const struct service *, bool with_user, struct buf *out,
			     struct err *reterr);
MUST_CHECK bool service_task(const struct service *, struct buf *out, struct err *reterr);

#endif
