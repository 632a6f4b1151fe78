/* firn setup: asks, proves, saves. Until it is proved everything stands in files with .new behind
 * their names, which are gone afterwards, however it went. */
#include "base/bounds.h"
#include "base/terminal.h"
#include "base/text.h"
#include "cli/setup.h"

#include <stdlib.h>
#include <string.h>

/* A yes at the terminal. */
static bool agrees(const char *question)
{
	struct buf line;
	struct err ignored;
	buf_init(&line, KIB);
	fprintf(stderr, "%s [y/N]: ", question);
	fflush(stderr);
	bool yes = terminal_read(false, &line, &ignored) && line.size > 0 &&
		   (line.data[0] == 'y' || line.data[0] == 'Y');
	buf_done(&line);
	return yes;
}

static bool may_replace(struct cli *cli, const char *file, bool ask, struct err *reterr)
{
	char question[PATH_BYTES_MAX + 64];
	if (!file_exists(file) || option_flag(&cli->parsed, "force"))
		return true;
	snprintf(question, sizeof question, "%s is there already. Replace it?", file);
	if (ask && agrees(question))
		return true;
	return err_set(reterr, ask ? ERR_STOPPED : ERR_USAGE, "%s is there already and stays as it "
		       "is; --force replaces it, -c FILE names another", file);
}

/* --- files --- */

static bool write_private(const char *path, struct span data, struct err *reterr)
{
	/* A new file has mode 0600 from its first byte on. */
	return path == NULL ? err_memory(reterr)
			    : file_remove(path, reterr) && file_replace(path, data, reterr);
}

static bool write_secret(const struct setup_answers *answers, const struct setup_secret *secret,
			 bool fresh, struct err *reterr)
{
	return secret->value.size == 0 || secret->reference != NULL ||
	       write_private(setup_secret_path(answers, secret, false, fresh),
			     buf_span(&secret->value), reterr);
}

static const char *config_path(const struct setup_answers *answers, bool fresh)
{
	return fresh ? arena_printf(answers->arena, "%s.new", answers->file) : answers->file;
}

static bool write_files(const struct setup_answers *answers, bool fresh, struct err *reterr)
{
	struct buf text;
	const char *path = config_path(answers, fresh);
	buf_init(&text, CONFIG_BYTES_MAX);
	bool done = (path != NULL || err_memory(reterr)) &&
		    setup_write(answers, fresh, &text, reterr) &&
		    write_secret(answers, &answers->token, fresh, reterr) &&
		    write_secret(answers, &answers->password, fresh, reterr) &&
		    file_replace(path, buf_span(&text), reterr) &&
		    file_make_private(path, reterr);
	buf_done(&text);
	return done;
}

static void remove_fresh(const struct setup_answers *answers)
{
	const char *const paths[] = {
		config_path(answers, true),
		setup_secret_path(answers, &answers->token, false, true),
		setup_secret_path(answers, &answers->password, false, true),
	};
	struct err ignored;
	for (size_t i = 0; i < 3; i++)
		(void)!(paths[i] == NULL || file_remove(paths[i], &ignored));
}

/* --- proving --- */

/* Who names a DuckDB file in a folder that is not there yet would make that next. */
static bool make_place(struct cli *cli, struct err *reterr)
{
	char folder[PATH_BYTES_MAX];
	if (cli->config->duckdb == NULL)
		return true;
	snprintf(folder, sizeof folder, "%.*s", SPAN_ARGS(file_folder_of(cli->config->duckdb)));
	if (file_exists(folder))
		return true;
	if (!file_make_folder(folder, reterr))
		return false;
	cli_say(cli, "made the folder %s", folder);
	return true;
}

