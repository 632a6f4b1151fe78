/* What is common to the tests of wrong connectors: parts of a right one, and the comparison. */
#ifndef FIRN_TESTS_CONNECTOR_CASE_H
#define FIRN_TESTS_CONNECTOR_CASE_H

#include "connector/connector.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#define HEAD "format: 1\nconnector: github\nbase_url: https://api.github.com\n"
#define LISTS "settings: { locs: { type: list, required: true, fields: { id: { type: text, " \
	      "required: true }, n: { type: int } } }, tags: { type: list }, who: { type: text, " \
	      "required: true }, key: { type: secret }, may: { type: text } }\n"
#define STREAM "streams:\n  issues:\n"
#define PATH "    path: /issues\n"
#define NO_PAGES "    paging: none\n"
#define TAIL NO_PAGES "    key: [ID]\n    columns: { ID: text }\n"
#define AT "    key: [ID]\n    columns: { ID: text, AT: timestamp }\n"

/* `messages` without the file's name in front of each line, and without the last line's end. */
static inline void told(const char *text, const char *messages)
{
	struct connector *connector = NULL;
	struct err err = {.kind = ERR_NONE};
	struct buf found, expected;
	buf_init(&found, 1 << 20);
	buf_init(&expected, 1 << 20);
	for (const char *line = messages; line != NULL && *line != '\0';) {
		const char *end = strchr(line, '\n');
		size_t size = end == NULL ? strlen(line) : (size_t)(end - line);
		buf_addf(&expected, "f:%.*s\n", (int)size, line);
		line = end == NULL ? NULL : end + 1;
	}
	if (connector_parse(&connector, span_of(text), "f", &found, &err))
		fail_msg("taken:\n%s", text);
	if (strcmp(buf_text(&found), buf_text(&expected)) != 0)
		print_message("in:\n%s", text);
	assert_string_equal(buf_text(&found), buf_text(&expected));
	assert_int_equal(err.kind, ERR_USAGE);
	assert_memory_equal(err.text, buf_text(&found), strlen(err.text)); /* the first line */
	assert_null(connector);
	buf_done(&found);
	buf_done(&expected);
}

#endif
