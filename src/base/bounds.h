/* Every limit of the program, by name. A limit that is not here is a bug.
 *
 * Memory as a whole: answers in flight + batches on their way to the warehouse + the warehouse
 * library's own budget stay under 224 MiB, whatever the number of records (design: promise 5). */
#ifndef FIRN_BASE_BOUNDS_H
#define FIRN_BASE_BOUNDS_H

enum {
	KIB = 1024,
	MIB = 1024 * KIB,
	GIB = 1024 * MIB,

	/* text and files */
	PATH_BYTES_MAX = 4096,
	FILE_NAME_BYTES_MAX = 255, /* one part of a path; what file systems take */
	CONFIG_BYTES_MAX = 1 * MIB,   /* a configuration, a connector file */
	CONFIG_DEPTH_MAX = 16,
	CONFIG_NODES_MAX = 200000,    /* scalars, lists and maps of a file, keys too */
	CONFIG_ERRORS_MAX = 20,       /* mistakes told at once */
	PIPELINE_BYTES_MAX = 100,     /* of a name */
	SECRET_BYTES_MAX = 64 * KIB,  /* ${file:}, ${cmd:} */
	SCHEDULE_TIMES_MAX = 48,      /* times of day */
	TOKENS_NOTED_MAX = 1000,      /* given out by a server, kept out of what is printed */
	STATE_BYTES_MAX = 64 * MIB,   /* state.json */
	SQL_BYTES_MAX = 16 * MIB,     /* a statement, ours or the user's */
	NEAREST_BYTES_MAX = 64,       /* longer names are not looked for in "did you mean" */
	LOCK_BYTES_MAX = 4 * KIB,     /* what a lock file says of its holder */
	CHILD_REPORT_BYTES = 32 * KIB, /* of a child's work; a pipe takes more than that at once */
	LOG_LINE_BYTES_MAX = 64 * KIB, /* of one message; the rest is cut off */
	LOG_ROOM_BYTES = 64 * KIB,    /* free on the log's disk: it is not full any more. On a full
	                               * one the page that is begun takes some lines yet */
	ZONE_BYTES_MAX = 256 * KIB,   /* a time zone's file */
	ZONE_NAMES_MAX = 4000,        /* looked through for the nearest name */
	VIEW_TABLES_MAX = 16,         /* that one view reads */

	/* connectors */
	STREAMS_MAX = 200,
	COLUMNS_MAX = 500,
	NAME_BYTES_MAX = 128,         /* of a stream, a setting, a table, a column */
	POINTER_DEPTH_MAX = 32,
	SETTINGS_MAX = 200,
	ENTRIES_MAX = 100,            /* of a query, of headers, of a list in a connector */
	BASE_URL_BYTES_MAX = 2048,
	CONNECTOR_BYTES_MAX = 64 * MIB, /* that one takes, its defaults in every stream */

	/* answers */
	ANSWER_BYTES_MAX = 256 * MIB, /* default of http.max_answer */
	FLIGHT_BYTES_MAX = 24 * MIB,  /* answers not yet shaped: above it nothing is asked */
	HEADER_BYTES_MAX = 256 * KIB,
	URL_BYTES_MAX = 64 * KIB,
	REQUEST_BYTES_MAX = 1 * MIB,  /* of a request's body */
	RECEIVE_BYTES = 128 * KIB,    /* read from a connection at once */
	BODY_RESERVE_MAX = 4 * MIB,   /* on the server's word alone, before its bytes came */
	JSON_DEPTH_MAX = 128,         /* deeper values are no column's */
	PAGES_MAX = 1000000,          /* of one window */
	WINDOWS_MAX = 100000,         /* of one load and stream */
	RUNS_PENDING_MAX = 1000,      /* run rows that wait for the next load */
	DRY_RUN_PAGE_RECORDS = 500,   /* taken for a page where only a count is known */
	CHILDREN_QUEUED_MAX = 1000,   /* rows of a parent whose children are not asked for yet */
	FINDINGS_MAX = 1000,          /* kept for status */
	GAPS_MAX = 200,               /* of one part, shown by status */
	HISTORY_DAYS_MAX = 60,        /* days whose rows are counted for status, of each stream */
	TABLE_ROWS_KEPT = 10000,      /* measured before the first line is written */

