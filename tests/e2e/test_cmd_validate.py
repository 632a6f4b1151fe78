"""firn validate: what is wrong with the data is found, what is right is not complained of."""

import datetime
import json
import shutil

import duckdb
import pytest

import conftest
import firn_sim

NOW = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
DAY = datetime.timedelta(days=1)
STREAMS = ["conversations", "interactions", "plugin-calls", "plugin-resources", "users"]


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    """A month, loaded whole; each test gets a copy."""
    firn = conftest.Firn(tmp_path_factory.mktemp("loaded"))
    with firn_sim.start("--interactions", "3000", "--until", (NOW - DAY).date()) as sim:
        firn.write("firn.yaml", firn.moveworks(sim))
        first = (NOW - 28 * DAY).date()
        done = firn("initial-load", "--from", first, "--to", (NOW - DAY).date())
        assert done.code == 0, done
    return firn


class Store:
    """The copy, and firn beside it."""

    def __init__(self, firn):
        self.firn = firn

    def change(self, *statements):
        with duckdb.connect(str(self.firn.path("moveworks.duckdb"))) as it:
            for statement in statements:
                result = it.execute(statement).fetchall()
        return result

    def configure(self, old, new):
        text = self.firn.path("firn.yaml").read_text()
        assert old in text
        self.firn.write("firn.yaml", text.replace(old, new))

    def validate(self, *options):
        """(exit code, {(check, table): the entry, or a list of them})."""
        done = self.firn("validate", "--json", *options)
        answer = json.loads(done.out)
        worst = {"ok": 0, "warn": 0, "fail": 1}
        assert done.code == worst[answer["result"]], done
        assert answer["failed"] == sum(c["result"] == "fail" for c in answer["checks"])
        assert answer["warned"] == sum(c["result"] == "warn" for c in answer["checks"])
        return done.code, answer["checks"]

    def bad(self, *options):
        """What is not ok."""
        return [entry for entry in self.validate(*options)[1] if entry["result"] != "ok"]


@pytest.fixture
def store(loaded, firn):
    shutil.copytree(loaded.folder, firn.folder, dirs_exist_ok=True)
    return Store(firn)


def of(checks, check, table=None):
    return [entry for entry in checks if entry["check"] == check and
            table in (None, entry["table"], entry["stream"])]


# --- what is right ---

def test_a_whole_load_has_nothing_to_complain_of(store):
    code, checks = store.validate()
    assert code == 0 and [c for c in checks if c["result"] != "ok"] == []
    for stream in STREAMS:
        for check in ("rows", "freshness", "duplicate keys", "NULL keys", "extra", "windows",
                      "counts"):
            assert len(of(checks, check, stream)) == 1, (check, stream)
    rows = {entry["stream"]: entry["value"] for entry in of(checks, "rows")}
    for stream, value in rows.items():
        table = "MOVEWORKS_" + stream.upper().replace("-", "_")
        assert store.change(f'SELECT COUNT(*) FROM "{table}"') == [(value,)]
    assert {entry["detail"] for entry in of(checks, "orphans", "plugin-resources")} == {
        "every CONVERSATION_ID is in MOVEWORKS_CONVERSATIONS",
        "every INTERACTION_ID is in MOVEWORKS_INTERACTIONS",
        "every PLUGIN_CALL_ID is in MOVEWORKS_PLUGIN_CALLS",
        "every USER_ID is in MOVEWORKS_USERS"}
    assert "every PARENT_INTERACTION_ID is in MOVEWORKS_INTERACTIONS" in [
        entry["detail"] for entry in of(checks, "orphans", "interactions")]
    assert len(of(checks, "view")) == 11


def test_people_get_a_table(store):
    done = store.firn("validate")
    assert done.code == 0 and not done.err, done
    assert done.out.splitlines()[0].split() == ["check", "table", "result", "detail"]
    assert "newest row of" in done.out and "rows\n" in done.out


