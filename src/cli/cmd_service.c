/* firn service: prints what runs this configuration unattended. Installs nothing. */
#include "base/bounds.h"
#include "base/file.h"
#include "base/process.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/service.h"

#include <string.h>

const char *service_absolute(const struct cli *cli, const char *path, struct err *reterr)
{
	struct buf text;
	const char *copy = NULL;
	buf_init(&text, PATH_BYTES_MAX);
	if (file_from_root(&text, path, reterr)) {
		copy = arena_text(cli->config->arena, buf_span(&text));
		if (copy == NULL)
			err_memory(reterr);
	}
	buf_done(&text);
	return copy;
}

bool service_within(const char *path, const char *folder)
{
	return strcmp(path, folder) == 0 || file_behind(path, folder) != NULL;
}

static bool add_folder(struct cli *cli, struct service *service, const char *path,
		       struct err *reterr)
{
	size_t kept = 0;
	const char *folder = service_absolute(cli, path, reterr);
	if (folder == NULL)
		return false;
	for (size_t i = 0; i < service->folders_n; i++) {
		if (service_within(folder, service->folders[i]))
			return true;
	}
	for (size_t i = 0; i < service->folders_n; i++) {
		if (!service_within(service->folders[i], folder))
			service->folders[kept++] = service->folders[i];
	}
	service->folders[kept++] = folder;
	service->folders_n = kept;
	return true;
}

/* DuckDB writes beside its file too. */
static bool add_folders(struct cli *cli, struct service *service, struct err *reterr)
{
	const struct config *config = cli->config;
	char folder[PATH_BYTES_MAX];
	bool done = add_folder(cli, service, config->state_dir, reterr) &&
		    add_folder(cli, service, config->log_dir, reterr);
	if (done && config->to == CONFIG_TO_DUCKDB) {
		snprintf(folder, sizeof folder, "%.*s", SPAN_ARGS(file_folder_of(config->duckdb)));
		done = add_folder(cli, service, folder, reterr);
	}
	if (done && config->to == CONFIG_TO_FOLDER)
		done = add_folder(cli, service, config->landing, reterr);
	if (done && (config->to == CONFIG_TO_FOLDER || config->to == CONFIG_TO_S3 ||
		     file_exists(config->spool_dir)))
		done = add_folder(cli, service, config->spool_dir, reterr);
	return done;
}

/* Letters, digits, _ and - of the pipeline's name: others mean something in units and files. */
static const char *make_name(struct cli *cli, struct err *reterr)
{
	char *name = arena_printf(cli->config->arena, "firn-%s", cli->config->pipeline);
	for (char *at = name; at != NULL && *at != '\0'; at++) {
		if (!((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') ||
		      (*at >= '0' && *at <= '9') || *at == '_'))
			*at = '-';
	}
	if (name == NULL)
		err_memory(reterr);
	return name;
}

/* It stands in a unit's line and in a crontab's. */
static bool is_user(const char *name)
{
	size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				   "_.-");
	return size > 0 && name[size] == '\0' && name[0] != '-' && size <= 64;
}

/* What no platform can quote. */
static bool is_plain(const char *path, struct err *reterr)
{
	size_t size = strlen(path);
	bool plain = size > 0 && path[size - 1] != '\\';
	for (size_t i = 0; i < size; i++)
		plain &= (unsigned char)path[i] >= 0x20 && path[i] != 0x7F;
	return plain || err_set(reterr, ERR_USAGE, "%s: no service can name this path; move it",
				path);
}

static bool are_plain(const struct service *service, struct err *reterr)
{
	bool plain = is_plain(service->program, reterr) && is_plain(service->file, reterr) &&
		     is_plain(service->folder, reterr);
	for (size_t i = 0; i < service->folders_n && plain; i++)
		plain = is_plain(service->folders[i], reterr);
	for (size_t i = 0; i < service->owned_n && plain; i++)
		plain = is_plain(service->owned[i].path, reterr);
	return plain;
}

static bool describe(struct cli *cli, struct service *service, struct err *reterr)
{
	struct buf program;
	const struct config *config = cli->config;
	if (!config->schedule.given)
		return err_set(reterr, ERR_USAGE, "%s: schedule is missing: add schedule: { at: "
			       "\"22:00\", timezone: US/Pacific }, or schedule: { every: 10m }",
			       config->file);
	if (!is_user(service->user))
		return err_set(reterr, ERR_USAGE, "--user: %s is no user's name", service->user);
	buf_init(&program, PATH_BYTES_MAX);
	if (!process_path(&program))
		buf_add_text(&program, FIRN_PREFIX "/bin/firn");
	service->program = service_absolute(cli, buf_text(&program), reterr);
	buf_done(&program);
	if (service->program != NULL)
		service->file = service_absolute(cli, config->file, reterr);
	if (service->file != NULL)
		service->folder = service_absolute(cli, config->folder, reterr);
	service->name = service->folder == NULL ? NULL : make_name(cli, reterr);
	return service->name != NULL && add_folders(cli, service, reterr) &&
	       service_find_owned(cli, service, reterr) && are_plain(service, reterr);
}

static bool print(struct cli *cli, const struct service *service, struct buf *out,
		  struct err *reterr)
{
	const char *kind = cli->parsed.words[0];
	int64_t part = -1;
	bool has_part = option_number(&cli->parsed, "part", &part);
	if (has_part && strcmp(kind, "timer") != 0)
		return err_set(reterr, ERR_USAGE, "--part is for timer: it is two files");
	if (strcmp(kind, "systemd") == 0)
		return service_systemd(service, out) || buf_ok(out, reterr);
	if (strcmp(kind, "timer") == 0)
		return service_timer(service, has_part ? (part == 0 ? SERVICE_UNIT : SERVICE_TIMER)
						       : SERVICE_BOTH, out, reterr);
	if (strcmp(kind, "cron") == 0)
		return service_cron(service, option_text(&cli->parsed, "user") != NULL, out,
				    reterr);
	if (strcmp(kind, "taskscheduler") == 0)
		return service_task(service, out, reterr);
	return err_set(reterr, ERR_USAGE, "service %s is not known; expected systemd, timer, "
		       "taskscheduler or cron", kind);
}

int cmd_service(struct cli *cli)
{
	struct service service = {0};
	struct buf out;
	struct err why = {0};
	int code = EXIT_DONE;
	if (!cli_config(cli))
		return EXIT_USAGE;
	service.config = cli->config;
	service.user = option_text(&cli->parsed, "user");
	if (service.user == NULL)
		service.user = "firn";
	buf_init(&out, MIB);
	if (!describe(cli, &service, &why) || !print(cli, &service, &out, &why))
		code = cli_fail(cli, &why);
	else if (!cli_print(cli, buf_span(&out)))
		code = EXIT_FAILED;
	buf_done(&out);
	return cli_finish_output(cli, code);
}
