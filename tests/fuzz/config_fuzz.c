/* Any bytes as firn.yaml: understood, or refused with a line for each mistake. Linked with
 * --wrap=posix_spawnp: what ${cmd:...} names is never run. */
#include "fuzz.h"

#include "base/bounds.h"
#include "base/text.h"
#include "config/config.h"

#include <errno.h>
#include <spawn.h>

int __wrap_posix_spawnp(pid_t *, const char *, const posix_spawn_file_actions_t *,
			const posix_spawnattr_t *, char *const *, char *const *);

int __wrap_posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
			const posix_spawnattr_t *attributes, char *const *argv, char *const *env)
{
	(void)pid, (void)file, (void)actions, (void)attributes, (void)argv, (void)env;
	return ENOENT;
}

static void check_config(const struct config *config)
{
	expect(config->pipeline != NULL && config->pipeline[0] != '\0');
	expect(config->connector != NULL && config->state_dir != NULL && config->log_dir != NULL);
	expect(config->parallel >= 1 && config->retry_budget_us > 0);
}

static void check_mistakes(const struct buf *mistakes)
{
	size_t lines = 0;
	expect(mistakes->size > 0 && mistakes->data[mistakes->size - 1] == '\n');
	for (size_t i = 0; i < mistakes->size; i++)
		lines += mistakes->data[i] == '\n';
	expect(lines <= CONFIG_ERRORS_MAX + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char folder[64];
	char path[96];
	struct config *config = NULL;
	struct buf mistakes;
	struct err err = {0};
	/* No file but those below the folder: /dev/zero would be read for long. */
	if (memmem(data, size, "file:", 5) != NULL)
		return 0;
	snprintf(path, sizeof path, "%s/firn.yaml", fuzz_folder(folder));
	fuzz_write(path, (struct span){(const char *)data, size}, SPAN(""));
	buf_init(&mistakes, 64 * MIB);
	if (config_read(&config, path, &mistakes, &err)) {
		expect(mistakes.size == 0);
		check_config(config);
	} else {
		expect(err.text[0] != '\0');
		if (err.kind == ERR_USAGE)
			check_mistakes(&mistakes);
	}
	config_free(config);
	buf_done(&mistakes);
	return 0;
}
