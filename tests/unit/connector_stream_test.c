/* Wrong streams: requests, paging, windows, repeats, children, rows out of settings. */
#include "unit/connector_case.h"

static void requests_are_checked(void **state)
{
	(void)state;
	told(HEAD STREAM "    path: tickets\n"
	     TAIL,
	     "6:5: path: expected to begin with /");
	told(HEAD STREAM TAIL,
	     "5:3: issues: path is required");
	told(HEAD STREAM "    path: /a b\n"
	     TAIL,
	     "6:5: path: what a URL cannot hold is written as %20");
	told(HEAD STREAM "    path: /a?b=1\n"
	     TAIL,
	     "6:5: path: what stands behind ? belongs under query");
	told(HEAD STREAM "    pth: /x\n"
	     TAIL,
	     "6:5: unknown key \"pth\"; did you mean path?");
	told(HEAD STREAM PATH "    query: { a: {} }\n"
	     TAIL,
	     "7:14: query.a: expected text or a list, found a map");
	told(HEAD STREAM PATH "    query: { a: ~ }\n"
	     TAIL,
	     "7:14: query.a: ~ takes away an entry of defaults; they have none of that name");
	told(HEAD STREAM PATH "    query: { a: [] }\n"
	     TAIL,
	     "7:14: query.a: at least one is needed");
	told(HEAD STREAM PATH "    query: [a]\n"
	     TAIL,
	     "7:5: query: expected a map, found a list");
	told(HEAD STREAM PATH "    headers: { Authorization: x }\n"
	     TAIL,
	     "7:16: headers.Authorization: sign-in belongs under auth");
	told(HEAD STREAM PATH "    headers: { host: x }\n"
	     TAIL,
	     "7:16: headers.host is firn's own");
	told(HEAD STREAM PATH "    headers: { 'a b': x }\n"
	     TAIL,
	     "7:16: headers.a b: expected the name of a header");
	told(HEAD STREAM PATH "    method: PUT\n"
	     TAIL,
	     "7:5: method: \"PUT\" is none of GET, POST");
	told(HEAD STREAM PATH "    method: GET\n"
	     "    body: {}\n"
	     TAIL,
	     "7:5: method: GET and body exclude each other");
}

static void keys_of_streams_are_checked(void **state)
{
	(void)state;
	told(HEAD STREAM PATH "    body: { a: [ {paging.token} ] }\n"
	     TAIL,
	     "7:18: a value that begins with { must be quoted: \"{paging.token}\"");
	/* and nothing of a slot that is missed */
	told(HEAD STREAM PATH "    query: { a: {paging.token} }\n"
	     "    paging: { next_token: /n }\n    key: [ID]\n    columns: { ID: text }\n",
	     "7:17: a value that begins with { must be quoted: \"{paging.token}\"");
	told(HEAD STREAM PATH "    window: ~\n"
	     TAIL,
	     "7:5: window: ~ takes away what defaults give; they do not give it");
	told(HEAD STREAM PATH "    per_page: 1\n"
	     TAIL,
	     "7:5: \"per_page\" belongs under query, not in streams.issues");
	told(HEAD STREAM PATH "    step: 1d\n"
	     TAIL,
	     "7:5: \"step\" belongs under window, not in streams.issues");
	told(HEAD STREAM PATH "    zzz: 1d\n"
	     TAIL,
	     "7:5: unknown key \"zzz\"; known here: optional, comment, base_url, "
	     "path, method, query, headers, body, window, repeat, for_each, rows, "
	     "paging, count, records, message_at, errors, limits, keeps, table, "
	     "key, newest, columns, ignore");
	told(HEAD STREAM PATH "    limit: 5\n"
	     TAIL,
	     "7:5: \"limit\" belongs under query, not in streams.issues");
	told(HEAD STREAM PATH "    limits: { parallel: 65 }\n"
	     TAIL,
	     "7:15: limits.parallel: expected a whole number from 1 to 64, found 65");
	told(HEAD STREAM PATH "    keeps: 3 days\n"
	     TAIL,
	     "7:5: keeps: expected forever or nothing or a duration such as 6s or "
	     "1d, found \"3 days\"");
	told(HEAD STREAM PATH "    ignore: [/a, url]\n"
	     TAIL,
	     "7:18: ignore: \"url\" is no pointer; did you mean /url?");
	told(HEAD STREAM PATH "    optional: yes\n"
	     TAIL,
	     "7:5: optional: expected true or false, found \"yes\"");
	told(HEAD STREAM PATH "    records: { at: tickets }\n"
	     TAIL,
	     "7:16: at: expected a pointer such as /tickets, found \"tickets\"");
	told(HEAD STREAM PATH "    records: tickets\n"
	     TAIL,
	     "7:5: records: expected a pointer such as /tickets, found \"tickets\"");
	told(HEAD STREAM PATH "    records: { shape: map }\n"
	     TAIL,
	     "7:16: shape: \"map\" is none of list, one, columns");
	told(HEAD "auth: { api_key: { query: key } }\n"
	     STREAM PATH TAIL "    query: { key: x }\n",
	     "11:14: query.key: sign-in belongs under auth");
	told(HEAD "auth: { api_key: { header: X-Key } }\n"
	     STREAM PATH TAIL "    headers: { x-key: x }\n",
	     "11:16: headers.x-key: sign-in belongs under auth");
}

