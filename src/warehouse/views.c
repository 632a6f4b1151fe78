/* The language of view files. A view is one SELECT that DuckDB and Snowflake both understand and
 * answer alike; where they differ, or where the configuration decides, a word in braces stands:
 *
 *   {table MOVEWORKS_USERS}  The table with its prefix. Where versions are kept (write: append) a
 *                            subquery with the newest version of each key. Wants an alias: AS u.
 *   {day u.CREATED_AT}       The calendar day of a UTC timestamp in the configured time zone.
 *   {json i.DETAILS detail}  A member of a JSON column as text. NULL where there is none, where it
 *                            is JSON's null, and where the column holds no object.
 *   {list ticket_plugins}    The list's values as literals, for IN (...); never for NOT IN, because
 *                            an empty list is NULL, which IN never finds.
 *   {percent USED SERVED}    100 * USED / SERVED to two digits, half away from zero; 0 where there
 *                            is nothing to divide by.
 *
 * A word takes columns as NAME or alias.NAME, and writes them quoted. Outside of the braces columns
 * stand in double quotes, as the tables have them: unquoted, Snowflake makes them upper case and
 * DuckDB does not. Aliases and names of subqueries are bare lower case in both.
 * Comments begin with --; the first line of the file is the view's COMMENT. They are not part of
 * the SELECT: a better comment inside does not replace a view. Refused, because the two warehouses
 * read it differently: a backslash in a text (Snowflake's escape), and what no SELECT needs: a
 * semicolon, a block comment, a brace outside of a text.
 *
 * Rejected: one file a dialect (twelve views, twice, drift apart), and a translator of SQL (the
 * dialects differ in five places here; a parser of SQL is a thousand times that). */
#include "warehouse/views.h"

#include "base/bounds.h"
#include "warehouse/dialect.h"

#include <string.h>

enum { ARGS_MAX = 2 };

enum piece_kind { PIECE_SQL, PIECE_COMMENT, PIECE_WORD, PIECE_END };

struct piece {
	enum piece_kind kind;
	struct span text; /* PIECE_WORD: what is between the braces */
	size_t at;
};

struct reader {
	const struct view *view;
	size_t at;
};

struct translation {
	enum warehouse_kind kind;
	const struct view_options *options;
	struct buf *out;
};

/* Puts "VIEW:line:column" in front of the message. */
static bool place(const struct view *view, size_t at, struct err *reterr)
{
	int line = 1, column = 1;
	for (size_t i = 0; i < at; i++) {
		column = view->text.at[i] == '\n' ? 1 : column + 1;
		line += view->text.at[i] == '\n';
	}
	return err_at(reterr, "%s:%d:%d", view->name, line, column);
}

/* --- reading --- */

static bool follows(struct span text, size_t at, const char *what)
{
	return span_starts(span_from(text, at), span_of(what));
}

/* Moves behind a 'text' or an "identifier". A doubled quote inside looks like two of them side by
 * side, which is as good. */
static bool skip_quoted(struct reader *reader, struct err *reterr)
{
	struct span text = reader->view->text;
	size_t start = reader->at;
	char quote = text.at[start];
	for (size_t at = start + 1; at < text.size; at++) {
		if (quote == '\'' && text.at[at] == '\\') {
			err_set(reterr, ERR_USAGE, "a backslash in a text is an escape in Snowflake"
				" and none in DuckDB; write it without");
			return place(reader->view, at, reterr);
		}
		if (text.at[at] == quote) {
			reader->at = at + 1;
			return true;
		}
	}
	err_set(reterr, ERR_USAGE, "this %c is never closed", quote);
	return place(reader->view, start, reterr);
}

static bool read_braces(struct reader *reader, struct piece *ret, struct err *reterr)
{
	struct span text = reader->view->text;
	size_t start = reader->at + 1, end = start;
	while (end < text.size && strchr("{}\n", text.at[end]) == NULL)
		end++;
	if (end == text.size || text.at[end] != '}') {
		err_set(reterr, ERR_USAGE, "this { is not closed on its line");
		return place(reader->view, reader->at, reterr);
	}
	*ret = (struct piece){PIECE_WORD, {text.at + start, end - start}, reader->at};
	reader->at = end + 1;
	return true;
}

static void read_comment(struct reader *reader, struct piece *ret)
{
	struct span text = reader->view->text;
	size_t start = reader->at;
	while (reader->at < text.size && text.at[reader->at] != '\n')
		reader->at++;
	*ret = (struct piece){PIECE_COMMENT, {text.at + start, reader->at - start}, start};
}

