#include "connector/grammar.h"

#include "base/stamp.h"

#include <stdio.h>

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define ANY_OF(...) ((const struct form *const[]){__VA_ARGS__, NULL})

/* --- what the kinds of forms alone cannot tell --- */

/* A host, perhaps with slots in it, or one slot that is all of it. */
static bool is_base_url(struct span text)
{
	char plain[BASE_URL_BYTES_MAX];
	size_t n = 0;
	for (size_t i = 0; i < text.size; i++) {
		const char *end = memchr(text.at + i, '}', text.size - i);
		if (n + 1 >= sizeof plain || text.at[i] == '?' || text.at[i] == '#')
			return false;
		if (text.at[i] != '{' || end == NULL) {
			plain[n++] = text.at[i];
			continue;
		}
		i = (size_t)(end - text.at);
		if (n == 0)
			return i == text.size - 1;
		plain[n++] = 'x';
	}
	return form_is_url((struct span){plain, n});
}

static bool is_path(struct span text)
{
	return text.size > 0 && text.at[0] == '/';
}

static bool is_token_url(struct span text)
{
	return is_path(text) || is_base_url(text);
}

static bool is_setting(struct span text)
{
	return span_starts(text, SPAN("settings.")) && text.size > sizeof "settings." - 1;
}

static bool is_rows(struct span text)
{
	return span_is(text, "settings") || is_setting(text);
}

static bool is_status_class(struct span text)
{
	return text.size == 3 && text.at[0] >= '1' && text.at[0] <= '5' &&
	       span_is(span_from(text, 1), "xx");
}

static bool is_some(struct span text)
{
	return text.size > 0;
}

static bool is_header(struct span text)
{
	for (size_t i = 0; i < text.size; i++) {
		char c = text.at[i];
		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) &&
		    (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL))
			return false;
	}
	return text.size > 0;
}

/* --- forms --- */
static const struct form TEXT = {.kind = FORM_TEXT};
static const struct form SOME_TEXT = {FORM_TEXT, .accept = is_some, .wanted = "some text"};
static const struct form HEADER = {FORM_TEXT, .accept = is_header,
	.wanted = "the name of a header"};
static const struct form BOOL = {.kind = FORM_BOOL};
static const struct form NAME = {.kind = FORM_NAME};
static const struct form TEMPLATE = {.kind = FORM_TEMPLATE};
static const struct form SCALAR = {.kind = FORM_SCALAR};
static const struct form ANY = {.kind = FORM_ANY};
static const struct form TIME = {.kind = FORM_TIME};
static const struct form NUMBER = {.kind = FORM_NUMBER};
static const struct form ORDINAL = {FORM_INT, .min = 0, .max = INT64_MAX};
static const struct form DURATION = {.kind = FORM_DURATION};
static const struct form STEP = {FORM_DURATION, .min = 1000, .max = INT64_MAX};
static const struct form POINTER = {.kind = FORM_POINTER};
static const struct form POINTERS = {FORM_LIST, .lone = true, .of = &POINTER, .min = 1, .max = 10};
static const struct form COLUMN = {.kind = FORM_COLUMN};
static const struct form PATH = {FORM_TEMPLATE, .accept = is_path, .wanted = "to begin with /"};
static const struct form BASE_URL = {FORM_TEMPLATE, .accept = is_base_url,
	.wanted = "https:// or http:// and a host"};
static const struct form VALUES = {FORM_LIST, .lone = true, .nullable = true, .of = &TEMPLATE,
	.min = 1, .max = ENTRIES_MAX};
static const struct form QUERY = {FORM_NAMED, .of = &VALUES, .max = ENTRIES_MAX};
static const struct form HEADERS = {FORM_NAMED, .name = &HEADER, .of = &VALUES,
	.max = ENTRIES_MAX};

/* --- auth --- */
#define FOR_EVERY_WAY \
	{"base_url", &BASE_URL, .otherwise = "`base_url`", \
	 .help = "where this way in needs another host"}, \
	{"comment", &TEXT, .help = "what to know"}, \
	{.name = NULL}