static void paging_is_checked(void **state)
{
	(void)state;
	told(HEAD STREAM PATH "    count: { path: /c }\n    paging: none\n    key: [ID]\n"
	     "    query: { f: '{window.from}', u: '{window.until}' }\n"
	     "    window: { column: AT }\n    columns: { ID: text, AT: timestamp }\n",
	     "7:5: count: at is required");
	told(HEAD STREAM PATH "    key: [ID]\n"
	     "    columns: { ID: text }\n",
	     "5:3: issues does not say how it pages; write paging: none when one "
	     "answer holds everything");
	told(HEAD STREAM PATH "    paging: {}\n"
	     "    key: [ID]\n"
	     "    columns: { ID: text }\n",
	     "7:5: paging has no kind; expected one of next_url, next_token, "
	     "link_header, offset, page");
	told(HEAD STREAM PATH "    paging: { next_url: /n, offset: 0 }\n"
	     "    key: [ID]\n"
	     "    columns: { ID: text }\n",
	     "7:5: paging has next_url and offset; expected one kind");
	told(HEAD STREAM PATH "    paging: { next_token: /n }\n"
	     "    key: [ID]\n"
	     "    columns: { ID: text }\n",
	     "7:15: {paging.token} is used nowhere: page two would be page one again");
	told(HEAD STREAM PATH "    paging: { offset: 0 }\n"
	     "    key: [ID]\n"
	     "    columns: { ID: text }\n",
	     "7:15: {paging.offset} is used nowhere: page two would be page one again");
	told(HEAD STREAM PATH "    paging: { page: 1 }\n"
	     "    key: [ID]\n"
	     "    columns: { ID: text }\n",
	     "7:15: {paging.page} is used nowhere: page two would be page one again");
	told(HEAD STREAM PATH "    paging: { next_token: {} }\n"
	     "    query: { t: '{paging.token}' }\n"
	     "    key: [ID]\n"
	     "    columns: { ID: text }\n",
	     "7:15: paging.next_token: give last or header, one of them");
	told(HEAD STREAM PATH "    paging: { next_token: { last: /id, header: X } }\n"
	     "    query: { t: '{paging.token}' }\n"
	     "    key: [ID]\n"
	     "    columns: { ID: text }\n",
	     "7:15: paging.next_token: give last or header, one of them");
	told(HEAD STREAM PATH "    paging: { next_url: /n }\n"
	     "    query: { t: '{paging.token}' }\n"
	     "    key: [ID]\n"
	     "    columns: { ID: text }\n",
	     "8:17: {paging.token}: issues does not page by next_token");
	told(HEAD STREAM PATH NO_PAGES "    query: { t: '{paging.page}' }\n"
	     "    key: [ID]\n"
	     "    columns: { ID: text }\n",
	     "8:17: {paging.page}: issues does not page by page");
	told(HEAD STREAM PATH "    paging: all\n"
	     "    key: [ID]\n"
	     "    columns: { ID: text }\n",
	     "7:5: paging: expected none, found \"all\"");
	told(HEAD STREAM PATH "    paging: { offset: -1 }\n"
	     "    query: { o: '{paging.offset}' }\n"
	     "    key: [ID]\n"
	     "    columns: { ID: text }\n",
	     "7:15: paging.offset: expected a whole number of at least 0, found -1");
	told(HEAD STREAM PATH "    paging: { next_urll: /n }\n"
	     "    key: [ID]\n"
	     "    columns: { ID: text }\n",
	     "7:15: unknown key \"next_urll\"; did you mean next_url?");
}

