/* All that can be wrong with one answer. Nothing is wrong with a zeroed one. */
#ifndef FIRN_SIM_TWIST_H
#define FIRN_SIM_TWIST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum twist_body { BODY_WHOLE, BODY_HALF, BODY_TRAILING, BODY_HTML, BODY_EMPTY };
enum twist_wire { WIRE_WHOLE, WIRE_TORN, WIRE_RESET, WIRE_HANG, WIRE_DRIP, WIRE_CHUNKED };
enum twist_value { VALUE_LIST, VALUE_MISSING, VALUE_NULL, VALUE_OBJECT, VALUE_TEXT };
enum twist_next {
	NEXT_TRUE,
	NEXT_SELF,     /* this very request */
	NEXT_TO,       /* the page next_page */
	NEXT_HOST,     /* the true one, on another host */
	NEXT_NONE,
	NEXT_LOWER,    /* odata.nextlink */
	NEXT_RELATIVE, /* without scheme and host */
	NEXT_NULL,
	NEXT_EMPTY,    /* "" */
};

enum twist_place { PLACE_RIGHT, PLACE_ERROR, PLACE_NULL, PLACE_TEXT, PLACE_ABSENT, PLACE_TWICE };

enum { TWIST_TEXT_MAX = 256 };

struct place { /* within a body */
	double share;   /* of its size, or */
	uint64_t bytes; /* from its start, where share is 0 */
};

struct twist {
	unsigned status; /* 0: as it would be */
	char retry_after[64];
	char style[16];  /* of an error's body: flat nested reason html text empty; "": as usual */
	char message[TWIST_TEXT_MAX];
	char location[TWIST_TEXT_MAX];

	enum twist_wire wire;
	struct place at; /* of BODY_HALF, BODY_TRAILING, WIRE_TORN, WIRE_RESET, WIRE_HANG */
	int64_t wait_ms; /* before the answer; of WIRE_HANG: in it; of WIRE_DRIP: each time */
	uint64_t drip_bytes;

	enum twist_body body;
	char trailing[TWIST_TEXT_MAX];
	uint64_t large_mib;

	enum twist_next next;
	uint64_t next_page;
	char next_host[TWIST_TEXT_MAX];
	enum twist_value value;

	bool rows_before;     /* the records of the page before, once more */
	uint64_t rows_double; /* so many of the page before in front */
	uint64_t rows_drop;   /* so many at the page's start are left out */

	char record[24]; /* what is wrong with records (mischief.h), "" for nothing */
	char field[48];
	uint64_t record_rows, record_bytes;

	enum twist_place place; /* of a weather answer: one place's part */
	uint64_t place_index;

	bool count_text_given;
	int64_t count_add;
	char count_text[64];

	bool date_absent;
	int64_t date_skew_s;
};

#endif
