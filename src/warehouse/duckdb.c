/* Opening a DuckDB file: its lock, its settings, what a crash left behind.
 *
 * The settings of a load were measured (bench/README.md). What they are for: memory that does not
 * grow (a small memory_limit, one thread, a folder to spill into), few rewritten bytes (no vacuum
 * at checkpoints: by default DuckDB rewrites whole row groups to join the short ones that each
 * commit leaves, a quarter of all work), and a storage version whose string compression needs
 * less memory (a file of an older version keeps its own).
 *
 * A reader gets more memory and cannot touch anything outside of the file: access_mode alone
 * would still let COPY write files, ATTACH make them, and functions read them. */
#include "warehouse/duckdb.h"

#include "base/bounds.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/process.h"
#include "base/pulse.h"
#include "warehouse/arrow_read.h"
#include "warehouse/warehouse_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	OPTIONS_MAX = 16,
	WASTE_ROWS_MIN = 122880, /* a row group */
};

const struct adbc_option DUCKDB_INGEST[] = {
	{"adbc.ingest.temporary", "true"},
	{NULL, NULL},
};

/* --- errors --- */

static bool begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

static enum err_kind judge_io(const char *text)
{
	if (strstr(text, "Could not set lock") != NULL)
		return ERR_BUSY;
	if (strstr(text, "No such file") != NULL || strstr(text, "does not exist") != NULL ||
	    strstr(text, "not a valid DuckDB") != NULL ||
	    strstr(text, "version number") != NULL || strstr(text, "ermission denied") != NULL)
		return ERR_USAGE;
	return ERR_DISK;
}

static bool is_space(const char *text)
{
	return strstr(text, "No space left") != NULL || strstr(text, "not enough space") != NULL ||
	       strstr(text, "max_temp_directory_size") != NULL ||
	       strstr(text, "Could not write") != NULL;
}

/* DuckDB's messages begin with the class of the error; the driver gives no other code. */
enum err_kind duckdb_judge(const struct adbc_failure *failure)
{
	static const struct { const char *begin; enum err_kind kind; } CLASSES[] = {
		{"Constraint Error", ERR_DATA},
		{"Conversion Error", ERR_DATA},
		{"Out of Range Error", ERR_DATA},
		{"Mismatch Type Error", ERR_DATA},
		{"Out of Memory Error", ERR_MEMORY},
		{"INTERRUPT Error", ERR_STOPPED},
		{"Permission Error", ERR_USAGE},
	};
	const char *text = failure->text;
	if (begins(text, "IO Error"))
		return judge_io(text);
	if (is_space(text))
		return ERR_DISK;
	if (begins(text, "TransactionContext Error") && strstr(text, "onflict") != NULL)
		return ERR_TRANSIENT;
	if (begins(text, "TransactionContext Error") && strstr(text, "read-only") != NULL)
		return ERR_USAGE;
	if (begins(text, "Invalid Input Error"))
		return strstr(text, "read-only") != NULL ? ERR_USAGE : ERR_DATA;
	for (size_t i = 0; i < sizeof CLASSES / sizeof CLASSES[0]; i++) {
		if (begins(text, CLASSES[i].begin))
			return CLASSES[i].kind;
	}
	return ERR_REMOTE;
}

/* "Conflicting lock is held in /usr/bin/python3.11 (PID 123) by user x. See also …" becomes
 * "'x.duckdb' is held by python3.11 (process 123)". */
static bool name_holder(const char *path, struct err *reterr)
{
	char found[ERR_TEXT_BYTES];
	snprintf(found, sizeof found, "%s", reterr->text);
	const char *mark = "lock is held in ";
	char *holder = strstr(found, mark);
	char *pid = holder == NULL ? NULL : strstr(holder, "(PID ");
	if (pid == NULL)
		return err_set(reterr, ERR_BUSY, "'%s' is held by another program", path);
	holder += strlen(mark);
	pid[-1] = '\0';
	pid += strlen("(PID ");
	pid[strspn(pid, "0123456789")] = '\0';
	return err_set(reterr, ERR_BUSY, "'%s' is held by %s (process %s)", path,
		       file_name_of(holder), pid);
}

