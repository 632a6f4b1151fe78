/* What is known of landed files that are loaded: FIRN_FILES. */
#ifndef FIRN_WAREHOUSE_FILES_H
#define FIRN_WAREHOUSE_FILES_H

#include "base/digest.h"
#include "warehouse/warehouse.h"

struct loaded_file {
	bool loaded;
	int64_t bytes;
	char sha256[SHA256_HEX + 1]; /* "": not known (Snowflake read the bucket itself) */
};

/* Looks the keys up, all in one query; ret[i] is keys[i]'s. The tables must have been prepared.
 * n is at most FILES_ASKED_MAX. */
MUST_CHECK bool warehouse_files(struct warehouse *, const char *pipeline,
				const char *const *keys, size_t n, struct loaded_file *ret,
				struct err *reterr);

#endif