static const struct form AUTH_NONE = {FORM_MAP, .nullable = true, .keys = (const struct key[]){
	FOR_EVERY_WAY,
}};
static const struct form AUTH_BEARER = {FORM_MAP, .nullable = true, .keys = (const struct key[]){
	{"value", &TEMPLATE, .fallback = "Bearer {auth.token}",
	 .help = "the Authorization header",
	 .wrong = "auth.bearer.value: {auth.token} is missing"},
	FOR_EVERY_WAY,
}};
static const struct form AUTH_BASIC = {FORM_MAP, .nullable = true, .keys = (const struct key[]){
	{"user", &TEMPLATE, .fallback = "{auth.user}", .help = "basic sign-in",
	 .wrong = "auth.basic: neither {auth.user} nor {auth.password} is used"},
	{"password", &TEMPLATE, .fallback = "{auth.password}", .help = "and its password"},
	FOR_EVERY_WAY,
}};
static const struct form AUTH_API_KEY = {FORM_MAP, .nullable = true, .keys = (const struct key[]){
	{"header", &HEADER, .help = "the header that takes the key",
	 .wrong = "auth.api_key: give header or query, one of them"},
	{"query", &SOME_TEXT, .help = "or the name in the query"},
	{"value", &TEMPLATE, .fallback = "{auth.key}", .help = "what is written there",
	 .wrong = "auth.api_key.value: {auth.key} is missing"},
	FOR_EVERY_WAY,
}};
static const struct form SEND = {FORM_CHOICE, .choices = WORDS("form", "json", "basic")};
static const struct form TOKEN_URL = {FORM_TEMPLATE, .accept = is_token_url,
	.wanted = "a path, or https:// or http:// and a host"};
static const struct form AUTH_OAUTH2 = {FORM_MAP, .nullable = true, .keys = (const struct key[]){
	{"token_url", &TOKEN_URL, KEY_REQUIRED,
	 .help = "gives out tokens for client credentials; a path is one on base_url's host"},
	{"send", &SEND, .fallback = "form",
	 .help = "id and secret in a form, in a JSON body, or as basic sign-in",
	 .wrong = "auth.oauth2.send: \"jsn\" is none of form, json, basic"},
	{"scope", &SOME_TEXT, .help = "the scope to ask for"},
	{"fields", &QUERY, .help = "more fields of the token request"},
	{"token_at", &POINTERS, .fallback = "/access_token", .help = "the token in the answer"},
	{"expires_at", &POINTERS, .fallback = "/expires_in",
	 .help = "its seconds in the answer; it is renewed before they end"},
	{"expires", &STEP, .fallback = "1h",
	 .help = "how long it lives where the answer is silent"},
	FOR_EVERY_WAY,
}};
static const struct form AUTH = {FORM_MAP, .keys = (const struct key[]){
	{"none", &AUTH_NONE, .help = "works without sign-in"},
	{"bearer", &AUTH_BEARER, .help = "a token that the configuration gives"},
	{"basic", &AUTH_BASIC, .help = "user and password"},
	{"api_key", &AUTH_API_KEY, .help = "a key in a header or in the query"},
	{"oauth2", &AUTH_OAUTH2, .help = "a token for a client's id and secret"},
	{.name = NULL},
}};

/* --- settings --- */
static const struct form SETTING_TYPE_FORM = {FORM_CHOICE, .wanted = "type",
	.choices = WORDS("text", "int", "float", "bool", "secret", "list"),
	.aliases = WORDS("string", "text", "str", "text", "integer", "int", "number", "float",
			 "double", "float", "boolean", "bool", "password", "secret",
			 "token", "secret", "array", "list")};
static const struct form SETTING_DEFAULT = {FORM_EITHER, .any = ANY_OF(
	&SCALAR, &(const struct form){FORM_LIST, .of = &SCALAR},
	&(const struct form){FORM_MAP, .keys = (const struct key[]){
		{"digest", &(const struct form){FORM_LIST, .of = &TEXT, .min = 1}, KEY_REQUIRED,
		 .help = "32 hex digits of SHA-256 over the parts, each after its length in bytes "
			 "and a colon"},
		{.name = NULL},
	}})};
static const struct form FIELDS = {FORM_NAMED, .name = &NAME, .of = &SETTING_FORM, .min = 1,
	.max = SETTINGS_MAX};