/* One line that says what to do. */
static bool explain(const char *path, struct err *reterr)
{
	if (reterr->kind == ERR_BUSY)
		return name_holder(path, reterr);
	if (strstr(reterr->text, "not a valid DuckDB") != NULL)
		return err_set(reterr, ERR_USAGE, "'%s' is there, but it is no DuckDB file", path);
	if (strstr(reterr->text, "version number") != NULL)
		return err_set(reterr, ERR_USAGE, "'%s' was written by a newer DuckDB than this"
			       " firn can read", path);
	char *line = strchr(reterr->text, '\n');
	if (line != NULL)
		*line = '\0';
	if (begins(reterr->text, "[Driver Manager]"))
		reterr->kind = ERR_USAGE;
	return err_at(reterr, "cannot open '%s'", path);
}

/* --- opening --- */

struct settings {
	struct adbc_option at[OPTIONS_MAX];
	size_t n;
};

static void set(struct settings *settings, const char *name, const char *value)
{
	settings->at[settings->n++] = (struct adbc_option){name, value};
}

static void choose(struct settings *settings, const char *path, const char *spill, bool read_only,
		   const char *memory)
{
	set(settings, "path", path);
	if (read_only) {
		set(settings, "access_mode", "READ_ONLY");
		set(settings, "enable_external_access", "false"); /* before temp_directory */
	} else {
		set(settings, "threads", "1");
		set(settings, "preserve_insertion_order", "false");
		set(settings, "storage_compatibility_version", "v1.3.0");
		set(settings, "max_vacuum_tasks", "0");
	}
	set(settings, "memory_limit", memory);
	set(settings, "temp_directory", spill);
	set(settings, "autoinstall_known_extensions", "false");
	set(settings, "autoload_known_extensions", "false");
	set(settings, "arrow_lossless_conversion", "true"); /* results tell JSON from text */
}

/* A reader spills into a folder of its own: the names that DuckDB gives to what it spills are the
 * same in every process. */
static bool spill_folder(struct buf *ret, const char *path, bool read_only, struct err *reterr)
{
	buf_addf(ret, "%s.tmp", path);
	if (read_only)
		buf_addf(ret, "-%d", process_id());
	return buf_ok(ret, reterr);
}

static bool open_once(struct warehouse *warehouse, const struct warehouse_options *options,
		      const char *path, struct err *reterr)
{
	char memory[32];
	int64_t bytes = options->read_only ? DUCKDB_READ_BYTES : DUCKDB_LOAD_BYTES;
	struct settings settings = {.n = 0};
	struct buf spill;
	buf_init(&spill, PATH_BYTES_MAX);
	snprintf(memory, sizeof memory, "%lldB", (long long)bytes);
	bool done = spill_folder(&spill, path, options->read_only, reterr);
	if (done) {
		choose(&settings, path, buf_text(&spill), options->read_only, memory);
		done = adbc_open(&warehouse->adbc, options->driver, "duckdb_adbc_init",
				 settings.at, settings.n, duckdb_judge, reterr) ||
		       explain(options->path, reterr);
	}
	buf_done(&spill);
	return done;
}

static bool wait_for_lock(struct warehouse *warehouse, const struct warehouse_options *options,
			  const char *path, struct err *reterr)
{
	int64_t end_ms = clock_mono_ms() + options->lock_wait_ms;
	for (;;) {
		struct err why = {.kind = ERR_NONE};
		if (open_once(warehouse, options, path, &why))
			return true;
		int64_t left_ms = end_ms - clock_mono_ms();
		if (why.kind != ERR_BUSY || left_ms <= 0) {
			*reterr = why;
			return false;
		}
		pulse_beat(options->pulse, "waiting for the database's lock");
		if (options->waiting != NULL && !options->waiting(options->user, why.text)) {
			*reterr = why;
			reterr->kind = ERR_STOPPED;
			return err_at(reterr, "gave up waiting");
		}
		clock_sleep_ms(left_ms < LOCK_LOOK_MS ? left_ms : LOCK_LOOK_MS);
	}
}