	/* batches on their way to the warehouse */
	BATCH_ROWS_MAX = 10000,
	BATCH_BYTES_MAX = 8 * MIB,
	SNOWFLAKE_BATCH_ROWS_MAX = 100000, /* fewer and larger: each costs it five statements */
	SNOWFLAKE_BATCH_BYTES_MAX = 12 * MIB, /* of one; all streams together have twice as much;
						 * measured: docs/BENCHMARKS.md */
	RSA_BITS_MIN = 2048,          /* what Snowflake takes */
	QUEUE_BATCHES_MAX = 2,        /* sealed, not yet staged */
	MERGE_ROWS_MAX = 300000,      /* staged rows of a table that make a transaction due */
	COMMIT_WINDOWS_MAX = 500,     /* of one commit, waiting ones too: each is a row in the text
				       * of a statement; more of them go in several commits */
	TAIL_ROWS_MAX = 100000,       /* of as many windows as are asked at once, on average: then
				       * twice as many may be open at a load's end */
	KEYS_MAX = 4000000,           /* told apart in one window; more are counted as rows */
	MERGE_BYTES_MAX = 200 * MIB,
	DUCKDB_LOAD_BYTES = 84 * 1000 * 1000, /* what DuckDB may use while rows are loaded: with
	                               * 100 the program took 227 MiB for 10,000,000 rows,
	                               * with this 221 */
	DUCKDB_LATE_BYTES = 800 * 1000 * 1000, /* for a commit that did not fit into that */
	DUCKDB_READ_BYTES = 512 * MIB, /* of a reader: status, query, report */
	REFUSED_ROWS_MAX = 1000,      /* of a table, found in one commit; more of them fail it */
	CELL_BYTES_MAX = 16 * MIB - 64 * KIB, /* Snowflake's limit of a cell, less a margin */

	/* patience */
	TRIES_MAX = 5,                /* of one request that failed for a transient reason */
	WAREHOUSE_LOCK_WAIT_MS = 10 * 60 * 1000,
	WAREHOUSE_STATEMENT_S = 2 * 3600, /* Snowflake ends one that takes longer */
	LOGIN_WAIT_MS = 2 * 60 * 1000,   /* to sign in to Snowflake */
	CHECK_LOGIN_WAIT_MS = 20 * 1000, /* in `check`, where a person waits */
	REQUEST_WAIT_MS = 5 * 60 * 1000, /* one request to it, repeated while it cannot answer */
	RESTARTS_MAX = 2,             /* of one window */
	LOCK_LOOK_MS = 1000,          /* between two looks at a file that somebody holds */
	BACKOFF_BASE_MS = 1000,       /* the first wait is a random part of it, each next doubles */
	BACKOFF_CAP_MS = 60 * 1000,
	HOST_WAIT_MS_MIN = 1000,      /* of a host that says to wait, whatever it says */
	RETRY_AFTER_S_MAX = 366 * 86400, /* what a server asks beyond that is taken for that */
	RETRY_RUN_BASE_S = 60,        /* start: the pause after a failed run, each next doubles */
	RETRY_RUN_CAP_S = 3600,
	RUN_LATE_S = 3600,            /* status: so long after it was due a run is nobody's */
	STOP_RUN_MS = 8 * 1000,       /* start: a run that is asked to end is killed after it */

	RUN_SILENT_MS = 3 * 3600 * 1000, /* start: a run without a sign of life is killed after
	                               * it: longer than any statement, its request's repeats
	                               * and a lock that is waited for */
	PULSE_LOOK_MS_MAX = 10 * 1000, /* start: between two looks at the run's pulse; what was
	                               * longer was no silence of the run */