static bool read_sql(struct reader *reader, struct piece *ret, struct err *reterr)
{
	struct span text = reader->view->text;
	size_t start = reader->at;
	while (reader->at < text.size) {
		char c = text.at[reader->at];
		if (c == '{' || follows(text, reader->at, "--"))
			break;
		if (c == '\'' || c == '"') {
			if (!skip_quoted(reader, reterr))
				return false;
		} else if (c == '}' || c == ';' || c == '\0' || follows(text, reader->at, "/*")) {
			err_set(reterr, ERR_USAGE, "%s", c == '}' ? "this } closes nothing" :
				c == ';' ? "a view is one SELECT, without ;" :
				c == '/' ? "a comment begins with --" : "a NUL byte");
			return place(reader->view, reader->at, reterr);
		} else {
			reader->at++;
		}
	}
	*ret = (struct piece){PIECE_SQL, {text.at + start, reader->at - start}, start};
	return true;
}

static bool read_piece(struct reader *reader, struct piece *ret, struct err *reterr)
{
	struct span text = reader->view->text;
	*ret = (struct piece){PIECE_END, {"", 0}, reader->at};
	if (reader->at == text.size)
		return true;
	if (text.at[reader->at] == '{')
		return read_braces(reader, ret, reterr);
	if (!follows(text, reader->at, "--"))
		return read_sql(reader, ret, reterr);
	read_comment(reader, ret);
	return true;
}

/* --- writing: what an add could not keep, the buffer remembers --- */

#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define DIGITS "0123456789"

/* Only letters of these and, behind the first, digits and _. */
static bool is_word(struct span name, const char *letters)
{
	for (size_t i = 0; i < name.size; i++) {
		const char *others = i == 0 ? "_" : DIGITS "_";
		char c = name.at[i];
		if (memchr(letters, c, strlen(letters)) == NULL &&
		    memchr(others, c, strlen(others)) == NULL)
			return false;
	}
	return name.size > 0;
}

/* A backslash in a text is an escape in Snowflake and none in DuckDB. */
static void add_literal(const struct translation *to, const char *text)
{
	sql_quote(to->out, span_of(text), '\'', to->kind != WAREHOUSE_DUCKDB);
}

static bool add_column(struct buf *out, struct span column, struct err *reterr)
{
	const char *dot = memchr(column.at, '.', column.size);
	struct span alias = {column.at, dot == NULL ? 0 : (size_t)(dot - column.at)};
	struct span name = dot == NULL ? column : span_from(column, alias.size + 1);
	if (!is_word(name, UPPER) || (dot != NULL && !is_word(alias, LOWER)))
		return err_set(reterr, ERR_USAGE, "'%.*s' is no column: it is written NAME or"
			       " alias.NAME", SPAN_ARGS(column));
	if (dot != NULL)
		buf_add(out, alias.at, alias.size + 1);
	sql_quote(out, name, '"', false);
	return true;
}

static const struct table *appended(const struct view_options *options, struct span name)
{
	struct span prefix = span_of(options->prefix);
	for (size_t i = 0; i < options->tables_n; i++) {
		struct span whole = span_of(options->tables[i]->name);
		if (options->tables[i]->append && span_starts(whole, prefix) &&
		    span_equal(span_from(whole, prefix.size), name))
			return options->tables[i];
	}
	return NULL;
}

/* Of versions with equal stamps, or of a table without one, the one loaded last: what the table
 * would hold if it kept no versions. */
static void add_newest(struct buf *out, const struct table *table)
{
	buf_add_text(out, " QUALIFY ROW_NUMBER() OVER (PARTITION BY ");
	for (unsigned i = 0; i < table->key_n; i++) {
		buf_add_text(out, i == 0 ? "" : ", ");
		sql_name(out, table->columns[table->key[i]].name);
	}
	buf_add_text(out, " ORDER BY ");
	if (table->newest >= 0) {
		sql_name(out, table->columns[table->newest].name);
		buf_add_text(out, " DESC NULLS LAST, ");
	}
	sql_name(out, COLUMN_LOAD_TIMESTAMP);
	buf_add_text(out, " DESC NULLS LAST) = 1)");
}

static bool check_table(struct span name, struct err *reterr)
{
	return is_word(name, UPPER) ||
	       err_set(reterr, ERR_USAGE, "'%.*s' is no table: it is written in upper case,"
		       " without quotes and prefix", SPAN_ARGS(name));
}