static void an_end_of_a_window_is_never_written_as_a_month(void **state)
{
	(void)state;
	told(HEAD STREAM PATH "    window: { column: AT, format: YYYY-MM, step: 31d }\n"
	     "    query: { s: '{window.from}', u: '{window.until}' }\n"
	     NO_PAGES AT,
	     "7:27: {window.until} needs a window.format that can write each day: a month or a "
	     "year cannot be rounded up");
}

static void windows_are_checked(void **state)
{
	(void)state;
	told(HEAD STREAM PATH "    window: { column: AT }\n"
	     NO_PAGES AT,
	     "7:5: window is given but {window.from} is nowhere in the request: "
	     "every run would ask for everything");
	told(HEAD STREAM PATH "    window: { column: AT, step: 7d }\n"
	     "    query: { s: '{window.from}' }\n"
	     NO_PAGES AT,
	     "7:27: window.step needs {window.until} or {window.last} in the request");
	told(HEAD STREAM PATH "    window: { column: AT }\n"
	     "    query: { s: '{window.from}', u: '{window.last}' }\n"
	     NO_PAGES AT,
	     "7:5: {window.last} needs window.format: YYYY-MM-DD");
	told(HEAD STREAM PATH "    window: { column: AT, format: YYYY-MM-DD, step: 1h }\n"
	     "    query: { s: '{window.from}', u: '{window.last}' }\n"
	     NO_PAGES AT,
	     "7:47: window.step is shorter than what window.format can write");
	told(HEAD STREAM PATH "    window: { column: ID }\n"
	     "    query: { s: '{window.from}' }\n"
	     NO_PAGES AT,
	     "7:15: window.column: ID is text; expected a timestamp");
	told(HEAD STREAM PATH "    window: { column: TA }\n"
	     "    query: { s: '{window.from}' }\n"
	     NO_PAGES AT,
	     "7:15: window.column: no column TA; columns are ID, AT");
	told(HEAD STREAM PATH "    window: { column: AT, format: hh }\n"
	     "    query: { s: '{window.from}' }\n"
	     NO_PAGES AT,
	     "7:27: window.format: expected iso, unix, unix_ms or a pattern such as "
	     "YYYY-MM-DD, found \"hh\"");
	told(HEAD STREAM PATH "    window: { format: iso }\n"
	     "    query: { s: '{window.from}' }\n"
	     NO_PAGES AT,
	     "7:5: window: column is required");
	told(HEAD STREAM PATH "    query: { s: '{window.from}' }\n"
	     NO_PAGES AT,
	     "7:17: {window.from}: issues has no window");
	told(HEAD STREAM PATH "    window: { column: AT }\n"
	     "    query: { s: '{window.form}' }\n"
	     NO_PAGES AT,
	     "8:17: {window.form}: window has from, until, last; did you mean from?");
	told(HEAD STREAM PATH "    keeps: nothing\n"
	     "    window: { column: AT }\n"
	     "    query: { s: '{window.from}' }\n"
	     NO_PAGES AT,
	     "7:5: keeps: nothing and window exclude each other");
	told(HEAD STREAM PATH "    window: { column: AT, step: 0s }\n"
	     "    query: { s: '{window.from}', u: '{window.until}' }\n"
	     NO_PAGES AT,
	     "7:27: window.step: expected a duration such as 6s or 1d, found \"0s\"");
	told(HEAD STREAM PATH "    window: { column: AT }\n"
	     "    query: { s: '{window.from}' }\n"
	     "    count: { path: /count, at: '' }\n"
	     NO_PAGES AT,
	     "9:5: count needs {window.until} or {window.last} in the request");
	told(HEAD STREAM PATH "    window: { column: AT }\n"
	     "    query: { s: '{window.from}', u: '{window.until}' }\n"
	     "    count: { path: count, at: n, query: { x: 1 } }\n"
	     NO_PAGES AT,
	     "9:14: count.path: expected to begin with /\n"
	     "9:27: count.at: expected a pointer such as /n, found \"n\"");
	told(HEAD STREAM PATH "    window: { column: AT }\n"
	     "    query: { s: '{window.from}', u: '{window.until}' }\n"
	     "    count: { path: /count, at: '', query: { x: "
	     "'{paging.page}{window.until}' } }\n"
	     NO_PAGES AT,
	     "9:48: {paging.page}: count has one answer, no pages");
}