	/* delivery */
	DELIVER_IN_FLIGHT_MAX = 32,
	DELIVER_IN_FLIGHT = 8,        /* objects of a run that are sent at once */
	DELIVER_NAMES = 2048,         /* of waiting segments held at once: 800 KiB */
	DELIVER_HELD_BYTES = 64 * KIB, /* a larger body is read while it is sent */
	DELIVER_TRIES_MAX = 5,        /* of one segment, while others go through */
	DELIVER_STOP_MS = 5000,       /* for what is on its way when somebody asks to stop */
	DELIVER_DOUBTS_MAX = 8,       /* refused in a row, for reasons unknown, before it ends */
	CREDENTIALS_MARGIN_S = 300,   /* keys are renewed so long before they end */
	CREDENTIALS_WAIT_MS = 30000,  /* for whoever gives out keys */
	METADATA_CONNECT_MS = 1000,   /* to an address that is only there on a cloud's machine */

	/* connectors try */
	TRY_PAGES_MAX = 1000,
	TRY_ROWS_SHOWN = 10,
	TRY_NOTES_MAX = 10,           /* lines about rescued values, and about rejected records */
	SIGHTINGS_MAX = 500,          /* kinds of fields in EXTRA that are told apart */

	/* spool */
	SPOOL_MIB_MAX = 2048,         /* spool.max_bytes */
	SPOOL_AGE_DAYS_MAX = 90,      /* spool.max_age */
	SPOOL_PARTS_MAX = 16,         /* tables x customers being written: 300 KiB each */
	SPOOL_OLDEST_MAX = 1000,      /* segments told at once: 400 KiB */
	SPOOL_PIECE_BYTES = 64 * KIB, /* read and written at once */
	SPOOL_NEAR_PERCENT = 80,      /* of a limit: status warns */
	SPOOL_RESERVE_BYTES = 8 * MIB, /* given back when the disk is full: one segment's worth */
	SPOOL_FREE_BYTES_MIN = 64 * MIB, /* left to everybody else on that disk */
	SPOOL_FREE_FILES_MIN = 1000,  /* inodes, likewise */
	SPOOL_FILES_MAX = 1000000,    /* waiting segments: a look at all names stays under 2 s */
	SPOOL_SEAL_WAIT_MS = 60 * 1000, /* deliver.max_wait */
	SPOOL_SEAL_BYTES = 8 * MIB,   /* deliver.max_bytes */
	SPOOL_WHY_BYTES_MAX = 4 * KIB, /* of a reason beside a file in quarantine */
	REJECTED_BYTES_MAX = 4 * MIB, /* of rejected.ndjson; then the older half is dropped */
	COLLECTION_BYTES_MAX = 64 * MIB, /* of rows: then they are synced in any case */
	COLLECTION_SYNC_MS = 10 * 1000,  /* so long rows wait for others before they are synced */

	/* landed files */
	LANDED_LINE_BYTES_MAX = 32 * MIB,
	LANDED_KEEP_BYTES = 8 * MIB,  /* a smaller one's lines are kept between its two readings */
	LANDED_BATCHES_BYTES = 16 * MIB, /* in the batches of all tables together */
	LANDED_COMMIT_FILES = 10000,  /* that make a transaction due */
	LANDED_DEPTH_MAX = 32,        /* of folders below PATH */
	LANDED_OLDER_BYTES_MAX = 1 * MIB, /* of the older collector's file: one answer */
	FILES_ASKED_MAX = 500,        /* looked up in FIRN_FILES at once */

	/* report */
	REPORT_DAYS_MAX = 1100,       /* that one page shows */
	GRID_ROWS_MAX = 20000,        /* of one query */
	GRID_CELL_BYTES_MAX = 2000,
	CHART_SERIES_MAX = 8,         /* lines or stacked colours that can be told apart */
	CHART_BARS_MAX = 12,          /* rows of bars; the table behind has all */

	/* check, validate */
	CLOCK_SKEW_S_MAX = 60,        /* between us and the server, without a warning */
	DISK_FREE_MIN = 1024 * MIB,   /* less is a warning */
	ORPHAN_DAYS_MAX = 3,          /* that a row may wait for the one it refers to */
	RANGES_SHOWN_MAX = 10,        /* of missing days and holes, in one line */
};

#endif