const struct form SETTING_FORM = {FORM_MAP, .title = "setting", .keys = (const struct key[]){
	{"type", &SETTING_TYPE_FORM, KEY_REQUIRED,
	 .help = "secret: never in a path, a column or a log",
	 .wrong = "settings.x: type \"string\" is not known; did you mean text?"},
	{"default", &SETTING_DEFAULT, .help = "by type; taken where nothing is given"},
	{"required", &BOOL, .fallback = "false", .help = "it must be given"},
	{"min", &NUMBER, .help = "the least, of int and float"},
	{"max", &NUMBER, .help = "the most"},
	{"one_of", &(const struct form){FORM_LIST, .of = &SCALAR, .min = 1},
	 .help = "the only values that are taken"},
	{"comment", &TEXT, .help = "what it is for"},
	{"fields", &FIELDS, .otherwise = "elements are texts",
	 .help = "of a list whose elements are maps: their settings"},
	{.name = NULL},
}};

/* --- a stream: what is asked --- */
static const struct form WINDOW = {FORM_MAP, .keys = (const struct key[]){
	{"column", &COLUMN, KEY_REQUIRED, .help = "what the API filters by",
	 .wrong = "window is given but {window.from} is nowhere in the request: every run would "
		  "ask for everything"},
	{"format", &TIME, .fallback = "iso", .help = "how the API wants times to be written"},
	{"step", &STEP, .fallback = "1d", .help = "the slice of a backfill",
	 .wrong = "window.step needs {window.until} or {window.last} in the request"},
	{"lookback", &DURATION, .fallback = "1d", .help = "asked for again in every run"},
	{"settle", &DURATION, .fallback = "0s", .help = "no window reaches nearer to now"},
	{.name = NULL},
}};
static const struct form LIST_SETTING = {FORM_TEXT, .accept = is_setting,
	.wanted = "settings.NAME"};
static const struct form REPEAT = {FORM_MAP, .keys = (const struct key[]){
	{"over", &LIST_SETTING, KEY_REQUIRED,
	 .help = "one set of pages for each element of this list"},
	{"id", &(const struct form){FORM_LIST, .lone = true, .of = &NAME, .min = 1},
	 .otherwise = "all fields",
	 .help = "the fields under which an element's watermark is kept"},
	{"batch", &(const struct form){FORM_INT, .min = 1, .max = 1000}, .fallback = "1",
	 .help = "so many elements in one request",
	 .wrong = "repeat.batch 100: columns may use {item.…} only with match: position"},
	{"match", &(const struct form){FORM_CHOICE, .choices = WORDS("position")},
	 .help = "the answer is a list, one element for each of the batch, in order"},
	{.name = NULL},
}};
static const struct form ROWS = {FORM_TEXT, .accept = is_rows,
	.wanted = "settings or settings.NAME"};
static const struct form NEXT_TOKEN = {FORM_EITHER, .any = ANY_OF(&POINTERS,
	&(const struct form){FORM_MAP, .keys = (const struct key[]){
		{"last", &POINTERS, .help = "from the answer's last record"},
		{"header", &HEADER, .help = "from a header"},
		{.name = NULL},
	}})};
static const struct form PAGING_MAP = {FORM_MAP, .keys = (const struct key[]){
	{"next_url", &POINTERS, .help = "an absolute or relative link in the answer",
	 .wrong = "paging has next_url and offset; expected one kind"},
	{"link_header", &SOME_TEXT, .help = "a Link header with this rel"},
	{"next_token", &NEXT_TOKEN, .help = "a token in the answer, its last record, a header",
	 .wrong = "{paging.token} is used nowhere: page two would be page one again"},
	{"offset", &ORDINAL, .help = "the first offset; it grows by the records that came",
	 .wrong = "{paging.offset} is used nowhere: page two would be page one again"},
	{"page", &ORDINAL, .help = "the first page's number",
	 .wrong = "{paging.page} is used nowhere: page two would be page one again"},
	{"more", &POINTERS, .help = "false there: the last page"},
	{"done", &POINTERS, .help = "true there: the last page"},
	{"total", &POINTERS, .help = "how many rows there are"},
	{"pages", &POINTERS, .help = "how many pages there are"},
	{.name = NULL},
}};
static const struct form PAGING = {FORM_EITHER, .any = ANY_OF(
	&(const struct form){FORM_CHOICE, .choices = WORDS("none")}, &PAGING_MAP)};
static const struct form COUNT = {FORM_MAP, .keys = (const struct key[]){
	{"path", &PATH, KEY_REQUIRED, .help = "what says how many records the window holds",
	 .wrong = "count needs {window.until} or {window.last} in the request"},
	{"query", &QUERY, .otherwise = "the stream's entries that hold {window.…}",
	 .help = "its query"},
	{"at", &POINTERS, KEY_REQUIRED, .help = "the number in the answer; \"\" for a bare one"},
	{.name = NULL},
}};

