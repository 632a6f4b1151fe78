/* --help, the manual page and the completions: all out of the tables in cli/commands.c. */
#include "cli/options.h"

#include "base/bounds.h"
#include "base/roff.h"
#include "base/text.h"

enum { HELP_COLUMN = 28, HELP_WIDTH = 79 };

static void pad(struct buf *out, size_t from)
{
	size_t column = out->size - from;
	if (column + 2 > HELP_COLUMN) {
		buf_add_char(out, '\n');
		column = 0;
	}
	for (; column < HELP_COLUMN; column++)
		buf_add_char(out, ' ');
}

/* Words, the first at `column` of its line, the lines behind it at `indent`. */
static void add_wrapped(struct buf *out, const char *text, size_t column, size_t indent)
{
	for (bool first = true; *text != '\0'; first = false) {
		size_t size = strcspn(text, " ");
		if (!first && column + 1 + size > HELP_WIDTH) {
			buf_add_char(out, '\n');
			for (column = 0; column < indent; column++)
				buf_add_char(out, ' ');
		} else if (!first) {
			buf_add_char(out, ' ');
			column++;
		}
		buf_add(out, text, size);
		column += size;
		text += size + strspn(text + size, " ");
	}
	buf_add_char(out, '\n');
}

/* "-c, --config FILE" */
static void add_option_name(struct buf *out, const struct option *option)
{
	if (option->letter != 0)
		buf_addf(out, "-%c, ", option->letter);
	else
		buf_add_text(out, "    ");
	buf_addf(out, "--%s", option->name);
	if (option->kind == OPTION_CHOICE)
		buf_addf(out, " %s", option->choices);
	else if (option->kind != OPTION_FLAG)
		buf_addf(out, " %s", option->value);
}

static void add_options(struct buf *out, const struct option *options)
{
	for (const struct option *o = options; o != NULL && o->name != NULL; o++) {
		size_t start = out->size;
		buf_add_text(out, "  ");
		add_option_name(out, o);
		pad(out, start);
		add_wrapped(out, o->help, HELP_COLUMN, HELP_COLUMN);
	}
}

static void help_all(struct buf *out)
{
	buf_add_text(out, "firn carries records from REST APIs into a data warehouse.\n\n"
			  "usage: firn [-c FILE] COMMAND [options]\n\ncommands:\n");
	for (const struct command *c = COMMANDS; c->name != NULL; c++) {
		size_t start = out->size;
		buf_addf(out, "  %s%s%s", c->name, c->words[0] == '\0' ? "" : " ", c->words);
		pad(out, start);
		add_wrapped(out, c->help, HELP_COLUMN, HELP_COLUMN);
	}
	buf_add_text(out, "\noptions of every command:\n");
	add_options(out, GLOBAL_OPTIONS);
	buf_add_text(out, "\nfirn COMMAND --help says more about one.\n");
}

bool options_help(const struct command *command, struct buf *out)
{
	if (command == NULL) {
		help_all(out);
		return !out->failed;
	}
	struct buf usage;
	buf_init(&usage, KIB);
	buf_addf(&usage, "usage: firn [-c FILE] %s %s [options]", command->name, command->words);
	add_wrapped(out, buf_text(&usage), 0, 12);
	buf_done(&usage);
	buf_add_char(out, '\n');
	add_wrapped(out, command->about, 0, 0);
	if (command->options != NULL && command->options->name != NULL) {
		buf_add_text(out, "\noptions:\n");
		add_options(out, command->options);
	}
	buf_add_text(out, "\noptions of every command:\n");
	add_options(out, GLOBAL_OPTIONS);
	return !out->failed;
}

/* --- firn(1), in mdoc --- */

static void manual_options(struct buf *out, const struct option *options)
{
	buf_add_text(out, ".Bl -tag -width Ds\n");
	for (const struct option *o = options; o != NULL && o->name != NULL; o++) {
		buf_add_text(out, ".It ");
		if (o->letter != 0)
			buf_addf(out, "Fl %c , ", o->letter);
		buf_addf(out, "Fl \\-%s", o->name);
		if (o->kind == OPTION_CHOICE)
			buf_addf(out, " Ar %s", o->choices);
		else if (o->kind != OPTION_FLAG)
			buf_addf(out, " Ar %s", o->value);
		buf_add_char(out, '\n');
		roff_text(out, o->help);
	}
	buf_add_text(out, ".El\n");
}

