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

struct owning {
	struct cli *cli;
	struct service *service;
	struct err *reterr;
	bool failed;
};

/* Absent is fine: the service makes it itself. */
static bool own(struct owning *owning, const char *path, bool whole)
{
	struct service *service = owning->service;
	const char *all = service_absolute(owning->cli, path, owning->reterr);
	if (all == NULL)
		return false;
	if (!file_exists(all))
		return true;
	for (size_t i = 0; i < service->owned_n; i++) {
		const struct service_owned *other = &service->owned[i];
		if (strcmp(other->path, all) == 0 ||
		    (other->whole && service_within(all, other->path)))
			return true;
	}
	if (service->owned_n == SERVICE_OWNED_MAX)
		return err_set(owning->reterr, ERR_USAGE, "more than %d files of secrets "
			       "are too many for a service", SERVICE_OWNED_MAX);
	service->owned[service->owned_n++] = (struct service_owned){all, whole};
	return true;
}

/* A secret's file that everybody may read is somebody else's (check warns of it). */
static void own_secret(void *user, const char *path)
{
	struct owning *owning = user;
	if (!owning->failed && !file_others_can_read(path))
		owning->failed = !own(owning, path, false);
}

static bool is_below(const struct service *service, const char *folder)
{
	return strcmp(folder, service->folder) != 0 && service_within(folder, service->folder);
}

/* The folders that `all` is in, up to the configuration's: who made it made them for nobody else to
 * see. */
static bool own_above(struct owning *owning, const char *all)
{
	char above[PATH_BYTES_MAX];
	const char *at = all + strlen(owning->service->folder);
	if (!is_below(owning->service, all))
		return true;
	at += strspn(at, "/");
	while ((at = strchr(at, '/')) != NULL) {
		snprintf(above, sizeof above, "%.*s", (int)(at++ - all), all);
		if (!own(owning, above, false))
			return false;
	}
	return true;
}

/* A folder of firn's own. */
static bool own_whole(struct owning *owning, const char *folder)
{
	const char *all = service_absolute(owning->cli, folder, owning->reterr);
	return all != NULL && own_above(owning, all) && own(owning, all, true);
}

/* Whole where it lies below the configuration's folder; else as far as `file` names it. */
static bool own_place(struct owning *owning, const char *folder, const char *file)
{
	const char *all = service_absolute(owning->cli, folder, owning->reterr);
	if (all == NULL)
		return false;
	if (is_below(owning->service, all))
		return own_whole(owning, all);
	return file == NULL || own(owning, file, false);
}

static bool own_duckdb(struct owning *owning)
{
	const char *file = owning->cli->config->duckdb;
	char folder[PATH_BYTES_MAX], wal[PATH_BYTES_MAX];
	snprintf(folder, sizeof folder, "%.*s", SPAN_ARGS(file_folder_of(file)));
	snprintf(wal, sizeof wal, "%s.wal", file); /* what its last run could not merge */
	return own_place(owning, folder, file) && own_place(owning, folder, wal);
}

bool service_find_owned(struct cli *cli, struct service *service, struct err *reterr)
{
	const struct config *config = cli->config;
	struct owning owning = {cli, service, reterr, false};
	bool done = own(&owning, config->file, false);
	if (done) {
		secrets_each_file(config->secrets, own_secret, &owning);
		done = !owning.failed;
	}
	if (done && config->to == CONFIG_TO_SNOWFLAKE && config->snowflake.key_file != NULL)
		own_secret(&owning, config->snowflake.key_file);
	done = done && !owning.failed && own_whole(&owning, config->state_dir) &&
	       own_whole(&owning, config->spool_dir) && own_place(&owning, config->log_dir, NULL);
	if (done && config->to == CONFIG_TO_DUCKDB)
		done = own_duckdb(&owning);
	if (done && config->to == CONFIG_TO_FOLDER)
		done = own_place(&owning, config->landing, NULL);
	return done;
}