static bool write_table(const struct translation *to, const struct span *args, struct err *reterr)
{
	if (!check_table(args[0], reterr))
		return false;
	const struct table *versions = appended(to->options, args[0]);
	struct buf name;
	buf_init(&name, SQL_BYTES_MAX);
	buf_addf(&name, "%s%.*s", to->options->prefix, SPAN_ARGS(args[0]));
	if (versions != NULL)
		buf_add_text(to->out, "(SELECT * FROM ");
	sql_name(to->out, buf_text(&name));
	if (versions != NULL)
		add_newest(to->out, versions);
	bool done = buf_ok(&name, reterr);
	buf_done(&name);
	return done;
}

static bool write_day(const struct translation *to, const struct span *args, struct err *reterr)
{
	const char *zone = to->options->timezone;
	bool utc = strcmp(zone, "UTC") == 0;
	buf_add_text(to->out, "CAST(");
	if (!utc && to->kind == WAREHOUSE_DUCKDB) {
		buf_add_text(to->out, "timezone(");
		add_literal(to, zone);
		buf_add_text(to->out, ", timezone('UTC', ");
	} else if (!utc) {
		buf_add_text(to->out, "CONVERT_TIMEZONE('UTC', ");
		add_literal(to, zone);
		buf_add_text(to->out, ", ");
	}
	if (!add_column(to->out, args[0], reterr))
		return false;
	buf_add_text(to->out, utc ? "" : to->kind == WAREHOUSE_DUCKDB ? "))" : ")");
	buf_add_text(to->out, " AS DATE)");
	return true;
}

/* DuckDB's function, because its operator ->> binds less than = does. Snowflake's cast makes
 * JSON's null NULL. */
static bool write_json(const struct translation *to, const struct span *args, struct err *reterr)
{
	struct span member = args[1];
	if (!is_word(member, LOWER UPPER))
		return err_set(reterr, ERR_USAGE, "'%.*s' is no member: letters, digits and _",
			       SPAN_ARGS(member));
	if (to->kind == WAREHOUSE_DUCKDB)
		buf_add_text(to->out, "json_extract_string(");
	if (!add_column(to->out, args[0], reterr))
		return false;
	if (to->kind == WAREHOUSE_DUCKDB)
		buf_addf(to->out, ", '$.\"%.*s\"')", SPAN_ARGS(member));
	else
		buf_addf(to->out, ":\"%.*s\"::VARCHAR", SPAN_ARGS(member));
	return true;
}

static bool write_list(const struct translation *to, const struct span *args, struct err *reterr)
{
	const struct view_options *options = to->options;
	for (size_t i = 0; i < options->lists_n; i++) {
		const struct view_list *list = &options->lists[i];
		if (!span_is(args[0], list->name))
			continue;
		for (size_t k = 0; k < list->n; k++) {
			buf_add_text(to->out, k == 0 ? "" : ", ");
			add_literal(to, list->values[k]);
		}
		if (list->n == 0)
			buf_add_text(to->out, "NULL");
		return true;
	}
	return err_set(reterr, ERR_USAGE, "there is no list '%.*s'", SPAN_ARGS(args[0]));
}

/* By way of DECIMAL, because 100.0 * 201 / 20000 as a double is a little less than its 1.005. The
 * result is a double: that is what clients of both expect of a percentage. */
static bool write_percent(const struct translation *to, const struct span *args,
			  struct err *reterr)
{
	buf_add_text(to->out, "COALESCE(CAST(ROUND(CAST(100.0 * ");
	if (!add_column(to->out, args[0], reterr))
		return false;
	buf_add_text(to->out, " / NULLIF(");
	if (!add_column(to->out, args[1], reterr))
		return false;
	buf_add_text(to->out, ", 0) AS DECIMAL(18, 6)), 2) AS DOUBLE), 0)");
	return true;
}

/* --- words --- */

static const struct word {
	const char *name;
	unsigned args_n;
	const char *form; /* for messages */
	bool (*write)(const struct translation *, const struct span *args, struct err *reterr);
} WORDS[] = {
	{"table", 1, "{table NAME}", write_table},
	{"day", 1, "{day COLUMN}", write_day},
	{"json", 2, "{json COLUMN member}", write_json},
	{"list", 1, "{list name}", write_list},
	{"percent", 2, "{percent COLUMN COLUMN}", write_percent},
};

