"""firn loads Snowflake: the simulated API's thirty days, and the vendor's samples, into the
emulator, read back with Snowflake's own connector. What goes wrong in between is in
test_firn_faults.py, what is said to Snowflake in test_firn_statements.py."""

import datetime
import json
import os

import pytest
from piping import END, MARCH, Pipe, START, Snow, TABLES, counts, e2e, firn_sim

TEXT, STAMP = "TEXT", "TIMESTAMP_NTZ"


@pytest.fixture(scope="module")
def march():
    with firn_sim.start("--interactions", 1200, "--page-size", 200, *MARCH) as running:
        yield running


@pytest.fixture(scope="module")
def loaded(shared, march, tmp_path_factory):
    """March in a schema of its own, for tests that only look."""
    pipe = Snow(e2e.Firn(tmp_path_factory.mktemp("loaded")), march, shared)
    pipe.done = pipe.load(START, END)
    assert pipe.done.code == 0, pipe.done
    return pipe


# --- rows ---

def test_history_equals_the_source_s_truth_row_by_row(loaded):
    loaded.check_truth()
    for entity, table in TABLES.items():
        count = loaded.one(f'SELECT COUNT(*) FROM "{table}"')
        assert count > 0 and f"{count:,} fetched" in loaded.done.out
        windows = loaded.windows(entity)
        assert windows[0][0] == datetime.datetime(2026, 3, 1)
        assert windows[-1][1] == datetime.datetime(2026, 4, 1)
        assert all(a[1] == b[0] for a, b in zip(windows, windows[1:]))
        assert sum(one[2] for one in windows) == count
        assert loaded.watermark(entity) == datetime.datetime(2026, 4, 1)
    runs = loaded.sql('SELECT "STREAM", "OUTCOME", "ERROR" FROM FIRN_RUNS ORDER BY 1')
    assert runs == [(entity, "done", None) for entity in sorted(TABLES)]
    assert loaded.one("SELECT COUNT(*) FROM FIRN_REJECTED") == 0
    log = loaded.log()
    assert "Successfully connected to Snowflake" in log and "ERROR" not in log
    assert "MERGE completed - Inserted: 1200, Updated: 0" in log


def test_a_backfill_of_many_small_windows_commits_as_it_goes(firn, march, snow):
    """Snowflake takes no statement of any length: so many windows a commit, and no more."""
    pipe = Snow(firn, march, snow, streams=["conversations"], parallel=16,
                beside="  create_views: false\n")
    done = pipe.load("2024-08-01", END)
    assert done.code == 0, done
    pipe.check_truth(["conversations"])
    windows = pipe.windows("conversations")
    assert len(windows) == 608 and pipe.watermark("conversations") == datetime.datetime(2026, 4, 1)
    assert all(a[1] == b[0] for a, b in zip(windows, windows[1:]))
    said = [one["text"] for commit in pipe.transactions() for one in commit
            if one["text"].startswith('MERGE INTO "FIRN_WINDOWS"')]
    assert len(said) >= 2
    assert all(text.count("('conversations', ") <= 500 and len(text) < 128 * 1024 for text in said)
    assert sum(text.count("('conversations', ") for text in said) == 608


def test_loaded_again_nothing_is_inserted_and_nothing_written(firn, march, snow):
    pipe = Snow(firn, march, snow, streams=["conversations", "users"])
    assert pipe.load(START, END).code == 0
    before = pipe.stamps("MOVEWORKS_CONVERSATIONS"), pipe.copy_of("conversations", "users")
    done = pipe.load(START, END, "--again")
    assert done.code == 0 and counts(done, "fetched") == [288, 40], done
    assert counts(done, "new") == [0, 0] and counts(done, "changed") == [0, 0], done
    assert (pipe.stamps("MOVEWORKS_CONVERSATIONS"),
            pipe.copy_of("conversations", "users")) == before