bool options_manual(struct buf *out)
{
	buf_add_text(out, ".Dd $Mdocdate$\n.Dt FIRN 1\n.Os\n.Sh NAME\n.Nm firn\n"
			  ".Nd carry records from REST APIs into a data warehouse\n.Sh SYNOPSIS\n"
			  ".Nm\n.Op Fl c Ar FILE\n.Ar COMMAND\n.Op Ar options\n.Sh DESCRIPTION\n");
	roff_text(out, "firn asks an API for its records, as a connector file describes it, and "
		      "merges them into tables of a warehouse. Rows, watermarks and windows are "
		      "committed together: killed at any moment, the next run goes on and nothing "
		      "is lost or doubled.");
	buf_add_text(out, ".Sh COMMANDS\n");
	for (const struct command *c = COMMANDS; c->name != NULL; c++) {
		buf_addf(out, ".Ss %s", c->name);
		if (c->words[0] != '\0')
			buf_addf(out, " %s\\&", c->words);
		buf_add_char(out, '\n');
		roff_text(out, c->about);
		if (c->options != NULL && c->options->name != NULL)
			manual_options(out, c->options);
	}
	buf_add_text(out, ".Sh OPTIONS OF EVERY COMMAND\n");
	manual_options(out, GLOBAL_OPTIONS);
	buf_add_text(out, ".Sh ENVIRONMENT\n.Bl -tag -width Ds\n"
			  ".It Ev FIRN_CONFIG\nthe configuration, where\n.Fl c\nis not given\n"
			  ".It Ev FIRN_DRIVER_PATH\nthe warehouse's library, or its folder\n"
			  ".It Ev NO_COLOR\nno colours\n.It Ev https_proxy , no_proxy\n"
			  "where the configuration names no proxy\n"
			  ".It Ev SSL_CERT_FILE\nwhere it names no\n.Cm ca_file\n.El\n"
			  ".Sh FILES\n.Bl -tag -width Ds -compact\n.It Pa firn.yaml\n"
			  "the configuration\n.It Pa .firn/PIPELINE\nlock and copy of the state\n"
			  ".It Pa logs/PIPELINE_pipeline_YYYYMMDD.log\nthe day's log\n.El\n"
			  ".Sh EXIT STATUS\n.Bl -tag -width Ds -compact\n.It 0\ndone\n"
			  ".It 1\nfailed\n.It 2\nusage or configuration\n"
			  ".It 3\npartly done: some stream failed, the others are committed\n"
			  ".El\n.Sh SEE ALSO\nfirn.yaml(5)\n");
	return !out->failed;
}

/* --- completions --- */

static void bash_words(struct buf *out, const struct command *command)
{
	const struct option *tables[] = {command == NULL ? NULL : command->options,
					 GLOBAL_OPTIONS};
	for (const char *const *s = command == NULL ? NULL : command->subcommands;
	     s != NULL && *s != NULL; s++)
		buf_addf(out, "%s ", *s);
	for (size_t t = 0; t < 2; t++) {
		for (const struct option *o = tables[t]; o != NULL && o->name != NULL; o++)
			buf_addf(out, "--%s ", o->name);
	}
}

static void complete_bash(struct buf *out)
{
	buf_add_text(out, "_firn() {\n\tlocal word=${COMP_WORDS[COMP_CWORD]} "
			  "before=${COMP_WORDS[COMP_CWORD-1]} command= i\n"
			  "\tfor ((i = 1; i < COMP_CWORD; i++)); do\n"
			  "\t\tcase ${COMP_WORDS[i]} in\n\t\t-c|--config) ((i++)) ;;\n\t\t-*) ;;\n"
			  "\t\t*) command=${COMP_WORDS[i]}; break ;;\n\t\tesac\n\tdone\n"
			  "\tcase $before in\n\t-c|--config|--answer) "
			  "COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n\tesac\n"
			  "\tlocal words\n\tcase $command in\n");
	for (const struct command *c = COMMANDS; c->name != NULL; c++) {
		buf_addf(out, "\t%s) words=\"", c->name);
		bash_words(out, c);
		buf_add_text(out, "\" ;;\n");
	}
	buf_add_text(out, "\t*) words=\"");
	for (const struct command *c = COMMANDS; c->name != NULL; c++)
		buf_addf(out, "%s ", c->name);
	bash_words(out, NULL);
	buf_add_text(out, "\" ;;\n\tesac\n\tCOMPREPLY=($(compgen -W \"$words\" -- \"$word\"))\n"
			  "\t[[ $command = connectors && $word != -* ]] && "
			  "COMPREPLY+=($(compgen -f -- \"$word\"))\n}\n"
			  "complete -o filenames -F _firn firn\n");
}