/* --- a stream: what comes back --- */
static const struct form RECORDS_MAP = {FORM_MAP, .section = true, .keys = (const struct key[]){
	{"at", &POINTERS, .fallback = "", .help = "where the records are",
	 .wrong = "at: expected a pointer such as /tickets, found \"tickets\""},
	{"shape", &(const struct form){FORM_CHOICE, .choices = WORDS("list", "one", "columns")},
	 .fallback = "list", .help = "columns: an object of equally long lists"},
	{"missing", &(const struct form){FORM_CHOICE, .choices = WORDS("error", "empty")},
	 .fallback = "error", .help = "what it means when nothing is there",
	 .wrong = "in a run: the answer has no /tickets; it has count, results"},
	{.name = NULL},
}};
static const struct form RECORDS = {FORM_EITHER, .any = ANY_OF(&POINTERS, &RECORDS_MAP)};
static const struct form STATUS = {FORM_EITHER, .any = ANY_OF(
	&(const struct form){FORM_INT, .min = 100, .max = 599},
	&(const struct form){FORM_TEXT, .accept = is_status_class, .wanted = "5xx"})};
const struct form WAIT_FORM = {FORM_EITHER, .any = ANY_OF(&DURATION,
	&(const struct form){FORM_MAP, .keys = (const struct key[]){
		{"header", &HEADER, .help = "a header says it"},
		{"as", &(const struct form){FORM_CHOICE, .choices = WORDS("s", "unix", "unix_ms")},
		 .fallback = "s", .help = "in seconds from now, or as a time"},
		{"next", &(const struct form){FORM_CHOICE,
					      .choices = WORDS("minute", "hour", "day")},
		 .help = "until the next one begins (UTC)"},
		{.name = NULL},
	}})};
const struct form ERROR_FORM = {FORM_MAP, .title = "error", .section = true,
				.keys = (const struct key[]){
	{"status", &(const struct form){FORM_LIST, .lone = true, .of = &STATUS, .min = 1,
					.max = ENTRIES_MAX},
	 .otherwise = "any", .help = "5xx means all from 500 to 599",
	 .wrong = "a rule needs status, at or says"},
	{"at", &POINTERS, .help = "a place in the answer"},
	{"is", &(const struct form){FORM_LIST, .lone = true, .of = &SCALAR, .min = 1,
				    .max = ENTRIES_MAX},
	 .help = "and what stands there: a value, or one of a list",
	 .wrong = "is needs at · at needs is"},
	{"says", &SOME_TEXT,
	 .help = "a part of the API's own words (message_at; else of the body), in any case"},
	{"then", &(const struct form){FORM_CHOICE, .choices = WORDS("wait", "retry", "restart",
		"empty", "fail_stream", "fail_run")}, KEY_REQUIRED,
	 .help = "restart: the window from its first page, twice at most; empty: no records, "
		 "counted and shown",
	 .wrong = "then: \"skip\" is none of wait, retry, restart, empty, fail_stream, fail_run"},
	{"for", &(const struct form){FORM_LIST, .lone = true, .of = &WAIT_FORM, .min = 1,
				     .max = ENTRIES_MAX},
	 .otherwise = "`60s`", .help = "how long to wait; of a list the first that applies",
	 .wrong = "for belongs to then: wait"},
	{"hint", &TEXT, .help = "what the user can do"},
	{.name = NULL},
}};
static const struct form LIMITS = {FORM_MAP, .keys = (const struct key[]){
	{"parallel", &(const struct form){FORM_INT, .min = 1, .max = 64},
	 .otherwise = "the configuration's", .help = "requests at once"},
	{"pause", &DURATION, .fallback = "0s", .help = "the least time between two"},
	{.name = NULL},
}};
static const struct form KEEPS = {FORM_EITHER, .any = ANY_OF(
	&(const struct form){FORM_CHOICE, .choices = WORDS("forever", "nothing")}, &STEP)};

/* --- a stream: the table --- */
static const struct form TABLE = {FORM_COLUMN, .reserved = WORDS("FIRN_*")};
static const struct form OWN_COLUMN = {FORM_COLUMN,
	.reserved = WORDS("EXTRA", "LOAD_TIMESTAMP", "_FIRN_*")};