static void repeats_are_checked(void **state)
{
	(void)state;
	told(HEAD LISTS STREAM PATH "    repeat: { over: settings.locs }\n"
	     TAIL,
	     "8:5: repeat is given but {item.…} is nowhere in the request: every "
	     "element would ask for the same");
	told(HEAD LISTS STREAM PATH "    repeat: { over: locs }\n"
	     "    query: { l: '{item.id}' }\n"
	     TAIL,
	     "8:15: repeat.over: expected settings.NAME");
	told(HEAD LISTS STREAM PATH "    repeat: { over: settings.loc }\n"
	     "    query: { l: '{item.id}' }\n"
	     TAIL,
	     "8:15: repeat.over: no list settings.loc; did you mean settings.locs?");
	told(HEAD LISTS STREAM PATH "    repeat: { over: settings.who }\n"
	     "    query: { l: '{item.id}' }\n"
	     TAIL,
	     "8:15: repeat.over: settings.who is no list");
	told(HEAD LISTS STREAM PATH "    repeat: { over: settings.locs, id: [idd] }\n"
	     "    query: { l: '{item.id}' }\n"
	     TAIL,
	     "8:41: repeat.id: settings.locs has no field \"idd\"");
	told(HEAD LISTS STREAM PATH "    repeat: { over: settings.locs, batch: 0 }\n"
	     "    query: { l: '{item.id}' }\n"
	     TAIL,
	     "8:36: repeat.batch: expected a whole number from 1 to 1000, found 0");
	told(HEAD LISTS STREAM PATH "    repeat: { over: settings.locs }\n"
	     "    query: { l: '{item.idd}' }\n"
	     TAIL,
	     "9:17: {item.idd}: settings.locs has id, n; did you mean id?");
	told(HEAD LISTS STREAM PATH "    repeat: { over: settings.tags }\n"
	     "    query: { l: '{item.id}' }\n"
	     TAIL,
	     "9:17: {item.id}: settings.tags has value");
}