static struct span next_part(struct span *rest)
{
	struct span part = {rest->at, 0};
	while (part.size < rest->size && part.at[part.size] != ' ')
		part.size++;
	*rest = span_from(*rest, part.size + 1);
	return part;
}

/* NULL: no such word, or not with so many arguments. */
static const struct word *read_word(const struct piece *piece, struct span args[ARGS_MAX],
				    struct err *reterr)
{
	struct span rest = piece->text;
	struct span name = next_part(&rest);
	unsigned n = 0;
	while (rest.size > 0 && n < ARGS_MAX)
		args[n++] = next_part(&rest);
	for (size_t i = 0; i < sizeof WORDS / sizeof WORDS[0]; i++) {
		if (!span_is(name, WORDS[i].name))
			continue;
		if (n == WORDS[i].args_n && rest.size == 0)
			return &WORDS[i];
		err_set(reterr, ERR_USAGE, "'{%.*s}' should be %s, with single blanks",
			SPAN_ARGS(piece->text), WORDS[i].form);
		return NULL;
	}
	err_set(reterr, ERR_USAGE, "'{%.*s}' is no word of views: these are table, day, json,"
		" list, percent", SPAN_ARGS(piece->text));
	return NULL;
}

static bool write_word(const struct view *view, const struct piece *piece,
		       const struct translation *to, struct err *reterr)
{
	struct span args[ARGS_MAX];
	const struct word *word = read_word(piece, args, reterr);
	if (word != NULL && word->write(to, args, reterr))
		return true;
	return place(view, piece->at, reterr);
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Takes back the blanks in front of a comment; where it had a line for itself, that line too. */
static void drop_blanks(struct buf *out, size_t start)
{
	size_t end = out->size;
	while (end > start && (out->data[end - 1] == ' ' || out->data[end - 1] == '\t'))
		end--;
	if (end > start && out->data[end - 1] == '\n')
		end--;
	buf_cut(out, end);
}

bool view_sql(const struct view *view, enum warehouse_kind kind, const struct view_options *options,
	      struct buf *ret, struct err *reterr)
{
	struct translation to = {kind, options, ret};
	struct reader reader = {view, 0};
	struct piece piece;
	size_t start = ret->size;
	do {
		if (!read_piece(&reader, &piece, reterr))
			return false;
		if (piece.kind == PIECE_WORD && !write_word(view, &piece, &to, reterr))
			return false;
		if (piece.kind == PIECE_COMMENT)
			drop_blanks(ret, start);
		/* The head's comment leaves blank lines behind it. */
		while (piece.kind == PIECE_SQL && ret->size == start && piece.text.size > 0 &&
		       is_blank(piece.text.at[0]))
			piece.text = span_from(piece.text, 1);
		if (piece.kind == PIECE_SQL)
			buf_add_span(ret, piece.text);
	} while (piece.kind != PIECE_END);
	while (ret->size > start && is_blank(ret->data[ret->size - 1]))
		buf_cut(ret, ret->size - 1);
	if (ret->size == start && !ret->failed)
		return err_set(reterr, ERR_USAGE, "%s: the view is empty", view->name);
	return buf_ok(ret, reterr);
}

bool view_tables(const struct view *view, void (*told)(void *user, struct span table), void *user,
		 struct err *reterr)
{
	struct reader reader = {view, 0};
	struct span seen[VIEW_TABLES_MAX], args[ARGS_MAX];
	struct piece piece;
	size_t n = 0, i;
	do {
		if (!read_piece(&reader, &piece, reterr))
			return false;
		if (piece.kind != PIECE_WORD)
			continue;
		const struct word *word = read_word(&piece, args, reterr);
		if (word == NULL || (word->write == write_table && !check_table(args[0], reterr)))
			return place(view, piece.at, reterr);
		if (word->write != write_table)
			continue;
		for (i = 0; i < n && !span_equal(seen[i], args[0]); i++)
			;
		if (i < n)
			continue;
		if (n == VIEW_TABLES_MAX) {
			err_set(reterr, ERR_USAGE, "more than %d tables", VIEW_TABLES_MAX);
			return place(view, piece.at, reterr);
		}
		seen[n++] = args[0];
		told(user, args[0]);
	} while (piece.kind != PIECE_END);
	return true;
}

struct span view_comment(struct span text)
{
	if (!span_starts(text, SPAN("-- ")))
		return SPAN("");
	size_t end = 3;
	while (end < text.size && text.at[end] != '\n' && text.at[end] != '\r')
		end++;
	return (struct span){text.at + 3, end - 3};
}
