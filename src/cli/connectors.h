/* The parts of `firn connectors`. */
#ifndef FIRN_CLI_CONNECTORS_H
#define FIRN_CLI_CONNECTORS_H

#include "cli/cli.h"
#include "connector/connector.h"

/* describe.c: a connector for people, lines of at most DESCRIBE_COLUMNS. */
enum { DESCRIBE_COLUMNS = 80 };
bool connectors_describe(const struct connector *, struct buf *out);
/* Words, broken at blanks; the first line begins at column `at`, further ones at `indent`. Ends
 * with a line end. */
void connectors_wrap(struct buf *out, size_t at, size_t indent, const char *text);

/* What a terminal would obey becomes `?`: a file or an API may come from anybody. */
void connectors_tame(struct buf *text);

/* cmd_try.c: `firn connectors try`. */
int connectors_try(struct cli *, const char *name, bool is_path);

#endif