static void slots_are_checked(void **state)
{
	(void)state;
	told(HEAD LISTS STREAM PATH "    query: { l: '{item.id}' }\n"
	     TAIL,
	     "8:17: {item.id}: item needs repeat, or rows: settings.LIST");
	told(HEAD LISTS STREAM PATH "    query: { l: '{settings.whoo}' }\n"
	     TAIL,
	     "8:17: {settings.whoo}: settings has locs, tags, who, key, may; did "
	     "you mean who?");
	told(HEAD LISTS STREAM PATH "    query: { l: '{setings.who}' }\n"
	     TAIL,
	     "8:17: {setings.who}: no scope \"setings\"; did you mean settings?");
	told(HEAD LISTS STREAM PATH "    query: { l: '{x}' }\n"
	     TAIL,
	     "8:17: {x}: expected {scope.name} with a scope of settings, item, "
	     "parent, window, paging, run, auth; a brace of its own is written {{ or }}");
	told(HEAD LISTS STREAM PATH "    query: { l: '{settings.}' }\n"
	     TAIL,
	     "8:17: {settings.}: expected a name of letters, digits, _ or - behind the dot");
	told(HEAD LISTS STREAM PATH "    query: { l: 'a } b' }\n"
	     TAIL,
	     "8:17: a } has no {; a brace of its own is written }}");
	told(HEAD LISTS STREAM PATH "    query: { l: 'a { b' }\n"
	     TAIL,
	     "8:17: a { has no }; a brace of its own is written {{");
	told(HEAD LISTS STREAM PATH "    query: { l: '{auth.token}' }\n"
	     TAIL,
	     "8:17: {auth.token}: auth may stand under auth only");
	told(HEAD LISTS STREAM PATH "    query: { l: '{parent.ID}' }\n"
	     TAIL,
	     "8:17: {parent.ID}: parent needs for_each");
	told(HEAD LISTS STREAM PATH "    repeat: { over: settings.locs, match: index }\n"
	     "    query: { l: '{item.id}' }\n"
	     TAIL,
	     "8:36: repeat.match: expected position, found \"index\"");
	told(HEAD LISTS STREAM PATH "    repeat: { over: settings.locs, batch: 100 }\n"
	     "    query: { l: '{item.id}' }\n"
	     NO_PAGES "    key: [ID]\n"
	     "    columns: { ID: text, L: { type: text, value: '{item.id}' } }\n",
	     "8:36: repeat.batch 100: columns may use {item.…} only with match: position");
	told(HEAD LISTS STREAM PATH
	     "    repeat: { over: settings.locs, batch: 100, match: position }\n"
	     "    query: { l: '{item.id}', p: '{paging.page}' }\n"
	     "    paging: { page: 1 }\n"
	     "    key: [ID]\n"
	     "    columns: { ID: text }\n",
	     "8:48: repeat.match: position needs paging: none");
}

static void secrets_and_absent_values_stay_out_of_paths_and_columns(void **state)
{
	(void)state;
	told(HEAD LISTS STREAM "    path: /{settings.key}\n"
	     TAIL,
	     "7:11: {settings.key}: a secret must not stand in a path or a host");
	told(HEAD LISTS STREAM "    path: /{settings.may}\n"
	     TAIL,
	     "7:11: {settings.may}: in a path or a host it must be required or have "
	     "a default");
	told(HEAD LISTS STREAM "    path: /{item.n}\n"
	     "    repeat: { over: settings.locs }\n"
	     TAIL,
	     "7:11: {item.n}: in a path or a host it must be required or have a default");
	told(HEAD LISTS STREAM PATH NO_PAGES "    key: ID\n"
	     "    columns: { ID: text, K: { type: text, value: '{settings.key}' }, "
	     "P: { type: text, value: '{paging.page}' }, A: { type: text, value: "
	     "'{auth.token}' } }\n",
	     "10:50: {settings.key}: a secret must not stand in a column\n"
	     "10:94: {paging.page}: paging must not stand in a column\n"
	     "10:137: {auth.token}: auth may stand under auth only");
}

