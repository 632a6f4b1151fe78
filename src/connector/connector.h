/* An API described as data: what a connector file says, read and checked.
 *
 * The language is docs/CONNECTORS.md; its grammar, the messages, the JSON Schema and this reader
 * are driven by one table (connector/grammar.c). What comes out here is complete: defaults are
 * merged into every stream (query, headers and columns by entry, errors in front), names are
 * resolved to pointers, every rule of the grammar's last column has been checked. The engine
 * knows no API: nobody compares a connector's or a stream's name with a literal.
 *
 * Everything lives in the connector's own arena until connector_free. */
#ifndef FIRN_CONNECTOR_CONNECTOR_H
#define FIRN_CONNECTOR_CONNECTOR_H

#include "base/err.h"
#include "base/json.h"
#include "base/span.h"
#include "base/stamp.h"
#include "base/type.h"
#include "connector/template.h"

#include <stdint.h>

/* --- settings: what the user gives under source.settings --- */
enum setting_type {
	SETTING_TEXT, SETTING_INT, SETTING_FLOAT, SETTING_BOOL, SETTING_SECRET, SETTING_LIST,
};

struct setting {
	const char *name;
	enum setting_type type;
	bool required;
	bool has_min, has_max;
	double min, max;
	const struct value *one_of;
	size_t one_of_n;
	const char *comment; /* or NULL */
	/* At most one kind of default. */
	struct value fallback;                 /* VALUE_ABSENT: none */
	const struct value *fallback_list;     /* of SETTING_LIST */
	size_t fallback_list_n;
	const struct template_part *digest;    /* settings.NAME and item.FIELD slots */
	size_t digest_n;
	const struct setting *fields;          /* of SETTING_LIST: its maps'; n 0: a plain list */
	size_t fields_n;
	int line, column;
};

/* --- signing in --- */
enum auth_kind { AUTH_NONE, AUTH_BEARER, AUTH_BASIC, AUTH_API_KEY, AUTH_OAUTH2, AUTH_KINDS };
enum auth_send { SEND_FORM, SEND_JSON, SEND_BASIC };

struct auth {
	bool given; /* this connector can sign in this way */
	const struct template *value;         /* bearer, api_key */
	const struct template *user, *password; /* basic */
	const char *header, *query;           /* api_key: one of them */
	const struct template *base_url;      /* or NULL: the connector's */
	/* oauth2 */
	const struct template *token_url;     /* a path: on base_url's host */
	enum auth_send send;
	const char *scope;                    /* or NULL */
	const struct entry *fields;
	size_t fields_n;
	struct pointers token_at, expires_at;
	int64_t expires_us;
};

/* --- a stream --- */
struct entry { /* of query, headers, oauth2.fields */
	const char *name;
	const struct template *values; /* a list repeats the name */
	size_t n;
};

struct body { /* a JSON body: a tree of templates */
	enum { BODY_SCALAR, BODY_LIST, BODY_MAP } kind;
	struct template scalar;
	const char *const *names; /* of BODY_MAP */
	const struct body *children;
	size_t n;
};

struct window_rule {
	bool given;
	const char *column;
	struct stamp_format format;
	int64_t step_us, lookback_us, settle_us;
	bool has_until; /* {window.until} or {window.last} is in the request: it can be sliced */
	bool has_last;  /* {window.last} is: days, inclusive */
};

struct repeat_rule {
	const struct setting *over; /* NULL: no repeat */
	const struct setting *const *id; /* fields that tell elements apart; a plain list: none */
	size_t id_n;
	int64_t batch;
	bool by_position; /* match: position */
};

enum rows_from { ROWS_FROM_API, ROWS_FROM_SETTINGS, ROWS_FROM_LIST };

enum paging_kind {
	PAGING_NONE, PAGING_NEXT_URL, PAGING_NEXT_TOKEN, PAGING_LINK_HEADER, PAGING_OFFSET,
	PAGING_PAGE,
};
enum token_from { TOKEN_FROM_ANSWER, TOKEN_FROM_LAST_RECORD, TOKEN_FROM_HEADER };

struct paging_rule {
	enum paging_kind kind;
	struct pointers at;       /* next_url; next_token in the answer or its last record */
	enum token_from token_from;
	const char *header;       /* token from a header; link_header: the rel */
	int64_t first;            /* offset, page: the first one's number */
	struct pointers more, done, total, pages; /* n is 0 where not given */
};

struct count_rule {
	bool given;
	const struct template *path;
	const struct entry *query;
	size_t query_n;
	struct pointers at; /* depth 0: the answer is the bare number */
};

enum records_shape { SHAPE_LIST, SHAPE_ONE, SHAPE_COLUMNS };
struct records_rule {
	struct pointers at;
	enum records_shape shape;
	bool missing_is_empty;
};

