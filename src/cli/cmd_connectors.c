/* firn connectors: what is built in, what a file says, what an API answers to it. */
#include "base/bounds.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/connectors.h"
#include "shape/landed.h"
#include "source/plan.h"

/* A word is a path where it looks like one, or where only a file has that name. */
static bool is_path(const char *word)
{
	if (strchr(word, '/') != NULL || strchr(word, '.') != NULL)
		return true;
	for (size_t i = 0; BUILTIN_CONNECTORS[i].name != NULL; i++) {
		if (strcmp(BUILTIN_CONNECTORS[i].name, word) == 0)
			return false;
	}
	return file_exists(word);
}

/* C0 but line ends and tabs, DEL, and C1 (U+0080 to U+009F). */
void connectors_tame(struct buf *text)
{
	for (size_t i = 0; i < text->size; i++) {
		unsigned char c = (unsigned char)text->data[i];
		bool c1 = c == 0xC2 && i + 1 < text->size &&
			  (unsigned char)text->data[i + 1] >= 0x80 &&
			  (unsigned char)text->data[i + 1] < 0xA0;
		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7F || c1)
			text->data[i] = '?';
		if (c1)
			text->data[++i] = '?';
	}
}

/* The text lives in `room`, or in the program. */
static bool read_text(const char *word, struct buf *room, struct span *ret, struct err *reterr)
{
	return setup_connector_text(word, is_path(word), room, ret, reterr);
}

/* Reads a connector; says what is wrong with it. NULL: said, the code is *ret_code. */
static struct connector *read_connector(struct cli *cli, const char *word, int *ret_code)
{
	struct buf room, mistakes;
	struct span text;
	struct connector *connector = NULL;
	struct err why = {0};
	buf_init(&room, CONFIG_BYTES_MAX);
	buf_init(&mistakes, CONFIG_BYTES_MAX);
	if (!read_text(word, &room, &text, &why) ||
	    !connector_parse(&connector, text, word, &mistakes, &why)) {
		connector = NULL;
		*ret_code = why.kind == ERR_USAGE ? EXIT_USAGE : EXIT_FAILED;
		if (mistakes.size > 0)
			fputs(buf_text(&mistakes), stderr);
		else
			*ret_code = cli_fail(cli, &why);
	}
	buf_done(&mistakes);
	buf_done(&room);
	return connector;
}

static int print_out(struct cli *cli, struct buf *out, bool whole)
{
	struct err why;
	int code = EXIT_DONE;
	connectors_tame(out);
	if (!whole || out->failed) {
		err_memory(&why);
		code = cli_fail(cli, &why);
	} else {
		fwrite(buf_text(out), 1, out->size, stdout);
	}
	buf_done(out);
	return cli_finish_output(cli, code);
}

/* --- the list --- */

static void add_built_in(const struct connector *connector, size_t indent, struct buf *out)
{
	struct buf streams;
	buf_init(&streams, CONFIG_BYTES_MAX);
	for (size_t i = 0; i < connector->streams_n; i++)
		buf_addf(&streams, "%s%s%s", i == 0 ? "" : ", ", connector->streams[i].name,
			 connector->streams[i].optional ? " (optional)" : "");
	buf_addf(out, "%-*s", (int)indent, connector->name);
	connectors_wrap(out, indent, indent, buf_text(&streams));
	if (connector->comment != NULL) {
		buf_addf(out, "%*s", (int)indent, "");
		connectors_wrap(out, indent, indent, connector->comment);
	}
	buf_done(&streams);
}

static int list_all(struct cli *cli)
{
	struct buf out;
	size_t widest = 0;
	int code = EXIT_DONE;
	for (size_t i = 0; BUILTIN_CONNECTORS[i].name != NULL; i++) {
		size_t size = strlen(BUILTIN_CONNECTORS[i].name);
		widest = size > widest ? size : widest;
	}
	buf_init(&out, CONFIG_BYTES_MAX);
	for (size_t i = 0; BUILTIN_CONNECTORS[i].name != NULL; i++) {
		struct connector *connector =
			read_connector(cli, BUILTIN_CONNECTORS[i].name, &code);
		if (connector == NULL)
			break;
		add_built_in(connector, widest + 2, &out);
		connector_free(connector);
	}
	if (code != EXIT_DONE) {
		buf_done(&out);
		return code;
	}
	cli_say(cli, "firn connectors NAME describes one; firn connectors show NAME > my.yaml "
		     "begins one of your own");
	return print_out(cli, &out, true);
}

/* --- one of them --- */

/* What `write` has to say of the connector: connectors_describe, connector_summary. */
static int tell(struct cli *cli, const char *word,
		bool (*write)(const struct connector *, struct buf *))
{
	struct buf out;
	int code = EXIT_DONE;
	struct connector *connector = read_connector(cli, word, &code);
	if (connector == NULL)
		return code;
	buf_init(&out, SIZE_MAX / 2);
	bool whole = write(connector, &out);
	connector_free(connector);
	return print_out(cli, &out, whole);
}