static const struct form COLUMN_TYPE = {FORM_CHOICE, .wanted = "type",
	.choices = WORDS("text", "int", "float", "bool", "timestamp", "json"),
	.aliases = WORDS("string", "text", "str", "text", "varchar", "text", "integer", "int",
			 "number", "float", "double", "float", "boolean", "bool",
			 "datetime", "timestamp", "date", "timestamp", "time", "timestamp",
			 "object", "json", "array", "json", "list", "json", "variant", "json")};
static const struct form COLUMN_MAP = {FORM_MAP, .title = "column", .keys = (const struct key[]){
	{"type", &COLUMN_TYPE, KEY_REQUIRED, .help = "what it holds"},
	{"from", &POINTERS, .otherwise = "`/` and the name in lower case", .help = "in the record",
	 .wrong = "columns.A: from and value exclude each other"},
	{"outer", &POINTERS, .help = "in the answer around the record"},
	{"value", &TEMPLATE, .help = "the same for a whole page"},
	{"digest", &POINTERS, .help = "hashed, where records have no id"},
	{"format", &TIME, .fallback = "iso", .help = "how a timestamp is written"},
	{"required", &BOOL, .fallback = "false", .help = "a record without it is rejected"},
	{"keep", &(const struct form){FORM_CHOICE, .choices = WORDS("first")},
	 .help = "first: an update keeps what is there"},
	{"comment", &TEXT, .help = "a comment on the column"},
	{.name = NULL},
}};
const struct form COLUMN_FORM = {FORM_EITHER, .nullable = true,
	.any = ANY_OF(&COLUMN_TYPE, &COLUMN_MAP)};
static const struct form COLUMNS = {FORM_NAMED, .name = &OWN_COLUMN, .of = &COLUMN_FORM,
	.max = COLUMNS_MAX};

/* What people write in a stream and mean to send. */
static const struct misplaced MISPLACED[] = {
	{"per_page", "query"}, {"page_size", "query"}, {"pageSize", "query"}, {"limit", "query"},
	{"sort*", "query"}, {"order*", "query"}, {"direction", "query"}, {"since", "query"},
	{"start_*", "query"}, {"end_*", "query"}, {"updated_*", "query"}, {"filter*", "query"},
	{"fields", "query"}, {"include", "query"}, {"expand", "query"}, {"select", "query"},
	{"q", "query"}, {"state", "query"}, {"cursor", "query"}, {"$*", "query"},
	{"page[*", "query"}, {"Accept", "headers"}, {"User-Agent", "headers"},
	{"Content-Type", "headers"}, {"X-*", "headers"}, {"*-Version", "headers"},
	{NULL, NULL},
};