def test_the_vendor_s_samples_are_loaded_whole(firn, snow):
    samples = os.environ.get("FIRN_SAMPLES")
    if samples is None:
        pytest.skip("FIRN_SAMPLES does not name a folder with the vendor's samples")
    with firn_sim.start("--samples", samples, "--frozen") as sim:
        pipe = Snow(firn, sim, snow)
        done = pipe.load("2025-07-01", "2025-08-04")
        assert done.code == 0, done
        pipe.check_truth()
        done = pipe.load("2025-07-01", "2025-08-04", "--again")
        assert done.code == 0 and sum(counts(done, "new")) == 0, done
        pipe.check_truth()


def test_runs_follow_the_source_keep_history_and_change_what_was_told_again(firn, snow):
    """The older program's daily sync replaced the table; and took a republished row twice."""
    days = 10
    with firn_sim.start("--days", days, "--interactions", 400, "--page-size", 100, "--until",
                        "now", "--republish", "conversations:5:3") as sim:
        now = datetime.datetime.now(datetime.timezone.utc)

        def behind(count):
            when = now - datetime.timedelta(days=count)
            sim.set_clock(now=when.strftime("%Y-%m-%dT%H:%M:%S.000Z"), running=False)
        behind(4)
        pipe = Snow(firn, sim, snow, streams=["conversations", "users"])
        start = (now - datetime.timedelta(days=days)).strftime("%Y-%m-%d")
        assert pipe.load(start, (now - datetime.timedelta(days=5)).strftime("%Y-%m-%d")).code == 0
        history = pipe.stamps("MOVEWORKS_CONVERSATIONS")
        assert history
        changed = 0
        for day in (2, 0):
            behind(day)
            done = pipe("run")
            assert done.code == 0, done
            pipe.check_truth(["conversations", "users"])
            changed += sum(counts(done, "changed"))
        after = pipe.stamps("MOVEWORKS_CONVERSATIONS")
        assert history.keys() < after.keys()
        assert changed > 0
        kept = [key for key in history if history[key] == after[key]]
        assert 0 < len(kept) < len(history)  # only what had changed was written again


# --- tables ---

def test_tables_are_typed_commented_and_have_their_key(loaded):
    assert loaded.columns("MOVEWORKS_INTERACTIONS") == {
        "ID": TEXT, "CONVERSATION_ID": TEXT, "USER_ID": TEXT, "ACTOR": TEXT, "TYPE": TEXT,
        "PLATFORM": TEXT, "LABEL": TEXT, "PARENT_INTERACTION_ID": TEXT, "DETAILS": "VARIANT",
        "CREATED_AT": STAMP, "LAST_UPDATED_AT": STAMP, "EXTRA": "VARIANT", "LOAD_TIMESTAMP": STAMP}
    calls = loaded.columns("MOVEWORKS_PLUGIN_CALLS")
    assert calls["SERVED"] == calls["USED"] == "BOOLEAN" and calls["PLUGIN_UPDATE_TIME"] == STAMP
    windows = loaded.columns("FIRN_WINDOWS")
    assert windows["ROWS_LOADED"] == "FIXED" and windows["WINDOW_FROM"] == STAMP
    keys = loaded.read('SHOW PRIMARY KEYS IN TABLE "MOVEWORKS_USERS"')
    assert [key["column_name"] for key in keys] == ["ID"]
    described = {row["name"]: row for row in loaded.read('DESC TABLE "MOVEWORKS_USERS"')}
    assert described["HAS_ACCESS_TO_BOT"]["comment"] == "false is likely deprovisioned"
    tables = {row["name"]: row["comment"] for row in loaded.read("SHOW TABLES")}
    assert tables["MOVEWORKS_USERS"] == "One row a user, as known at the last change."
    assert not [name for name in tables if name.startswith("_FIRN")]


def test_details_hold_objects_and_not_texts_of_them(loaded):
    details = [json.loads(cell) for cell, in loaded.sql(
        "SELECT DETAILS FROM MOVEWORKS_INTERACTIONS WHERE DETAILS IS NOT NULL LIMIT 50")]
    assert details and all(isinstance(one, dict) for one in details)