/* --- what a crash left behind --- */

struct spilled {
	struct buf folder; /* first the file's folder, then one that was spilled into */
	const char *name;  /* the file's */
	struct buf found;  /* folders, each with a NUL behind it */
};

static bool note_folder(void *user, const char *name)
{
	struct spilled *spilled = user;
	size_t size = strlen(spilled->name);
	if (strncmp(name, spilled->name, size) == 0 && begins(name + size, ".tmp"))
		buf_add(&spilled->found, name, strlen(name) + 1);
	return true;
}

static bool remove_file(void *user, const char *name)
{
	struct spilled *spilled = user;
	struct err ignored = {.kind = ERR_NONE};
	struct buf path;
	buf_init(&path, PATH_BYTES_MAX);
	if (begins(name, "duckdb_temp_") &&
	    file_join(&path, buf_text(&spilled->folder), name, &ignored))
		(void)remove(buf_text(&path));
	buf_done(&path);
	return true;
}

/* Whoever could still use it would hold the file. What cannot be removed is left: it is a waste
 * of space, and no reason to load nothing. */
static void remove_spilled(const char *path)
{
	struct err ignored = {.kind = ERR_NONE};
	struct spilled spilled = {.name = file_name_of(path)};
	buf_init(&spilled.folder, PATH_BYTES_MAX);
	buf_init(&spilled.found, 64 * KIB);
	buf_add_span(&spilled.folder, file_folder_of(path));
	bool found = file_each(buf_text(&spilled.folder), note_folder, &spilled, &ignored) &&
		     !spilled.found.failed;
	size_t base = spilled.folder.size;
	for (size_t at = 0; found && at < spilled.found.size;) {
		const char *name = spilled.found.data + at;
		at += strlen(name) + 1;
		buf_cut(&spilled.folder, base);
		buf_addf(&spilled.folder, "/%s", name);
		if (!spilled.folder.failed &&
		    file_each(buf_text(&spilled.folder), remove_file, &spilled, &ignored))
			(void)remove(buf_text(&spilled.folder)); /* empty by now, or not ours */
	}
	buf_done(&spilled.found);
	buf_done(&spilled.folder);
}

/* A file of another program may be of a version that stores unpacked what is to be packed as it
 * does not know how ("v1.0.0+"). */
static bool see_version(struct warehouse *warehouse, struct err *reterr)
{
	int64_t knows = 0;
	buf_add_text(&warehouse->sql, "SELECT COUNT(*) FROM duckdb_databases() WHERE database_name"
				      " = current_database() AND tags['storage_version'] >="
				      " 'v1.2'");
	if (!warehouse_run(warehouse, &knows, 1, reterr))
		return false;
	warehouse->packs = knows > 0;
	return true;
}

static bool settle(struct warehouse *warehouse, struct err *reterr)
{
	if (!warehouse_run_text(warehouse, "SET TimeZone = 'UTC'", reterr))
		return false;
	return warehouse->read_only
		? warehouse_run_text(warehouse, "SET lock_configuration = true", reterr)
		: see_version(warehouse, reterr);
}

/* A bare name is given a folder: "a:b.duckdb" alone would be read as an extension's prefix. */
bool duckdb_open(struct warehouse *warehouse, const struct warehouse_options *options,
		 struct err *reterr)
{
	bool done = false;
	struct buf path;
	buf_init(&path, PATH_BYTES_MAX);
	if (options->path[0] != '/')
		buf_add_text(&path, "./");
	buf_add_text(&path, options->path);
	if (!buf_ok(&path, reterr))
		goto out;
	if (options->read_only && !file_exists(buf_text(&path))) {
		err_set(reterr, ERR_USAGE, "there is no file '%s' yet", options->path);
		goto out;
	}
	if (!wait_for_lock(warehouse, options, buf_text(&path), reterr))
		goto out;
	warehouse->sealed = options->read_only;
	if (!options->read_only)
		remove_spilled(buf_text(&path));
	if (!settle(warehouse, reterr))
		goto out;
	warehouse->path = buf_take(&path);
	done = warehouse->path != NULL || err_memory(reterr);
out:
	buf_done(&path);
	return done;
}

