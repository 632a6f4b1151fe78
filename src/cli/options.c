#include "cli/options.h"

#include "base/arena.h"
#include "base/json.h"
#include "base/stamp.h"
#include "base/text.h"

#include <ctype.h>
#include <stdlib.h>

const struct command *command_find(const char *name)
{
	for (const struct command *command = COMMANDS; command->name != NULL; command++) {
		if (strcmp(command->name, name) == 0)
			return command;
	}
	return NULL;
}

/* --- what is not known --- */

struct names {
	const char **at;
	size_t n, room;
};

static void add_name(struct names *names, const char *name)
{
	if (name != NULL && names->n + 1 < names->room)
		names->at[names->n++] = name;
}

static bool unknown(const char *what, const char *name, const struct names *known,
		    struct err *reterr)
{
	const char *near = text_nearest(name, known->at);
	return err_set(reterr, ERR_USAGE, "unknown %s %s%s%s%s", what, name,
		       near == NULL ? "" : "; did you mean ", near == NULL ? "" : near,
		       near == NULL ? "; firn --help lists what there is" : "?");
}

static bool unknown_command(const char *name, struct err *reterr)
{
	const char *room[64] = {NULL};
	struct names names = {room, 0, 64};
	for (size_t i = 0; COMMANDS[i].name != NULL; i++)
		add_name(&names, COMMANDS[i].name);
	return unknown("command", name, &names, reterr);
}

/* `text` as it was given; a value behind = is no part of the name. */
static bool unknown_option(struct arena *arena, const struct command *command, const char *text,
			   struct err *reterr)
{
	const char *name = arena_text(arena, (struct span){text, strcspn(text, "=")});
	const struct option *tables[] = {GLOBAL_OPTIONS, command == NULL ? NULL : command->options};
	const char *room[128] = {NULL};
	struct names names = {room, 0, 128};
	if (name == NULL)
		return err_memory(reterr);
	for (size_t t = 0; t < 2; t++) {
		for (const struct option *o = tables[t]; o != NULL && o->name != NULL; o++)
			add_name(&names, arena_printf(arena, "--%s", o->name));
	}
	return unknown("option", name, &names, reterr);
}

/* --- parsing --- */

static const struct option *find_in(const struct option *table, struct span name, char letter)
{
	for (const struct option *o = table; o != NULL && o->name != NULL; o++) {
		if ((letter != 0 && o->letter == letter) || (letter == 0 && span_is(name, o->name)))
			return o;
	}
	return NULL;
}

static const struct option *find_option(const struct command *command, struct span name,
					char letter)
{
	const struct option *found = find_in(GLOBAL_OPTIONS, name, letter);
	if (found == NULL && command != NULL)
		found = find_in(command->options, name, letter);
	return found;
}

static int choice_index(const char *choices, const char *text)
{
	int index = 0;
	for (const char *at = choices; *at != '\0'; index++) {
		size_t size = strcspn(at, "|");
		if (span_is((struct span){at, size}, text))
			return index;
		at += size + (at[size] == '|');
	}
	return -1;
}

static bool take_value(struct given *given, struct err *reterr)
{
	const struct option *option = given->option;
	const char *text = given->text;
	switch (option->kind) {
	case OPTION_FLAG:
	case OPTION_TEXT:
		return true;
	case OPTION_NAMES: /* none would be all: not what an empty variable of a script means */
		if (text[strspn(text, ", ")] != '\0')
			return true;
		return err_set(reterr, ERR_USAGE, "--%s: expected names such as %s, found nothing",
			       option->name, option->value);
	case OPTION_PAIRS:
		if (strchr(text, '=') != NULL && text[0] != '=')
			return true;
		return err_set(reterr, ERR_USAGE, "--%s: expected NAME=VALUE, found %s",
			       option->name, text);
	case OPTION_DATE:
		if (stamp_read_date(span_of(text), &given->number))
			return true;
		return err_set(reterr, ERR_USAGE,
			       "--%s: expected a date such as 2026-11-23, found %s", option->name,
			       text);
	case OPTION_COUNT:
		if (json_whole(span_of(text), &given->number) && given->number >= 0)
			return true;
		return err_set(reterr, ERR_USAGE, "--%s: expected a whole number, found %s",
			       option->name, text);
	case OPTION_CHOICE:
		given->number = choice_index(option->choices, text);
		if (given->number >= 0)
			return true;
		return err_set(reterr, ERR_USAGE, "--%s: expected %s, found %s", option->name,
			       option->choices, text);
	}
	return true;
}

struct scan {
	struct parsed *parsed;
	char **argv;
	int argc, at;
};

static bool add_given(struct scan *scan, const struct option *option, const char *text,
		      struct err *reterr)
{
	struct given *given = &scan->parsed->given[scan->parsed->given_n++];
	*given = (struct given){option, text, 0};
	return take_value(given, reterr);
}

static bool next_value(struct scan *scan, const struct option *option, const char **ret,
		       struct err *reterr)
{
	if (scan->at + 1 >= scan->argc)
		return err_set(reterr, ERR_USAGE, "--%s needs a value: --%s %s", option->name,
			       option->name,
			       option->kind == OPTION_CHOICE ? option->choices : option->value);
	*ret = scan->argv[++scan->at];
	return true;
}