/* EXIT_DONE, or what firn check would give. */
static int prove(struct cli *cli, const struct setup_answers *answers)
{
	struct buf mistakes;
	struct err why = {0};
	int code = EXIT_USAGE;
	buf_init(&mistakes, CONFIG_BYTES_MAX);
	if (!config_read(&cli->config, config_path(answers, true), &mistakes, &why))
		cli_say(cli, "%s", mistakes.size > 0 ? buf_text(&mistakes) : why.text);
	else if (!make_place(cli, &why))
		code = cli_fail(cli, &why);
	else if (option_flag(&cli->parsed, "no-check"))
		code = EXIT_DONE;
	else
		code = cmd_check(cli);
	config_free(cli->config);
	cli->config = NULL;
	buf_done(&mistakes);
	return code;
}

static int prove_and_save(struct cli *cli, const struct setup_answers *answers, bool ask)
{
	struct err why = {0};
	int code = EXIT_FAILED;
	bool done = write_files(answers, true, &why);
	if (done) {
		code = prove(cli, answers);
		if (code != EXIT_DONE && *cli->stop == 0 && ask &&
		    agrees("Not all of it works. Save it all the same?"))
			code = EXIT_DONE;
	}
	remove_fresh(answers);
	if (!done || (code == EXIT_DONE && !write_files(answers, false, &why)))
		return cli_fail(cli, &why);
	if (code != EXIT_DONE) {
		cli_say(cli, "nothing was saved");
		return code;
	}
	cli_say(cli, "saved: %s\nnext: firn -c %s %s, then firn start, or firn service systemd",
		answers->file, answers->file, setup_collects(answers) ? "run" : "initial-load");
	return EXIT_DONE;
}

/* --- the whole --- */

static bool say_notes(struct cli *cli, const char *from, const struct buf *notes)
{
	for (const char *at = buf_text(notes); *at != '\0';) {
		size_t size = strcspn(at, "\n");
		cli_say(cli, "%s: %.*s", file_name_of(from), (int)size, at);
		at += size + (at[size] == '\n');
	}
	return true;
}

/* What was named is seen from here; what the configuration names, from its folder. */
static bool place_key(struct setup_answers *answers, struct err *reterr)
{
	const char *path = answers->at[ANSWER_KEY_FILE];
	struct buf whole;
	if (path == NULL || path[0] == '/' || !file_exists(path))
		return true;
	buf_init(&whole, PATH_BYTES_MAX);
	bool done = file_from_root(&whole, path, reterr);
	if (done) {
		answers->at[ANSWER_KEY_FILE] = arena_text(answers->arena, buf_span(&whole));
		done = answers->at[ANSWER_KEY_FILE] != NULL || err_memory(reterr);
	}
	buf_done(&whole);
	return done;
}

static bool find_answers(struct cli *cli, struct setup_answers *answers, bool ask,
			 struct err *reterr)
{
	struct buf notes;
	const char *from = option_text(&cli->parsed, "from");
	buf_init(&notes, MIB);
	bool done = setup_take_options(cli, answers, reterr) &&
		    (from == NULL || (setup_old(answers, from, &notes, reterr) &&
				      buf_ok(&notes, reterr) && say_notes(cli, from, &notes))) &&
		    setup_ask(cli, answers, ask, reterr) && place_key(answers, reterr);
	buf_done(&notes);
	return done;
}

int cmd_setup(struct cli *cli)
{
	struct setup_answers answers = {
		.token = {.option = "token", .suffix = "token"},
		.password = {.option = "password", .suffix = "password"},
		.file = cli_config_path(cli),
	};
	struct err why = {0};
	bool ask = cli->terminal && terminal_is(TERMINAL_IN);
	int code;
	buf_init(&answers.token.value, SECRET_BYTES_MAX);
	buf_init(&answers.password.value, SECRET_BYTES_MAX);
	answers.arena = arena_new();
	if (answers.arena == NULL) {
		(void)err_memory(&why);
		return cli_fail(cli, &why);
	}
	if (may_replace(cli, answers.file, ask, &why) && find_answers(cli, &answers, ask, &why))
		code = prove_and_save(cli, &answers, ask);
	else
		code = cli_fail(cli, &why);
	buf_wipe(&answers.token.value);
	buf_wipe(&answers.password.value);
	connector_free(answers.connector);
	arena_free(answers.arena);
	return code;
}