static void children_are_checked(void **state)
{
	(void)state;
	told(HEAD STREAM PATH TAIL "  comments:\n"
	     "    for_each: isues\n"
	     "    path: /{parent.ID}\n"
	     TAIL,
	     "11:5: for_each: no stream \"isues\"; did you mean issues?");
	told(HEAD STREAM PATH TAIL "  comments:\n"
	     "    for_each: issues\n"
	     "    path: /x\n"
	     TAIL,
	     "11:5: for_each is given but {parent.…} is nowhere in the request: "
	     "every row would ask for the same");
	told(HEAD STREAM PATH TAIL "  comments:\n"
	     "    for_each: issues\n"
	     "    path: /{parent.IDD}\n"
	     TAIL,
	     "12:11: {parent.IDD}: issues has ID; did you mean ID?");
	told(HEAD STREAM PATH TAIL "  comments:\n"
	     "    for_each: issues\n"
	     "    path: /{parent.ID}\n"
	     "    window: { column: A }\n"
	     "    repeat: { over: settings.x }\n"
	     "    rows: settings\n"
	     "    count: { path: /c, at: '' }\n"
	     "    keeps: 3d\n"
	     TAIL,
	     "13:5: for_each and window exclude each other\n"
	     "14:5: for_each and repeat exclude each other\n"
	     "15:5: for_each and rows exclude each other\n"
	     "16:5: for_each and count exclude each other\n"
	     "17:5: for_each and keeps exclude each other");
	told(HEAD STREAM PATH TAIL "  comments:\n"
	     "    for_each: issues\n"
	     "    path: /{parent.ID}\n"
	     "    query: { f: '{window.from}', i: '{item.x}' }\n"
	     TAIL,
	     "13:17: {window.from}: a stream with for_each has no window of its own\n"
	     "13:37: {item.x}: item needs repeat, or rows: settings.LIST");
	told(HEAD STREAM PATH "    optional: true\n"
	     TAIL "  comments:\n"
	     "    for_each: issues\n"
	     "    path: /{parent.ID}\n"
	     TAIL,
	     "12:5: for_each: issues is optional, so comments must be");
	told(HEAD "streams:\n"
	     "  a: { for_each: b, path: '/{parent.ID}', paging: none, key: ID, "
	     "columns: { ID: text } }\n"
	     "  b: { for_each: a, path: '/{parent.ID}', paging: none, key: ID, "
	     "columns: { ID: text } }\n",
	     "5:8: for_each makes a circle: a → b → a");
	told(HEAD "streams:\n"
	     "  a: { for_each: a, path: '/{parent.ID}', paging: none, key: ID, "
	     "columns: { ID: text } }\n",
	     "5:8: for_each makes a circle: a → a");
	told(HEAD "streams:\n"
	     "  a: { for_each: b, path: '/{parent.ID}', paging: none, key: ID, "
	     "columns: { ID: text } }\n"
	     "  b: { rows: settings, key: ID, columns: { ID: { type: text, value: x } } }\n",
	     "5:8: for_each: b has its rows from the configuration; repeat over its list");
}

static void rows_out_of_settings_are_checked(void **state)
{
	(void)state;
	told(HEAD STREAM "    rows: settings\n"
	     "    path: /x\n"
	     NO_PAGES "    errors: []\n"
	     "    key: ID\n"
	     "    columns: { ID: { type: text, value: x } }\n",
	     "7:5: rows and path exclude each other\n"
	     "8:5: rows and paging exclude each other\n"
	     "9:5: rows and errors exclude each other");
	told(HEAD STREAM "    rows: settings\n"
	     "    key: ID\n"
	     "    columns: { ID: text, B: { type: text, value: '{item.x}' } }\n",
	     "8:16: columns.ID: rows come from the configuration; give value\n"
	     "8:50: {item.x}: item needs repeat, or rows: settings.LIST");
	told(HEAD STREAM "    rows: locs\n"
	     "    key: ID\n"
	     "    columns: { ID: { type: text, value: x } }\n",
	     "6:5: rows: expected settings or settings.NAME");
	told(HEAD LISTS STREAM "    rows: settings.loc\n"
	     "    key: ID\n"
	     "    columns: { ID: { type: text, value: '{item.x}' } }\n",
	     "7:5: rows: no list settings.loc; did you mean settings.locs?");
	told(HEAD LISTS STREAM "    rows: settings.who\n"
	     "    key: ID\n"
	     "    columns: { ID: { type: text, value: '{item.x}' } }\n",
	     "7:5: rows: settings.who is no list");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_checked),
		cmocka_unit_test(keys_of_streams_are_checked),
		cmocka_unit_test(paging_is_checked),
		cmocka_unit_test(an_end_of_a_window_is_never_written_as_a_month),
		cmocka_unit_test(windows_are_checked),
		cmocka_unit_test(repeats_are_checked),
		cmocka_unit_test(slots_are_checked),
		cmocka_unit_test(secrets_and_absent_values_stay_out_of_paths_and_columns),
		cmocka_unit_test(children_are_checked),
		cmocka_unit_test(rows_out_of_settings_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