static bool take_long(struct scan *scan, const char *text, struct err *reterr)
{
	struct span name = {text + 2, strcspn(text + 2, "=")};
	const char *value = text[2 + name.size] == '=' ? text + 3 + name.size : NULL;
	const struct option *option = find_option(scan->parsed->command, name, 0);
	if (option == NULL)
		return unknown_option(scan->parsed->arena, scan->parsed->command, text, reterr);
	if (option->kind == OPTION_FLAG) {
		if (value != NULL)
			return err_set(reterr, ERR_USAGE, "--%s takes no value", option->name);
		return add_given(scan, option, "", reterr);
	}
	if (value == NULL && !next_value(scan, option, &value, reterr))
		return false;
	return add_given(scan, option, value, reterr);
}

static bool take_short(struct scan *scan, const char *text, struct err *reterr)
{
	for (const char *at = text + 1; *at != '\0'; at++) {
		const struct option *option =
			find_option(scan->parsed->command, SPAN(""), *at);
		if (option == NULL)
			return unknown_option(scan->parsed->arena, scan->parsed->command, text,
					      reterr);
		if (option->kind == OPTION_FLAG) {
			if (!add_given(scan, option, "", reterr))
				return false;
			continue;
		}
		const char *value = at + 1;
		if (*value == '\0' && !next_value(scan, option, &value, reterr))
			return false;
		return add_given(scan, option, value, reterr);
	}
	return true;
}

/* A word that looks like an option but is a comment of SQL: "-- the last seven days", or
 * "--the last seven days\nSELECT ...": no option's name is followed by anything but =. */
static bool is_comment(const char *text)
{
	const char *at = text + 2;
	if (text[0] != '-' || text[1] != '-')
		return false;
	while (isalnum((unsigned char)*at) || *at == '-')
		at++;
	return *at != '\0' && *at != '=';
}

static bool take_word(struct scan *scan, const char *text, struct err *reterr)
{
	struct parsed *parsed = scan->parsed;
	if (parsed->command == NULL) {
		parsed->command = command_find(text);
		return parsed->command != NULL || unknown_command(text, reterr);
	}
	if (parsed->words_n == parsed->command->words_max)
		return err_set(reterr, ERR_USAGE, "%s: one word too many: %s; firn %s --help",
			       parsed->command->name, text, parsed->command->name);
	parsed->words[parsed->words_n++] = text;
	return true;
}

bool options_parse(int argc, char **argv, struct parsed *ret, struct err *reterr)
{
	struct scan scan = {ret, argv, argc, 1};
	bool only_words = false;
	*ret = (struct parsed){.arena = arena_new()};
	if (ret->arena == NULL)
		return err_memory(reterr);
	/* Short flags in one word are counted by its letters. */
	size_t room = 1;
	for (int i = 1; i < argc; i++)
		room += strlen(argv[i]) + 1;
	ret->given = arena_array(ret->arena, room, sizeof *ret->given);
	ret->words = arena_array(ret->arena, (size_t)argc + 1, sizeof *ret->words);
	if (ret->given == NULL || ret->words == NULL)
		return err_memory(reterr);
	for (; scan.at < argc; scan.at++) {
		const char *text = argv[scan.at];
		bool done;
		if (only_words || text[0] != '-' || text[1] == '\0' || is_comment(text)) {
			done = take_word(&scan, text, reterr);
		} else if (strcmp(text, "--") == 0) {
			only_words = done = true;
		} else {
			done = text[1] == '-' ? take_long(&scan, text, reterr)
					      : take_short(&scan, text, reterr);
		}
		if (!done)
			return false;
	}
	return true;
}

void options_done(struct parsed *parsed)
{
	arena_free(parsed->arena);
	*parsed = (struct parsed){0};
}

/* --- asking --- */

static const struct given *last_given(const struct parsed *parsed, const char *name)
{
	for (size_t i = parsed->given_n; i > 0; i--) {
		if (strcmp(parsed->given[i - 1].option->name, name) == 0)
			return &parsed->given[i - 1];
	}
	return NULL;
}

bool option_flag(const struct parsed *parsed, const char *name)
{
	return last_given(parsed, name) != NULL;
}

const char *option_text(const struct parsed *parsed, const char *name)
{
	const struct given *given = last_given(parsed, name);
	return given == NULL ? NULL : given->text;
}

bool option_number(const struct parsed *parsed, const char *name, int64_t *ret)
{
	const struct given *given = last_given(parsed, name);
	if (given != NULL)
		*ret = given->number;
	return given != NULL;
}

const char *const *option_names(struct parsed *parsed, const char *name, size_t *ret_n)
{
	size_t n = 0, room = 0;
	*ret_n = 0;
	for (size_t i = 0; i < parsed->given_n; i++) {
		if (strcmp(parsed->given[i].option->name, name) == 0)
			room += strlen(parsed->given[i].text) + 1;
	}
	const char **names = arena_array(parsed->arena, room + 1, sizeof *names);
	for (size_t i = 0; names != NULL && i < parsed->given_n; i++) {
		if (strcmp(parsed->given[i].option->name, name) != 0)
			continue;
		bool whole = parsed->given[i].option->kind == OPTION_PAIRS;
		for (const char *at = parsed->given[i].text; *at != '\0';) {
			size_t size = whole ? strlen(at) : strcspn(at, ",");
			struct span one = whole ? (struct span){at, size}
						: text_trim((struct span){at, size});
			if (one.size > 0)
				names[n++] = arena_text(parsed->arena, one);
			at += size + (at[size] == ',');
		}
	}
	*ret_n = n;
	return n > 0 ? names : NULL;
}