def test_nothing_is_written(store):
    before = store.firn.path("moveworks.duckdb").read_bytes()
    listed = sorted(store.firn.folder.rglob("*"))
    assert store.firn("validate").code == 0
    assert store.firn.path("moveworks.duckdb").read_bytes() == before
    assert sorted(store.firn.folder.rglob("*")) == listed


def test_without_a_file_it_is_2(firn, store):
    store.firn.path("moveworks.duckdb").unlink()
    done = store.firn("validate")
    assert done.code == 2 and "there is no file" in done.err, done
    assert not store.firn.path("moveworks.duckdb").exists()


def test_what_was_never_loaded_is_a_warning(store):
    store.firn.path("moveworks.duckdb").unlink()
    duckdb.connect(str(store.firn.path("moveworks.duckdb"))).close()
    assert [(e["check"], e["stream"], e["result"]) for e in store.bad()] == [
        ("rows", stream, "warn") for stream in STREAMS]


# --- keys ---

def test_a_key_that_comes_twice_fails(store):
    store.change('INSERT INTO "MOVEWORKS_USERS" SELECT * FROM "MOVEWORKS_USERS" LIMIT 2',
                 'INSERT INTO "MOVEWORKS_USERS" SELECT * FROM "MOVEWORKS_USERS" LIMIT 1')
    [entry] = store.bad()
    assert (entry["check"], entry["table"], entry["result"], entry["value"]) == (
        "duplicate keys", "MOVEWORKS_USERS", "fail", 2)
    assert "3 rows too many" in entry["detail"]


def test_versions_of_an_appended_table_are_no_duplicates(store):
    store.change('INSERT INTO "MOVEWORKS_USERS" SELECT * REPLACE ("LAST_UPDATED_AT" + '
                 'INTERVAL 1 HOUR AS "LAST_UPDATED_AT") FROM "MOVEWORKS_USERS" LIMIT 3')
    assert of(store.bad(), "duplicate keys")[0]["value"] == 3
    store.configure("moveworks.duckdb }", "moveworks.duckdb, write: append }")
    assert of(store.bad(), "duplicate keys") == []
    store.change('INSERT INTO "MOVEWORKS_USERS" SELECT * FROM "MOVEWORKS_USERS" LIMIT 1')
    assert of(store.bad(), "duplicate keys")[0]["value"] == 1


def test_rows_without_a_key_fail(store):
    store.change('INSERT INTO "MOVEWORKS_USERS" SELECT * REPLACE (NULL AS "ID") FROM '
                 '"MOVEWORKS_USERS" LIMIT 1')
    [entry] = store.bad()
    assert (entry["check"], entry["result"], entry["value"]) == ("NULL keys", "fail", 1)


# --- time ---

def day_of(store, table, at):
    """A day of the table: the at-th that has rows."""
    days = store.change(f'SELECT DISTINCT "LAST_UPDATED_AT"::DATE FROM "{table}" ORDER BY 1')
    return days[at][0]


def test_a_day_without_rows_that_was_asked_for_is_no_fault(store):
    day = day_of(store, "MOVEWORKS_INTERACTIONS", 10)
    store.change(f'DELETE FROM "MOVEWORKS_INTERACTIONS" WHERE "LAST_UPDATED_AT"::DATE = \'{day}\'')
    [entry] = of(store.validate("--streams", "interactions")[1], "missing days")
    assert entry["result"] == "ok" and entry["value"] == 1
    assert f"{day} (asked for, and the source had nothing)" in entry["detail"]