struct waste {
	struct buf sql; /* for each table its rows and its row numbers */
	const struct dialect *dialect;
};

static bool add_table(void *user, struct arrow_reader *reader, struct err *reterr)
{
	struct waste *waste = user;
	struct span name;
	struct buf text;
	buf_init(&text, SQL_BYTES_MAX);
	if (arrow_text(reader, 0, &name))
		buf_add_span(&text, name);
	buf_add_text(&waste->sql, waste->sql.size == 0 ? "" : " UNION ALL ");
	buf_add_text(&waste->sql, "SELECT COUNT(*) AS n, COALESCE(MAX(rowid), -1) + 1 AS room"
				  " FROM ");
	sql_name(&waste->sql, buf_text(&text));
	buf_done(&text);
	return buf_ok(&waste->sql, reterr);
}

/* Row numbers are given away once, until a row group is written anew: a table with many more of
 * them than rows is full of holes. */
static bool is_wasteful(struct warehouse *warehouse, bool *ret, struct err *reterr)
{
	struct waste waste = {.dialect = warehouse->dialect};
	int64_t tables = 0;
	buf_init(&waste.sql, SQL_BYTES_MAX);
	buf_add_text(&warehouse->sql, "SELECT table_name FROM duckdb_tables() WHERE NOT internal"
		     " AND NOT temporary AND database_name = current_database() AND schema_name ="
		     " current_schema()");
	bool done = warehouse_each(warehouse, add_table, &waste, reterr);
	if (done && waste.sql.size > 0) {
		buf_add_text(&warehouse->sql, "SELECT COUNT(*) FROM (");
		buf_add_span(&warehouse->sql, buf_span(&waste.sql));
		buf_addf(&warehouse->sql, ") WHERE room - n > %d AND room - n > room / 4",
			 WASTE_ROWS_MIN);
		done = warehouse_run(warehouse, &tables, 1, reterr);
	}
	buf_done(&waste.sql);
	*ret = tables > 0;
	return done;
}

/* Rewrites what has become garbage to more than a quarter, by the vacuum that is off while rows
 * are loaded. Where it fails the next load that replaces rows tries again. */
void duckdb_closing(struct warehouse *warehouse)
{
	struct err ignored = {.kind = ERR_NONE};
	bool wasteful = false;
	if (!warehouse->replaced || !is_wasteful(warehouse, &wasteful, &ignored) || !wasteful ||
	    !warehouse_run_text(warehouse, "SET max_vacuum_tasks = 100", &ignored) ||
	    !warehouse_run_text(warehouse, "CHECKPOINT", &ignored))
		return;
}

/* Rows come late rather than never. What needs more than the budget that is ample for everything
 * else: cells of many megabytes; new versions of rows that are scattered over ten million others
 * (a deleted row costs 16 KiB for every 2048 rows around it, until the checkpoint); many updates
 * in place. */
bool duckdb_more_memory(struct warehouse *warehouse)
{
	struct err ignored = {.kind = ERR_NONE};
	int64_t bytes = (warehouse->memory_bytes == 0 ? DUCKDB_LOAD_BYTES
						      : warehouse->memory_bytes) * 2;
	if (bytes > DUCKDB_LATE_BYTES)
		return false;
	warehouse->memory_bytes = bytes;
	buf_addf(&warehouse->sql, "SET memory_limit = '%lldB'", (long long)bytes);
	return warehouse_run(warehouse, NULL, 0, &ignored);
}

void duckdb_usual_memory(struct warehouse *warehouse)
{
	struct err ignored = {.kind = ERR_NONE};
	if (warehouse->memory_bytes == 0)
		return;
	buf_addf(&warehouse->sql, "SET memory_limit = '%lldB'", (long long)DUCKDB_LOAD_BYTES);
	if (warehouse_run(warehouse, NULL, 0, &ignored))
		warehouse->memory_bytes = 0;
}
