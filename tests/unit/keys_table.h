/* A format with a key of every form, for keys_test. */
#ifndef FIRN_TESTS_KEYS_TABLE_H
#define FIRN_TESTS_KEYS_TABLE_H

#include "config/keys.h"

static bool begins_with_slash(struct span text)
{
	return text.size > 0 && text.at[0] == '/';
}

#define FORM(name, ...) static const struct form name = {__VA_ARGS__}
#define LIST_OF(...) ((const char *const[]){__VA_ARGS__, NULL})

FORM(TEXT, .kind = FORM_TEXT);
FORM(SECRET, .kind = FORM_SECRET);
FORM(BOOL, .kind = FORM_BOOL);
FORM(VERSION, .kind = FORM_INT, .min = 1, .max = 1, .complaint = "version @ is not known");
FORM(PARALLEL, .kind = FORM_INT, .min = 1, .max = 64);
FORM(RATE, .kind = FORM_NUMBER);
FORM(STEP, .kind = FORM_DURATION, .min = 1, .max = INT64_MAX);
FORM(SIZE, .kind = FORM_SIZE, .min = 1, .max = INT64_MAX);
FORM(SEND, .kind = FORM_CHOICE, .choices = LIST_OF("form", "json", "basic"));
FORM(TYPE, .kind = FORM_CHOICE, .choices = LIST_OF("text", "int"), .wanted = "type",
     .aliases = LIST_OF("string", "text", "integer", "int"));
FORM(NAME, .kind = FORM_NAME);
FORM(COLUMN, .kind = FORM_COLUMN, .reserved = LIST_OF("EXTRA", "FIRN_*"));
FORM(PATH, .kind = FORM_TEMPLATE, .accept = begins_with_slash, .wanted = "to begin with /");
FORM(POINTER, .kind = FORM_POINTER);
FORM(POINTERS, .kind = FORM_LIST, .lone = true, .of = &POINTER, .min = 1);
FORM(URL, .kind = FORM_URL);
FORM(TIME, .kind = FORM_TIME);
FORM(SCALAR, .kind = FORM_SCALAR);
FORM(ANY, .kind = FORM_ANY);

static const struct key SPOOL_KEYS[] = {
	{"dir", &TEXT, .fallback = "spool", .help = "where"},
	{"max_bytes", &SIZE, .fallback = "2GiB", .help = "how much"},
	{.name = NULL},
};
FORM(SPOOL, .kind = FORM_MAP, .keys = SPOOL_KEYS);
static const struct key COLUMN_KEYS[] = {
	{"type", &TYPE, KEY_REQUIRED, .help = "what it holds"},
	{"from", &POINTERS, .help = "where it comes from"},
	{.name = NULL},
};
FORM(COLUMN_MAP, .kind = FORM_MAP, .title = "column", .keys = COLUMN_KEYS);
FORM(COLUMN_VALUE, .kind = FORM_EITHER, .nullable = true,
     .any = (const struct form *const[]){&TYPE, &COLUMN_MAP, NULL});
FORM(COLUMNS, .kind = FORM_NAMED, .name = &COLUMN, .of = &COLUMN_VALUE, .max = 3);
static const struct key RULE_KEYS[] = {
	{"then", &SEND, KEY_REQUIRED, .help = "what to do"},
	{"at", &POINTER, .help = "where to look"},
	{.name = NULL},
};
FORM(RULE, .kind = FORM_MAP, .section = true, .title = "rule", .keys = RULE_KEYS);
FORM(RULES, .kind = FORM_LIST, .of = &RULE);
FORM(NAMES, .kind = FORM_LIST, .of = &NAME, .min = 1);
FORM(STREAM_MAP, .kind = FORM_MAP, .nullable = true, .section = true, .keys = (const struct key[]){
	{"path", &PATH, .help = "appended | to base_url",
	 .wrong = "path: expected to begin with /"},
	{"send", &SEND, KEY_REMOVES, .fallback = "form", .help = "how"},
	{"columns", &COLUMNS, .help = "what is kept"},
	{"errors", &RULES, .help = "what to do when"},
	{"keeps", &(const struct form){.kind = FORM_EITHER, .any = (const struct form *const[]){
		&(const struct form){.kind = FORM_CHOICE, .choices = LIST_OF("forever", "nothing")},
		&STEP, NULL}}, .fallback = "forever", .help = "how far back"},
	{"step", &STEP, KEY_YOURS, .fallback = "1d", .help = "a slice"},
	{.name = NULL},
}, .misplaced = (const struct misplaced[]){{"per_page", "query"}, {"X-*", "headers"},
					   {"*_token", "auth"}, {NULL, NULL}}, .title = "stream");
FORM(STREAMS, .kind = FORM_EITHER, .any = (const struct form *const[]){
	&NAMES,
	&(const struct form){.kind = FORM_NAMED, .name = &NAME, .of = &STREAM_MAP, .min = 1},
	NULL});
static const struct key KEYS[] = {
	{"version", &VERSION, KEY_REQUIRED, .help = "of this page"},
	{"name", &NAME, .help = "what it is called"},
	{"secret", &SECRET, .help = "not for messages"},
	{"quiet", &BOOL, .fallback = "true", .help = "say less"},
	{"parallel", &PARALLEL, .fallback = "4", .help = "at once"},
	{"rate", &RATE, .fallback = "0.5", .help = "how often"},
	{"step", &STEP, .fallback = "90s", .help = "a slice"},
	{"url", &URL, .help = "where"},
	{"time", &TIME, .fallback = "iso", .help = "how times look"},
	{"next", &POINTERS, .help = "the next page"},
	{"scalar", &SCALAR, .help = "a value"},
	{"any", &ANY, .help = "anything"},
	{"spool", &SPOOL, .help = "on disk"},
	{"streams", &STREAMS, .help = "what is read"},
	{.name = NULL},
};
FORM(FORMAT, .kind = FORM_MAP, .keys = KEYS);

#endif