def test_columns_that_a_connector_gained_are_added_and_none_is_lost(firn, march, snow):
    pipe = Snow(firn, march, snow, streams=["users"])
    assert pipe.load(START, END).code == 0
    pipe.read('ALTER TABLE "MOVEWORKS_USERS" DROP COLUMN "EMAIL_ADDR"')
    pipe.read('ALTER TABLE "MOVEWORKS_USERS" ADD COLUMN "OURS" NUMBER')
    pipe.read('UPDATE "MOVEWORKS_USERS" SET "OURS" = 7')
    done = pipe.load(START, END, "--again")
    assert done.code == 0 and counts(done, "changed") == [40], done
    assert {row["OURS"] for row in pipe.read('SELECT * FROM "MOVEWORKS_USERS"')} == {7}
    pipe.read('ALTER TABLE "MOVEWORKS_USERS" DROP COLUMN "OURS"')
    pipe.check_truth(["users"])
    altered = [one["text"] for one in pipe.statements(kinds={"ALTER TABLE"})]
    assert altered == ['ALTER TABLE "MOVEWORKS_USERS" ADD COLUMN IF NOT EXISTS "EMAIL_ADDR" TEXT']


OLDER = ('CREATE TABLE "MOVEWORKS_CONVERSATIONS" ("ID" VARCHAR, "USER_ID" VARCHAR, "ROUTE" VARCHAR,'
         ' "PRIMARY_DOMAIN" VARCHAR, "TYPE" VARCHAR, "DETAILS" VARIANT, "CREATED_AT" VARCHAR,'
         ' "LAST_UPDATED_AT" VARCHAR, "LOAD_TIMESTAMP" TIMESTAMP_NTZ)')


def test_a_table_of_the_older_program_is_refused_and_untouched(firn, march, snow):
    pipe = Snow(firn, march, snow, streams=["conversations", "users"])
    pipe.read(OLDER)
    pipe.read("INSERT INTO MOVEWORKS_CONVERSATIONS (ID, CREATED_AT) VALUES ('a', '2026-03-01')")
    before = pipe.columns("MOVEWORKS_CONVERSATIONS")
    done = pipe.load(START, END)
    assert done.code == 2 and "MOVEWORKS_CONVERSATIONS" in done.err, done
    assert "CREATED_AT is TEXT, not TIMESTAMP_NTZ" in done.err and "ddl --migrate" in done.err
    assert pipe.sql("SELECT ID, CREATED_AT FROM MOVEWORKS_CONVERSATIONS") == [("a", "2026-03-01")]
    assert pipe.columns("MOVEWORKS_CONVERSATIONS") == before
    assert {one["kind"] for one in pipe.statements()} <= {"SELECT"}


# --- what the configuration can change ---

def test_versions_are_kept_where_rows_are_appended(firn, snow):
    with firn_sim.start("--days", 8, "--interactions", 300, "--until", "2026-03-31",
                        "--republish", "conversations:2:3", "--frozen") as sim:
        sim.set_clock(now="2026-03-27T12:00:00.000Z", running=False)
        pipe = Snow(firn, sim, snow, beside="  write: append\n", streams=["conversations"])
        assert pipe.load("2026-03-20", "2026-03-27").code == 0
        first = pipe.one("SELECT COUNT(*) FROM MOVEWORKS_CONVERSATIONS")
        sim.set_clock(now="2026-03-31T23:59:59.000Z", running=False)
        assert pipe.load("2026-03-20", "2026-03-31", "--again").code == 0
        told = pipe.sql("SELECT ID, COUNT(*) FROM MOVEWORKS_CONVERSATIONS GROUP BY 1")
        truth = {record["id"] for record in sim.truth("conversations")}
        assert truth <= {key for key, _ in told} and max(n for _, n in told) == 2
        assert sum(n for _, n in told) > first
        again = pipe.load("2026-03-20", "2026-03-31", "--again")
        assert again.code == 0 and counts(again, "new") == [0], again
        views = [one["text"] for one in pipe.statements(kinds={"CREATE VIEW"})]
        assert views and all("QUALIFY" in text or "ROW_NUMBER" in text for text in views)
        assert pipe.one("SELECT SUM(TOTAL_CONVERSATIONS) FROM V_TOTAL_CONVERSATIONS") <= len(truth)


