/* The lines of a file, gzip or plain, read piece by piece: memory is bounded by one line. What the
 * file is as a whole (bytes, hash) is known at its end. */
#ifndef FIRN_RUN_LANDED_READ_H
#define FIRN_RUN_LANDED_READ_H

#include "base/digest.h"
#include "base/err.h"
#include "base/span.h"

#include <stdbool.h>
#include <stdint.h>

struct landed_sink {
	/* A line without its line end, never empty; `number` counts from 1, empty ones too. False
	 * ends the reading with its error. */
	bool (*line)(void *user, struct span line, int64_t number, struct err *reterr);
	void *user;
};

struct landed_sum {
	int64_t bytes;  /* of the file */
	int64_t lines;  /* that are not empty */
	char sha256[SHA256_HEX + 1];
};

/* ERR_DATA: it is no whole gzip, or a line is longer than LANDED_LINE_BYTES_MAX. ERR_DISK: it
 * cannot be read. The sink may have had lines by then. */
MUST_CHECK bool landed_read(const char *path, const struct landed_sink *sink,
			    struct landed_sum *ret, struct err *reterr);
/* The same of text that is in memory, line by line; no sum. */
MUST_CHECK bool landed_read_text(struct span text, const struct landed_sink *sink,
				 struct err *reterr);
/* The hash of the file's bytes alone. */
MUST_CHECK bool landed_hash(const char *path, char ret[SHA256_HEX + 1], struct err *reterr);

#endif