def test_a_hole_that_can_be_filled_fails_and_its_day_is_warned_of(store):
    days = [day_of(store, "MOVEWORKS_INTERACTIONS", at) for at in (10, 11)]
    store.change(
        'DELETE FROM "MOVEWORKS_INTERACTIONS" WHERE "LAST_UPDATED_AT"::DATE IN '
        f"('{days[0]}', '{days[1]}')",
        'DELETE FROM "FIRN_WINDOWS" WHERE "STREAM" = \'interactions\' AND "WINDOW_FROM"::DATE IN '
        f"('{days[0]}', '{days[1]}')")
    bad = store.bad("--streams", "interactions")
    [windows], [missing] = of(bad, "windows"), of(bad, "missing days")
    assert windows["result"] == "fail" and windows["value"] == 1
    assert f"{days[0]} to {days[1]}; firn initial-load" in windows["detail"]
    assert missing["result"] == "warn" and missing["value"] == 2
    assert f"{days[0]} to {days[1]} (never asked for" in missing["detail"]


def add_window(store, days_ago, part="", pipeline="moveworks"):
    """A complete window of `users`, a day long."""
    first, last = (NOW - days_ago * DAY).date(), (NOW - (days_ago - 1) * DAY).date()
    store.change(f"INSERT INTO \"FIRN_WINDOWS\" VALUES ('{pipeline}', 'users', '{part}', TIMESTAMP "
                 f"'{first}', TIMESTAMP '{last}', 1, 1, now()::TIMESTAMP)")


def test_a_hole_that_is_older_than_the_source_keeps_is_a_warning(store):
    add_window(store, 90, part="b")
    add_window(store, 80, part="b")
    [entry] = store.bad()
    assert (entry["check"], entry["result"], entry["value"]) == ("windows", "warn", 1)
    assert f"{(NOW - 89 * DAY).date()} to {(NOW - 81 * DAY).date()} [b]" in entry["detail"]
    # from what is gone into what the source still has
    add_window(store, 20, part="b")
    kept, lost = of(store.bad(), "windows")
    assert (kept["result"], lost["result"], lost["value"]) == ("fail", "warn", 2)
    assert f"{(NOW - 79 * DAY).date()} to {(NOW - 30 * DAY).date()}" in lost["detail"]
    assert f"{(NOW - 29 * DAY).date()} to {(NOW - 21 * DAY).date()}" in kept["detail"]


def test_parts_and_pipelines_have_holes_of_their_own(store):
    add_window(store, 20, part="b")
    add_window(store, 20, pipeline="another")
    add_window(store, 17, pipeline="another")
    assert store.bad() == []
    add_window(store, 17, part="b")
    [entry] = store.bad()
    assert entry["check"] == "windows" and "[b]" in entry["detail"]


SHORT = ('UPDATE "FIRN_WINDOWS" SET "ROWS_COUNTED" = "ROWS_LOADED" + 2 WHERE "STREAM" = '
         "'interactions' AND \"WINDOW_FROM\" = (SELECT MIN(\"WINDOW_FROM\") FROM \"FIRN_WINDOWS\" "
         "WHERE \"STREAM\" = 'interactions')")
REJECT = ('INSERT INTO "FIRN_REJECTED" SELECT \'moveworks\', \'STREAM\', \'run\', '
          "'hash' || i, 'REASON', NULL, now()::TIMESTAMP FROM range(N) AS r(i)")


def reject(store, n, stream="interactions", reason="ID is the key and has no value"):
    store.change(REJECT.replace("STREAM", stream).replace("REASON", reason)
                 .replace("'hash'", f"'{reason}'").replace("N)", f"{n})"))


def test_fewer_rows_than_the_api_counted_fail(store):
    store.change(SHORT)
    [entry] = store.bad()
    assert (entry["check"], entry["stream"], entry["result"], entry["value"]) == (
        "counts", "interactions", "fail", 1)
    reject(store, 1)
    assert of(store.bad(), "counts")[0]["result"] == "fail"
    reject(store, 1, reason="TYPE is required and has no value")
    [entry] = of(store.bad(), "counts")
    assert entry["result"] == "warn" and "as many records were rejected" in entry["detail"]