def test_excluded_and_hashed_columns_never_reach_snowflake_in_the_clear(firn, march, snow):
    pipe = Snow(firn, march, snow, streams=["users"])
    text = firn.path("firn.yaml").read_text().replace(
        "  streams: [users]\n", "  hash_key: pepper\n  streams: { users: { exclude:"
        " [FIRST_NAME], hash: [EMAIL_ADDR] } }\n")
    firn.write("firn.yaml", text)
    done = pipe.load(START, END)
    assert done.code == 0, done
    rows = pipe.read('SELECT * FROM "MOVEWORKS_USERS"')
    assert len(rows) == 40 and "FIRST_NAME" not in rows[0]
    assert all(row["EMAIL_ADDR"] is None or len(row["EMAIL_ADDR"]) == 64 for row in rows)
    record = (snow.folder / "journal.jsonl").read_text()
    for truth in march.truth("users"):
        assert not truth["email_addr"] or truth["email_addr"] not in record


def test_a_row_that_comes_again_loses_what_is_excluded_since(firn, march, snow):
    pipe = Snow(firn, march, snow, streams=["users"])
    assert pipe.load(START, END).code == 0
    assert pipe.one("SELECT COUNT(FIRST_NAME) FROM MOVEWORKS_USERS") > 0
    firn.write("firn.yaml", firn.path("firn.yaml").read_text().replace(
        "  streams: [users]\n", "  streams: { users: { exclude: [FIRST_NAME] } }\n"))
    done = pipe.load(START, END, "--again")
    assert done.code == 0 and counts(done, "changed")[0] > 0, done
    assert pipe.one("SELECT COUNT(FIRST_NAME) FROM MOVEWORKS_USERS") == 0
    done = pipe.load(START, END, "--again")
    assert done.code == 0 and counts(done, "changed") == [0], done


def test_staging_and_tables_are_in_schemas_of_their_own(firn, march, snow):
    snow.settings(schemas=["STAGING"])
    pipe = Snow(firn, march, snow, keys={"staging_schema": "STAGING"},
                beside="  table_prefix: ACME_\n", streams=["users", "conversations"])
    assert pipe.load(START, END).code == 0
    names = {row["name"] for row in pipe.read("SHOW TABLES")}
    assert {"ACME_MOVEWORKS_USERS", "ACME_MOVEWORKS_CONVERSATIONS"} <= names
    assert not {name for name in names if "STAGE" in name}
    assert len(pipe.rows("ACME_MOVEWORKS_USERS")) == 40
    views = {row["name"] for row in pipe.read("SHOW VIEWS")}
    assert views and all(name.startswith("ACME_V_") for name in views)
    for one in pipe.statements(kinds={"MERGE"}):
        if "_FIRN_STAGE" in one["text"]:
            assert 'FROM "STAGING"."_FIRN_STAGE_' in one["text"]
    pipe.transactions()
    assert pipe.load(START, END, "--again").code == 0
    assert pipe.sql('SHOW TABLES IN SCHEMA "STAGING"') == []


# --- looking ---

def test_views_give_what_duckdb_gives(firn, march, loaded):
    """One text serves both."""
    duck = Pipe(firn, march)
    assert duck.load(START, END).code == 0
    names = [row["name"] for row in loaded.read("SHOW VIEWS")]
    assert len(names) >= 9
    for name in names:
        ours = loaded.firn("query", f'SELECT * FROM "{name}"', "--format", "csv")
        theirs = duck.firn("query", f'SELECT * FROM "{name}"', "--format", "csv")
        assert ours.code == theirs.code == 0, (ours, theirs)

        def plain(text):
            return sorted(json.dumps([cell.rstrip("0").rstrip(".") if "." in cell else cell
                                      for cell in line.split(",")])
                          for line in text.splitlines()[1:])
        assert plain(ours.out) == plain(theirs.out), name