/* Quotes for a text between '…'; in zsh's descriptions a colon ends the name. */
static void add_quoted(struct buf *out, const char *text, bool zsh)
{
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			buf_add_text(out, "'\\''");
		else if (zsh && (*text == ':' || *text == '[' || *text == ']'))
			buf_addf(out, "\\%c", *text);
		else
			buf_add_char(out, *text);
	}
}

static void zsh_options(struct buf *out, const struct option *options)
{
	for (const struct option *o = options; o != NULL && o->name != NULL; o++) {
		buf_addf(out, "\t\t'--%s%s[", o->name, o->kind == OPTION_FLAG ? "" : "=");
		add_quoted(out, o->help, true);
		buf_add_char(out, ']');
		if (o->kind == OPTION_CHOICE) {
			buf_addf(out, ":%s:(", o->name);
			for (const char *at = o->choices; *at != '\0'; at++)
				buf_add_char(out, *at == '|' ? ' ' : *at);
			buf_add_char(out, ')');
		} else if (o->kind != OPTION_FLAG) {
			bool file = strstr(o->value, "FILE") != NULL;
			buf_addf(out, ":%s:%s", o->value, file ? "_files" : "");
		}
		buf_add_text(out, "' \\\n");
	}
}

static void complete_zsh(struct buf *out)
{
	buf_add_text(out, "#compdef firn\n_firn() {\n\tlocal context state line\n"
			  "\tlocal -a commands\n\tcommands=(\n");
	for (const struct command *c = COMMANDS; c->name != NULL; c++) {
		buf_addf(out, "\t\t'%s:", c->name);
		add_quoted(out, c->help, true);
		buf_add_text(out, "'\n");
	}
	buf_add_text(out, "\t)\n\t_arguments -C \\\n");
	zsh_options(out, GLOBAL_OPTIONS);
	buf_add_text(out, "\t\t'1:command:->command' '*::options:->options'\n"
			  "\tcase $state in\n\tcommand) _describe command commands ;;\n"
			  "\toptions) case $line[1] in\n");
	for (const struct command *c = COMMANDS; c->name != NULL; c++) {
		buf_addf(out, "\t%s) _arguments \\\n", c->name);
		zsh_options(out, c->options);
		zsh_options(out, GLOBAL_OPTIONS);
		if (c->subcommands != NULL) {
			buf_add_text(out, "\t\t'1:what:(");
			for (const char *const *s = c->subcommands; *s != NULL; s++)
				buf_addf(out, "%s ", *s);
			buf_add_text(out, ")' ");
		}
		buf_add_text(out, "\t\t'*:file:_files' ;;\n");
	}
	buf_add_text(out, "\tesac ;;\n\tesac\n}\n_firn \"$@\"\n");
}

static void fish_options(struct buf *out, const struct option *options, const char *condition)
{
	for (const struct option *o = options; o != NULL && o->name != NULL; o++) {
		buf_addf(out, "complete -c firn%s -l %s", condition, o->name);
		if (o->letter != 0)
			buf_addf(out, " -s %c", o->letter);
		if (o->kind == OPTION_CHOICE) {
			buf_add_text(out, " -x -a '");
			for (const char *at = o->choices; *at != '\0'; at++)
				buf_add_char(out, *at == '|' ? ' ' : *at);
			buf_add_char(out, '\'');
		} else if (o->kind != OPTION_FLAG) {
			buf_add_text(out, " -r");
		}
		buf_add_text(out, " -d '");
		add_quoted(out, o->help, false);
		buf_add_text(out, "'\n");
	}
}

static void complete_fish(struct buf *out)
{
	struct buf condition;
	buf_init(&condition, 256);
	fish_options(out, GLOBAL_OPTIONS, "");
	for (const struct command *c = COMMANDS; c->name != NULL; c++) {
		buf_addf(out, "complete -c firn -n __fish_use_subcommand -f -a %s -d '", c->name);
		add_quoted(out, c->help, false);
		buf_add_text(out, "'\n");
		buf_clear(&condition);
		buf_addf(&condition, " -n '__fish_seen_subcommand_from %s'", c->name);
		fish_options(out, c->options, buf_text(&condition));
		for (const char *const *s = c->subcommands; s != NULL && *s != NULL; s++)
			buf_addf(out, "complete -c firn%s -f -a %s\n", buf_text(&condition), *s);
	}
	buf_done(&condition);
}

bool options_completion(const char *shell, struct buf *out)
{
	if (strcmp(shell, "bash") == 0)
		complete_bash(out);
	else if (strcmp(shell, "zsh") == 0)
		complete_zsh(out);
	else
		complete_fish(out);
	return !out->failed;
}
