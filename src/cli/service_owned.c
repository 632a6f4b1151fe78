/* What the service's user has to own before it can run: the configuration, the files of its
 * secrets, and what runs as somebody else (the first load, by hand, as root) have left behind.
 * A folder is given to it whole only where nobody else's files can be in it: the state, the spool,
 * and what lies below the configuration's own folder. */
#include "cli/service.h"

#include "base/bounds.h"
#include "base/file.h"
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

/* Paths are absolute. The first failure ends it. */
struct owning {
	struct cli *cli;
	struct service *service;
	struct err *reterr;
	bool failed;
};

/* NULL: failed. */
static const char *absolute(struct owning *owning, const char *path)
{
	const char *all = owning->failed ? NULL
					 : service_absolute(owning->cli, path, owning->reterr);
	owning->failed = all == NULL;
	return all;
}

/* Absent is fine: the service makes it itself. */
static void own(struct owning *owning, const char *path, bool whole)
{
	struct service *service = owning->service;
	if (path == NULL || !file_exists(path))
		return;
	for (size_t i = 0; i < service->owned_n; i++) {
		const struct service_owned *other = &service->owned[i];
		if (strcmp(other->path, path) == 0 ||
		    (other->whole && service_within(path, other->path)))
			return;
	}
	if (service->owned_n < SERVICE_OWNED_MAX)
		service->owned[service->owned_n++] = (struct service_owned){path, whole};
	else if (!owning->failed)
		owning->failed = !err_set(owning->reterr, ERR_USAGE, "more than %d files of "
					  "secrets are too many for a service",
					  SERVICE_OWNED_MAX);
}

/* A secret's file that everybody may read is somebody else's (check warns of it). */
static void own_secret(void *user, const char *path)
{
	if (!file_others_can_read(path))
		own(user, absolute(user, path), false);
}

/* A folder with all that is in it, and those that it is in, up to the configuration's: who made
 * them made them for nobody else to see. */
static void own_whole(struct owning *owning, const char *folder)
{
	const char *at = file_behind(folder, owning->service->folder);
	char above[PATH_BYTES_MAX];
	while (at != NULL && (at = strchr(at, '/')) != NULL) {
		snprintf(above, sizeof above, "%.*s", (int)(at++ - folder), folder);
		own(owning, absolute(owning, above), false);
	}
	own(owning, folder, true);
}

/* Whole where it lies below the configuration's folder; else as far as `file` names it. */
static void own_place(struct owning *owning, const char *folder, const char *file)
{
	const char *all = absolute(owning, folder);
	if (all != NULL && file_behind(all, owning->service->folder) != NULL)
		own_whole(owning, all);
	else if (all != NULL && file != NULL)
		own(owning, absolute(owning, file), false);
}

static void own_duckdb(struct owning *owning)
{
	const char *file = owning->cli->config->duckdb;
	char folder[PATH_BYTES_MAX], wal[PATH_BYTES_MAX];
	snprintf(folder, sizeof folder, "%.*s", SPAN_ARGS(file_folder_of(file)));
	snprintf(wal, sizeof wal, "%s.wal", file); /* what its last run could not merge */
	own_place(owning, folder, file);
	own_place(owning, folder, wal);
}

static void own_ours(struct owning *owning, const char *folder)
{
	const char *all = absolute(owning, folder);
	if (all != NULL)
		own_whole(owning, all);
}

bool service_find_owned(struct cli *cli, struct service *service, struct err *reterr)
{
	const struct config *config = cli->config;
	struct owning owning = {cli, service, reterr, false};
	own(&owning, service->file, false);
	secrets_each_file(config->secrets, own_secret, &owning);
	if (config->to == CONFIG_TO_SNOWFLAKE && config->snowflake.key_file != NULL)
		own_secret(&owning, config->snowflake.key_file);
	own_ours(&owning, config->state_dir);
	own_ours(&owning, config->spool_dir);
	own_place(&owning, config->log_dir, NULL);
	if (config->to == CONFIG_TO_DUCKDB)
		own_duckdb(&owning);
	if (config->to == CONFIG_TO_FOLDER)
		own_place(&owning, config->landing, NULL);
	return !owning.failed;
}