def test_query_prints_variants_as_json_and_reads_only(loaded):
    done = loaded("query", "SELECT DETAILS FROM MOVEWORKS_INTERACTIONS WHERE DETAILS IS NOT NULL"
                  " ORDER BY ID LIMIT 3", "--format", "json")
    assert done.code == 0, done
    rows = json.loads(done.out)
    assert len(rows) == 3 and all(isinstance(row["DETAILS"], dict) for row in rows), rows
    for sql in ("DELETE FROM MOVEWORKS_USERS", "SELECT 1; DROP TABLE MOVEWORKS_USERS",
                "SELECT 'a\\' , ' ; DROP TABLE MOVEWORKS_USERS --'", "CALL p()",
                "SELECT SYSTEM$ABORT_SESSION(1)", "CREATE TABLE X (A INT)"):
        done = loaded("query", sql)
        assert done.code == 2, done
        assert "reads only" in done.err or "one statement" in done.err, done
    assert loaded.one("SELECT COUNT(*) FROM MOVEWORKS_USERS") == 40
    done = loaded("query", "SELECT * FROM NOT_THERE")
    assert done.code == 2 and "does not exist" in done.err and "--write" not in done.err, done


def test_validate_and_status_deep_look_at_snowflake(loaded):
    done = loaded("validate")
    assert done.code == 0, done
    done = loaded("status", "--deep")
    assert done.code == 0, done


def test_validate_counts_what_was_rescued_in_snowflake(firn, snow):
    with firn_sim.start("--days", 1, "--interactions", 60, *MARCH, "--only",
                        "interactions") as sim:
        pipe = Snow(firn, sim, snow, streams=["interactions"])
        sim.fault("record", **{"as": "types"}, rows=2, times=1)
        assert pipe.load(END, END).code == 0
        assert pipe.one("SELECT SUM(ROWS_RESCUED) FROM FIRN_RUNS") == 2
        checks = json.loads(pipe("validate", "--json").out)["checks"]
        assert [(one["result"], one["table"], one["stream"], one["value"]) for one in checks
                if one["check"] == "rescued"] == [("warn", "FIRN_RUNS", "interactions", 2)]


def test_status_touches_no_warehouse_and_an_empty_run_neither(firn, snow):
    with firn_sim.start("--days", 3, "--interactions", 60, "--until", "now", "--only",
                        "conversations") as sim:
        pipe = Snow(firn, sim, snow, streams=["conversations"])
        assert pipe("run").code == 0
        pipe.forget()
        done = pipe("status")
        assert done.code == 0 and "conversations" in done.out, done
        assert pipe("status", "--json").code == 0
        assert snow.journal(since=pipe.since) == []
        done = pipe("run")  # the same again, and nothing new
        assert done.code == 0 and counts(done, "new") in ([], [0]), done


def test_reset_forgets_and_deletes_nothing(firn, march, snow):
    pipe = Snow(firn, march, snow, streams=["conversations"])
    assert pipe.load(START, END).code == 0
    done = pipe("reset", "--yes")
    assert done.code == 0, done
    assert pipe.one('SELECT "WATERMARK" FROM FIRN_STATE') is None
    assert pipe.one("SELECT COUNT(*) FROM FIRN_WINDOWS") == 0
    pipe.check_truth(["conversations"])
    done = pipe.load(START, END)
    assert done.code == 0 and counts(done, "fetched") == [288] and counts(done, "new") == [0], done


def test_another_machine_knows_what_was_loaded(firn, march, snow, tmp_path):
    pipe = Snow(firn, march, snow, streams=["conversations"])
    assert pipe.load(START, END).code == 0
    (tmp_path / "other").mkdir()
    other = Snow(e2e.Firn(tmp_path / "other"), march, snow, schema=pipe.schema,
                 streams=["conversations"])
    march.forget()
    done = other.load(START, END)
    assert done.code == 0 and march.log() == [], done