enum error_then {
	THEN_WAIT, THEN_RETRY, THEN_RESTART, THEN_EMPTY, THEN_FAIL_STREAM, THEN_FAIL_RUN,
};
enum wait_kind { WAIT_FIXED, WAIT_HEADER_S, WAIT_HEADER_UNIX, WAIT_HEADER_UNIX_MS,
		 WAIT_NEXT_MINUTE, WAIT_NEXT_HOUR, WAIT_NEXT_DAY };
struct error_wait {
	enum wait_kind kind;
	int64_t us;         /* WAIT_FIXED */
	const char *header; /* WAIT_HEADER_… */
};
struct status_range {
	int from, until; /* [from, until); 5xx is 500..600 */
};
struct error_rule { /* all conditions that are given must hold */
	const struct status_range *statuses;
	size_t statuses_n;
	struct pointers at;    /* n 0: no such condition */
	struct value is;
	const struct value *is_any; /* `is` as a list */
	size_t is_any_n;
	const char *says;      /* NULL: no such condition; compared without ASCII case */
	enum error_then then;
	const struct error_wait *waits; /* the first that applies */
	size_t waits_n;
	const char *hint;      /* or NULL */
	int line;
};

enum keeps { KEEPS_FOREVER, KEEPS_NOTHING, KEEPS_FOR };

enum column_source { FROM_RECORD, FROM_OUTER, FROM_VALUE, FROM_DIGEST };
struct connector_column {
	const char *name;
	enum type type;
	enum column_source source;
	struct pointers at;            /* FROM_RECORD, FROM_OUTER, FROM_DIGEST */
	const struct template *value;  /* FROM_VALUE */
	struct stamp_format format;    /* TYPE_TIMESTAMP */
	bool required, keep_first;
	const char *comment;           /* or NULL */
};

struct stream {
	const char *name;
	bool optional;
	const char *comment;           /* or NULL */
	const char *method;            /* "GET", "POST" */
	const struct template *base_url; /* or NULL: the sign-in's, else the connector's */
	const struct template *path;
	const struct entry *query, *headers;
	size_t query_n, headers_n;
	const struct body *body;       /* or NULL */
	struct window_rule window;
	struct repeat_rule repeat;
	const struct stream *for_each; /* or NULL */
	enum rows_from rows;
	const struct setting *rows_list; /* ROWS_FROM_LIST */
	struct paging_rule paging;
	struct count_rule count;
	struct records_rule records;
	struct pointers message_at;
	const struct error_rule *errors;
	size_t errors_n;
	int64_t parallel;              /* 0: the configuration's */
	int64_t pause_us;
	enum keeps keeps;
	int64_t keeps_us;              /* KEEPS_FOR */
	const char *table;
	const unsigned *key;           /* indices into columns */
	size_t key_n;
	int newest;                    /* index into columns, -1: none */
	const struct connector_column *columns;
	size_t columns_n;
	const struct pointer *ignore;
	size_t ignore_n;
	int line, column;
};

struct connector {
	const char *file; /* as messages name it */
	const char *name, *comment;
	const struct template *base_url; /* or NULL */
	struct auth auth[AUTH_KINDS];
	const struct setting *settings;
	size_t settings_n;
	const struct stream *streams;
	size_t streams_n;
	struct arena *arena;
};

/* Reads and checks a connector. `file` names it in messages. On failure ERR_USAGE, and all
 * mistakes found (up to CONFIG_ERRORS_MAX, in file order, one a line, `file:line:column: text`)
 * are appended to `mistakes`; reterr holds the first. */
MUST_CHECK bool connector_parse(struct connector **ret, struct span text, const char *file,
				struct buf *mistakes, struct err *reterr);
void connector_free(struct connector *connector); /* NULL is fine */

const struct stream *connector_stream(const struct connector *, const char *name); /* NULL: none */
const char *auth_kind_name(enum auth_kind kind);
/* False with ERR_USAGE: "zendesk takes basic or bearer, not oauth2". */
MUST_CHECK bool connector_takes_auth(const struct connector *, enum auth_kind kind,
				     struct err *reterr);

/* The connectors that are built into the program: name and text; ends with NULL names. */
struct builtin {
	const char *name;
	struct span text;
};
extern const struct builtin BUILTIN_CONNECTORS[];

/* What was understood, a line a stream (docs/CONNECTORS.md, part 7). */
bool connector_summary(const struct connector *, struct buf *out);
/* A JSON Schema of connector files, for editors; and the grammar as a Markdown table. */
bool connector_schema(struct buf *out);
bool connector_grammar(struct buf *out);

#endif