static int show(struct cli *cli, const char *word)
{
	struct buf room;
	struct span text;
	struct err why = {0};
	buf_init(&room, CONFIG_BYTES_MAX);
	bool done = read_text(word, &room, &text, &why);
	if (done)
		fwrite(text.at, 1, text.size, stdout);
	buf_done(&room);
	return cli_finish_output(cli, done ? EXIT_DONE : cli_fail(cli, &why));
}

/* --- schemas --- */

/* A connector's tables, as members of "$defs". */
static bool add_tables(struct arena *arena, const char *name, struct buf *out,
		       struct err *reterr)
{
	static const struct privacy NONE = {0};
	struct connector *connector = NULL;
	struct buf mistakes, room;
	struct span text;
	struct table *table;
	buf_init(&mistakes, CONFIG_BYTES_MAX);
	buf_init(&room, CONFIG_BYTES_MAX);
	bool done = read_text(name, &room, &text, reterr) &&
		    connector_parse(&connector, text, name, &mistakes, reterr);
	for (size_t i = 0; done && i < connector->streams_n; i++) {
		const struct stream *stream = &connector->streams[i];
		done = plan_table(arena, stream, "", false, &NONE, &table, reterr);
		if (done) {
			json_add_name(out, table->name);
			done = landed_schema(out, table) || buf_ok(out, reterr);
		}
	}
	connector_free(connector);
	buf_done(&room);
	buf_done(&mistakes);
	return done;
}

/* The landed rows of one connector's tables, or of all built-in ones. */
static int schema_of_tables(struct cli *cli, const char *name)
{
	struct arena *arena = arena_new();
	struct buf out;
	struct err why = {0};
	bool done = arena != NULL || err_memory(&why);
	buf_init(&out, SIZE_MAX / 2);
	buf_add_text(&out, "{\"$schema\":\"https://json-schema.org/draft/2020-12/schema\","
			   "\"title\":\"rows of landed files, by table\",\"$defs\":{");
	for (size_t i = 0; done && name == NULL && BUILTIN_CONNECTORS[i].name != NULL; i++)
		done = add_tables(arena, BUILTIN_CONNECTORS[i].name, &out, &why);
	if (done && name != NULL)
		done = add_tables(arena, name, &out, &why);
	bool whole = buf_add_text(&out, "}}\n");
	arena_free(arena);
	if (done)
		return print_out(cli, &out, whole);
	buf_done(&out);
	return cli_fail(cli, &why);
}

static int schema(struct cli *cli, const char *name)
{
	struct buf out;
	bool grammar = option_flag(&cli->parsed, "grammar");
	if (option_flag(&cli->parsed, "tables"))
		return schema_of_tables(cli, name);
	buf_init(&out, SIZE_MAX / 2);
	bool whole = grammar ? connector_grammar(&out) : connector_schema(&out);
	return print_out(cli, &out, whole);
}

/* --- which --- */

/* Every option of this command is one subcommand's. */
static bool check_options(const struct cli *cli, const char *word, struct err *reterr)
{
	for (size_t i = 0; i < cli->parsed.given_n; i++) {
		const struct option *option = cli->parsed.given[i].option;
		bool global = false;
		for (const struct option *o = GLOBAL_OPTIONS; o->name != NULL; o++)
			global |= o == option;
		bool of_schema = strcmp(option->name, "grammar") == 0 ||
				 strcmp(option->name, "tables") == 0;
		const char *owner = of_schema ? "schema" : "try";
		if (!global && (word == NULL || strcmp(word, owner) != 0))
			return err_set(reterr, ERR_USAGE, "--%s belongs to firn connectors %s",
				       option->name, owner);
	}
	return true;
}

static bool is_one_of(const char *word, const char *const *names)
{
	for (; word != NULL && *names != NULL; names++) {
		if (strcmp(word, *names) == 0)
			return true;
	}
	return false;
}

int cmd_connectors(struct cli *cli)
{
	static const char *const WITH_NAME[] = {"show", "check", "try", NULL};
	struct err why;
	const char *word = cli->parsed.words_n > 0 ? cli->parsed.words[0] : NULL;
	const char *name = cli->parsed.words_n > 1 ? cli->parsed.words[1] : NULL;
	bool takes_name = is_one_of(word, WITH_NAME);
	bool tables = option_flag(&cli->parsed, "tables");

	if (!check_options(cli, word, &why))
		return cli_fail(cli, &why);
	if (takes_name && name == NULL) {
		err_set(&why, ERR_USAGE, "usage: firn connectors %s %s", word,
			strcmp(word, "show") == 0 ? "NAME" : "FILE");
		return cli_fail(cli, &why);
	}
	if (!takes_name && !tables && name != NULL) {
		err_set(&why, ERR_USAGE, "firn connectors %s: one word too many: %s", word, name);
		return cli_fail(cli, &why);
	}
	if (word == NULL)
		return list_all(cli);
	if (strcmp(word, "schema") == 0)
		return schema(cli, name);
	if (!takes_name)
		return tell(cli, word, connectors_describe);
	if (strcmp(word, "show") == 0)
		return show(cli, name);
	if (strcmp(word, "check") == 0)
		return tell(cli, name, connector_summary);
	return connectors_try(cli, name, is_path(name));
}