def test_what_a_later_reading_made_good_is_no_fault(store):
    store.change(SHORT, 'INSERT INTO "FIRN_WINDOWS" SELECT * REPLACE ("WINDOW_UNTIL" + INTERVAL 1 '
                 'DAY AS "WINDOW_UNTIL", "ROWS_COUNTED" AS "ROWS_LOADED", "COMPLETED_AT" + '
                 'INTERVAL 1 HOUR AS "COMPLETED_AT") FROM "FIRN_WINDOWS" WHERE "ROWS_COUNTED" > '
                 '"ROWS_LOADED"')
    assert store.bad() == []


# --- references, rejected records, EXTRA ---

def lose_conversation(store, order):
    """Deletes the conversation of the interaction that comes first or last."""
    [[gone]] = store.change(
        'SELECT "CONVERSATION_ID" FROM "MOVEWORKS_INTERACTIONS" ORDER BY "LAST_UPDATED_AT" '
        f'{order}, "ID" LIMIT 1')
    store.change(f'DELETE FROM "MOVEWORKS_CONVERSATIONS" WHERE "ID" = \'{gone}\'')
    return gone


def age(store):
    for table in ("INTERACTIONS", "PLUGIN_CALLS", "PLUGIN_RESOURCES"):
        store.change(f'UPDATE "MOVEWORKS_{table}" SET "LOAD_TIMESTAMP" = "LOAD_TIMESTAMP" - '
                     "INTERVAL 4 DAY")


def test_a_reference_into_nothing_warns_and_after_three_days_fails(store):
    lose_conversation(store, "DESC")
    found = of(store.bad(), "orphans")
    assert found and {entry["result"] for entry in found} == {"warn"}
    assert {entry["value"] for entry in found} == {1}
    assert "1 values of CONVERSATION_ID have no row in MOVEWORKS_CONVERSATIONS" in \
        found[0]["detail"]
    age(store)
    found = of(store.bad(), "orphans", "interactions")
    assert [entry["result"] for entry in found] == ["fail"]
    assert "1 of them for more than 3 days" in found[0]["detail"]


def test_what_lies_before_the_first_rows_is_not_missed_for_ever(store):
    lose_conversation(store, "ASC")
    age(store)
    assert {entry["result"] for entry in of(store.bad(), "orphans")} == {"warn"}


def test_rejected_records_are_counted_by_reason(store):
    reject(store, 3)
    reject(store, 5, "users", "too long")
    found = store.bad()
    assert [(e["check"], e["result"], e["stream"], e["value"]) for e in found] == [
        ("rejected", "warn", "users", 5), ("rejected", "warn", "interactions", 3)]
    assert found[1]["detail"].endswith("ID is the key and has no value")
    assert [e["stream"] for e in store.bad("--streams", "users")] == ["users"]


def test_rescued_values_are_counted_by_stream_over_all_runs(store, firn):
    done = store.validate()[1]
    assert [(e["result"], e["stream"], e["value"]) for e in of(done, "rescued")] == [
        ("ok", None, 0)]
    # So many that a day after a weekend has some too.
    with firn_sim.start("--interactions", "6000", "--until", (NOW - DAY).date()) as sim:
        firn.write("firn.yaml", firn.moveworks(sim))
        day = (NOW - DAY).date()
        for stream, way, rows in (("interactions", "types", 2), ("interactions", "badstamp", 1),
                                  ("users", "nul", 1)):
            sim.fault("record", **{"as": way}, rows=rows, times=1, entity=stream)
            done = firn("initial-load", "--from", day, "--to", day, "--again", "--streams", stream)
            assert done.code == 0, done
    counted = store.change('SELECT "STREAM", SUM("ROWS_RESCUED") FROM "FIRN_RUNS" WHERE '
                           '"ROWS_RESCUED" > 0 GROUP BY 1 ORDER BY 1')
    assert counted == [("interactions", 3), ("users", 1)]
    # another pipeline's are not this one's
    store.change('INSERT INTO "FIRN_RUNS" SELECT * REPLACE (\'another\' AS "PIPELINE") FROM '
                 '"FIRN_RUNS"')
    found = of(store.bad(), "rescued")
    assert [(e["table"], e["result"], e["stream"], e["value"]) for e in found] == [
        ("FIRN_RUNS", "warn", "interactions", 3), ("FIRN_RUNS", "warn", "users", 1)]
    assert found[0]["detail"].startswith("interactions: 3 rows with values that did not fit their "
                                         "column (they are in EXTRA), in 2 runs, last ")
    assert "users: 1 row with values" in found[1]["detail"] and "in 1 run," in found[1]["detail"]
    assert [e["stream"] for e in of(store.bad("--streams", "users"), "rescued")] == ["users"]
    done = firn("validate")
    [line] = [line for line in done.out.splitlines() if line.startswith("rescued") and
              "users" in line]
    assert "FIRN_RUNS" in line and "warn" in line, done