const struct form STREAM_FORM = {FORM_MAP, .title = "stream", .section = true,
				 .misplaced = MISPLACED, .keys = (const struct key[]){
	{"optional", &BOOL, KEY_REMOVES, .fallback = "false",
	 .help = "only when the configuration names it"},
	{"comment", &TEXT, KEY_REMOVES, .help = "what to know"},
	{"base_url", &BASE_URL, KEY_REMOVES | NOT_ROWS, .otherwise = "the connector's",
	 .help = "where this stream needs another host"},
	{"path", &PATH, KEY_REMOVES | NOT_ROWS, .otherwise = "required, but with rows",
	 .help = "appended to base_url", .wrong = "path: expected to begin with /"},
	{"method", &(const struct form){FORM_CHOICE, .choices = WORDS("GET", "POST")},
	 KEY_REMOVES | NOT_ROWS, .otherwise = "GET; POST with a body", .help = "how it is asked"},
	{"query", &QUERY, KEY_REMOVES | NOT_ROWS, .help = "a list repeats the name"},
	{"headers", &HEADERS, KEY_REMOVES | NOT_ROWS, .help = "likewise",
	 .wrong = "headers.Authorization: sign-in belongs under auth"},
	{"body", &ANY, NOT_ROWS, .help = "sent as JSON, its texts filled in"},
	{"window", &WINDOW, KEY_REMOVES | NOT_CHILD | NOT_ROWS,
	 .otherwise = "the whole list each run", .help = "asks by time"},
	{"repeat", &REPEAT, KEY_REMOVES | NOT_CHILD | NOT_ROWS, .help = "asks for each element"},
	{"for_each", &NAME, KEY_REMOVES | NOT_ROWS,
	 .help = "asks for each row that this stream brought in this window",
	 .wrong = "for_each: no stream \"isues\"; did you mean issues? · "
		  "for_each makes a circle: a → b → a"},
	{"rows", &ROWS, KEY_REMOVES | NOT_CHILD,
	 .help = "rows out of the configuration, nothing is asked",
	 .wrong = "rows and path exclude each other"},
	{"paging", &PAGING, KEY_REMOVES | NOT_ROWS, .otherwise = "required, but with rows",
	 .help = "how the next page is found",
	 .wrong = "issues does not say how it pages; write paging: none when one answer holds "
		  "everything"},
	{"count", &COUNT, KEY_REMOVES | NOT_CHILD | NOT_ROWS,
	 .help = "asks the API how many records a window holds"},
	{"records", &RECORDS, KEY_REMOVES | NOT_ROWS, .fallback = "",
	 .help = "where the records are"},
	{"message_at", &POINTERS, KEY_REMOVES | NOT_ROWS,
	 .help = "the API's own words in an error"},
	{"errors", &(const struct form){FORM_LIST, .of = &ERROR_FORM, .max = ENTRIES_MAX},
	 KEY_REMOVES | NOT_ROWS,
	 .help = "the first rule that fits decides; before those of defaults"},
	{"limits", &LIMITS, KEY_REMOVES | NOT_ROWS, .help = "how fast"},
	{"keeps", &KEEPS, KEY_REMOVES | NOT_CHILD | NOT_ROWS, .fallback = "forever",
	 .help = "how far back the API can be asked; nothing: read once, spooled first",
	 .wrong = "keeps: nothing and window exclude each other"},
	{"table", &TABLE, KEY_REMOVES, .otherwise = "CONNECTOR_STREAM, - as _",
	 .help = "the table's name", .wrong = "issues and pulls both write GITHUB_ISSUES"},
	{"key", &(const struct form){FORM_LIST, .lone = true, .of = &COLUMN, .min = 1,
				     .max = ENTRIES_MAX},
	 KEY_REMOVES, .otherwise = "required", .help = "what tells rows apart",
	 .wrong = "key: no column ID; columns are ID_, NAME"},
	{"newest", &COLUMN, KEY_REMOVES, .otherwise = "`window.column`",
	 .help = "of equal keys the greatest wins; without it the one read last"},
	{"columns", &COLUMNS, KEY_REMOVES, .otherwise = "required", .help = "what becomes a column",
	 .wrong = "EXTRA is firn's own"},
	{"ignore", &(const struct form){FORM_LIST, .lone = true, .of = &POINTER,
					.max = COLUMNS_MAX},
	 KEY_REMOVES | NOT_ROWS, .help = "fields of the record that are not even kept in EXTRA",
	 .wrong = "ignore: \"url\" is no pointer; did you mean /url?"},
	{.name = NULL},
}};

static const struct form FORMAT = {FORM_INT, .min = 1, .max = 1,
	.complaint = "format @ is not known; this firn reads 1"};
const struct form CONNECTOR_FORM = {FORM_MAP, .keys = (const struct key[]){
	{"format", &FORMAT, KEY_REQUIRED, .help = "the version of this page",
	 .wrong = "format 2 is not known; this firn reads 1"},
	{"connector", &NAME, KEY_REQUIRED, .help = "its name",
	 .wrong = "connector: expected lower-case letters, digits, _ or -"},
	{"comment", &TEXT, .help = "what to know"},
	{"base_url", &BASE_URL, .otherwise = "required, unless every stream has one",
	 .help = "in front of every path; source.base_url wins, then the sign-in's",
	 .wrong = "base_url: expected https:// or http:// and a host"},
	{"auth", &AUTH, .otherwise = "`{ none: {} }`",
	 .help = "the ways to sign in; source.auth picks one and gives its secrets",
	 .wrong = "in firn.yaml: source.auth: zendesk takes basic or bearer, not oauth2"},
	{"settings", &(const struct form){FORM_NAMED, .name = &NAME, .of = &SETTING_FORM,
					  .max = SETTINGS_MAX},
	 .help = "what the user gives under source.settings",
	 .wrong = "in firn.yaml: settings.locations[2].latitude is 95; expected -90 to 90"},
	{"defaults", &STREAM_FORM, .help = "keys that every stream has which does not give them"},
	{"streams", &(const struct form){FORM_NAMED, .name = &NAME, .of = &STREAM_FORM, .min = 1,
					 .max = STREAMS_MAX}, KEY_REQUIRED,
	 .help = "one list of records each, and its table",
	 .wrong = "streams: at least one is needed"},
	{.name = NULL},
}};