def test_rows_with_extra_are_counted(store):
    store.change('UPDATE "MOVEWORKS_USERS" SET "EXTRA" = \'{"x": 1}\' WHERE "ID" IN (SELECT "ID" '
                 'FROM "MOVEWORKS_USERS" LIMIT 2)')
    [entry] = of(store.validate()[1], "extra", "users")
    assert entry["result"] == "ok" and entry["value"] == 2


# --- tables and views ---

def test_tables_of_other_types_fail_and_the_others_are_checked(store):
    for view in store.change("SELECT view_name FROM duckdb_views() WHERE NOT internal"):
        store.change(f'DROP VIEW "{view[0]}"')
    store.change('ALTER TABLE "MOVEWORKS_USERS" ALTER "HAS_ACCESS_TO_BOT" TYPE VARCHAR')
    store.configure("destination: { ", "destination: { create_views: false, ")
    bad = store.bad()
    assert [(e["check"], e["table"], e["result"]) for e in bad] == [
        ("table", "MOVEWORKS_USERS", "fail")]
    assert "HAS_ACCESS_TO_BOT is VARCHAR, not BOOLEAN" in bad[0]["detail"]


def test_a_column_that_comes_with_the_next_load_is_a_warning(store):
    store.change('ALTER TABLE "MOVEWORKS_CONVERSATIONS" DROP COLUMN "TYPE"')
    store.configure("destination: { ", "destination: { create_views: false, ")
    [entry] = store.bad()
    assert (entry["check"], entry["result"]) == ("table", "warn") and "TYPE" in entry["detail"]


def test_views_must_be_there_and_run(store):
    store.change('DROP VIEW "V_ACTIVE_USERS"',
                 'CREATE OR REPLACE VIEW "V_USER_FEEDBACK" AS SELECT CAST("ID" AS INTEGER) AS n '
                 'FROM "MOVEWORKS_USERS"',
                 'CREATE OR REPLACE VIEW "V_ADOPTION" AS SELECT error(\'broken\') AS n')
    found = {entry["table"]: entry for entry in store.bad()}
    assert set(found) == {"V_ACTIVE_USERS", "V_USER_FEEDBACK", "V_ADOPTION"}
    assert "firn views makes it" in found["V_ACTIVE_USERS"]["detail"]
    assert "INT32" in found["V_USER_FEEDBACK"]["detail"]
    assert "broken" in found["V_ADOPTION"]["detail"]
    assert {entry["result"] for entry in found.values()} == {"fail"}


# --- --streams ---

def test_streams_picks_tables_and_leaves_views_out(store):
    store.change('INSERT INTO "MOVEWORKS_USERS" SELECT * FROM "MOVEWORKS_USERS" LIMIT 1')
    code, checks = store.validate("--streams", "interactions,plugin-calls")
    assert code == 0
    assert {entry["stream"] for entry in checks} == {"interactions", "plugin-calls", None}
    assert of(checks, "view") == []
    # what they refer to is looked at all the same
    assert "every USER_ID is in MOVEWORKS_USERS" in [e["detail"] for e in of(checks, "orphans")]
    done = store.firn("validate", "--streams", "user")
    assert done.code == 2 and "has no stream user" in done.err, done
