"""firn load s3://... with destination.snowflake.stage: Snowflake's COPY reads the bucket.

The emulator's COPY knows the one statement that firn writes, and what is in a bucket from a folder.
What the rows must be is asked of the usual way: the same files, loaded into DuckDB."""

import json
import re
import sys

import pytest

import firn_sim
from test_load_files import CONFIG, DAY, Central, at, weather

sys.path.append(str(firn_sim.ROOT / "tests" / "snowflake"))
import emulator  # noqa: E402

STAGE = "CREATE STAGE \"Landing Zone\" URL = 's3://landing/raw/'"


@pytest.fixture
def snowflake(tmp_path):
    with emulator.start(tmp_path / "snowflake") as running:
        running.settings(buckets={"landing": str(tmp_path / "landing")})
        running.rows(STAGE)
        yield running


class Staged(Central):
    def __init__(self, firn, snowflake, tmp_path):
        super().__init__(firn, CONFIG)
        self.snowflake = snowflake
        self.folder = tmp_path / "landing"
        self.below = str(self.folder / "raw")
        self.write()

    def write(self, more="", **keys):
        self.firn.write("snow.yaml", "version: 1\npipeline: staged\n" + more +
                        self.snowflake.destination(stage="'\"Landing Zone\"'", **keys))

    def stage(self, path="s3://landing/raw"):
        return self.firn("-c", "snow.yaml", "load", path, timeout=300)

    def count(self, table="CURRENT_WEATHER"):
        return int(self.snowflake.rows(f'SELECT COUNT(*) FROM "{table}"')[0][0])


@pytest.fixture
def staged(firn, snowflake, tmp_path):
    return Staged(firn, snowflake, tmp_path)


# Each kind of value in each kind of column, what nobody named, and EXTRA of every kind.
ROWS = [
    weather(OBSERVED_AT=at(1), EXTRA={"a": {"b": [1, "}"]}, "c": "x\"y"}),
    weather(OBSERVED_AT=at(2), EXTRA={"a": 1}, NEW="n", MORE={"x": None}),
    weather(OBSERVED_AT=at(3), EXTRA=7, TEMPERATURE="cold", WEATHERCODE=3.5, IS_DAY="1"),
    weather(OBSERVED_AT=at(4), TEMPERATURE=True, TIMEZONE={"not": "text"}, WEATHERCODE=[1]),
    weather(OBSERVED_AT="2026-11-23T05:30:00+02:00", FETCHED_AT="2026-11-23 05:00:01.1234567Z"),
    weather(OBSERVED_AT=at(6), FETCHED_AT="yesterday", LOCATION_NAME=12.5, LATITUDE="60"),
    weather(OBSERVED_AT=at(7), FETCHED_AT=1795392000, WEATHERCODE=99999999999999999999),
    weather(OBSERVED_AT=at(8), WEATHERCODE=-9223372036854775808, IS_DAY="x1",
            LOCATION_NAME="Z\u00fcrich 'q' \\ \U0001f40d"),
    {"CUSTOMER_ID": "acme", "LOCATION_ID": "hel", "OBSERVED_AT": at(9)},
    weather(OBSERVED_AT=at(1), FETCHED_AT=at(23), TEMPERATURE=1),
    weather(OBSERVED_AT="soon"), weather(CUSTOMER_ID=None), [1, 2], "text", None,
]
COLUMNS = [name for name in weather() if name != "EXTRA"]


def told(rows):
    return sorted(tuple(str(cell) if cell is None or isinstance(cell, str) else
                        str(float(cell)) if isinstance(cell, (int, float)) or
                        re.fullmatch(r"-?[0-9.]+", str(cell)) else str(cell) for cell in row)
                  for row in rows)


def test_rows_are_those_of_the_usual_way(staged, firn):
    text = "".join(json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n"
                   for row in ROWS)
    staged.land(None, raw=text, name="a.ndjson", below=staged.below)
    usual = firn("load", staged.below)
    done = staged.stage()
    assert usual.code == done.code == 3, done
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    assert told(staged.snowflake.rows(f'SELECT {names} FROM "CURRENT_WEATHER"')) == told(
        staged.sql(f"SELECT {names} FROM CURRENT_WEATHER"))
    extra = {str(key): value and json.loads(value) for key, value in
             staged.snowflake.rows('SELECT "OBSERVED_AT", "EXTRA" FROM "CURRENT_WEATHER"')}
    assert extra == {str(key): value and json.loads(value) for key, value in
                     staged.sql("SELECT OBSERVED_AT, EXTRA FROM CURRENT_WEATHER")}
    sql = 'SELECT "RECORD_SHA256", "RECORD", "STREAM" FROM "FIRN_REJECTED" ORDER BY 1'
    assert staged.snowflake.rows(sql) == staged.sql(sql)
    sql = ('SELECT "ROWS_FETCHED", "ROWS_INSERTED", "ROWS_REJECTED", "ROWS_RESCUED", "OUTCOME"'
           ' FROM "FIRN_RUNS"')
    assert told(staged.snowflake.rows(sql)) == told(staged.sql(sql))


def test_files_are_read_once_and_nothing_of_them_comes_here(staged):
    path, _, data = staged.named([weather(OBSERVED_AT=at(i)) for i in range(3)],
                                 below=staged.below)
    staged.land([weather(OBSERVED_AT=at(7))], name="a b'c\\d.ndjson.gz", below=staged.below)
    staged.land([weather(OBSERVED_AT=at(9))], below=str(staged.folder / "raw2"))
    assert staged.stage().code == 0
    done = staged.stage("s3://landing/raw/current_weather/")
    assert done.code == 0 and "2 loaded before" in done.out, done
    assert staged.count() == 4
    files = staged.snowflake.rows('SELECT "FILE_KEY", "BYTES", "SHA256", "ROWS_LOADED" FROM'
                                  ' "FIRN_FILES" ORDER BY 1')
    assert [(key, int(size), sha, int(n)) for key, size, sha, n in files][0] == (
        f"current_weather/{DAY}/acme/{path.name}", len(data), None, 3)
    uploads = [one for one in staged.snowflake.uploads() if "_FIRN" not in str(one)]
    assert all(one.get("bytes", 0) < 20000 for one in uploads)
    assert not list(staged.firn.path(".firn").rglob("load.*"))


def test_a_damaged_file_gives_no_row_and_is_named(staged):
    torn, _, data = staged.named([weather()], below=staged.below)
    torn.write_bytes(data[:-12])
    fewer, _, _ = staged.named([weather(OBSERVED_AT=at(1))], seq=2, count=2, below=staged.below)
    line = json.dumps(weather(OBSERVED_AT=at(2)))
    staged.land(None, raw=f"{line}\n\n{line[:-1]}\n", name="b.ndjson", below=staged.below)
    staged.named([weather(OBSERVED_AT=at(5))], seq=3, below=staged.below)
    done = staged.stage()
    assert done.code == 3 and staged.count() == 1 and staged.count("FIRN_FILES") == 1, done
    for name in (torn.name, fewer.name, "b.ndjson: line 3 is no JSON"):
        assert name in done.err, done
    assert "its name promises 2" in done.err and "Snowflake cannot read it" in done.err, done


def test_other_content_under_a_known_key_is_an_error(staged):
    staged.land([weather()], below=staged.below)
    assert staged.stage().code == 0
    assert "1 loaded before" in staged.stage().out
    staged.land([weather(), weather(OBSERVED_AT=at(4), LOCATION_NAME="other")],
                below=staged.below)
    done = staged.stage()
    assert done.code == 3 and "loaded before with other content" in done.err, done
    assert staged.count() == 1


def test_copy_stands_outside_of_the_transaction_that_holds_rows_and_files(staged):
    staged.named([weather(OBSERVED_AT=at(i)) for i in range(3)], below=staged.below)
    assert staged.stage().code == 0
    [transaction] = [str([one["text"] for one in of]) for of in staged.snowflake.transactions()
                     if '"FIRN_FILES"' in str(of)]
    assert '"CURRENT_WEATHER"' in transaction and "COPY" not in transaction
    assert any(one["text"].startswith("COPY INTO") and one.get("transaction") is None
               for one in staged.snowflake.statements())


def test_hashed_columns_do_not_go_through_copy(staged):
    staged.land([weather()], below=staged.below)
    staged.write("source:\n  connector: openmeteo\n  hash_key: k\n"
                 "  settings: { customer_id: a, locations: [{ name: x, latitude: 1,"
                 " longitude: 1 }] }\n  streams: { current_weather: { hash: [LOCATION_NAME] } }\n")
    done = staged.stage()
    # Through this machine then, which here knows nothing of the bucket.
    assert done.code == 2 and "the bucket's region is not known" in done.err, done
    assert not [one for one in staged.snowflake.statements() if "_FIRN_COPY" in one["text"]]


def test_what_the_stage_does_not_reach_is_told(staged):
    for path in ("s3://landing/rawer", "s3://landing", "s3://other/raw"):
        done = staged.stage(path)
        assert done.code == 2 and "s3://landing/raw/" in done.err, (path, done)


def test_many_files_come_in_several_copies_of_at_most_a_thousand(staged):
    for i in range(1100):
        staged.land([weather(LOCATION_ID=str(i))], name=f"{i:06}.ndjson", below=staged.below)
    done = staged.stage()
    assert done.code == 0 and "1,100 files loaded" in done.out, done
    assert staged.count() == 1100
    copies = [one["text"] for one in staged.snowflake.statements()
              if one["text"].startswith("COPY INTO")
              and "_FIRN_COPY" in one["text"]]
    assert len(copies) > 1 and all(one.count(".ndjson") <= 1000 for one in copies)


# --- Snowflake's own words, for what the emulator takes more freely than an account ---

# COPY INTO <table>: with a query, its location and options; file format options of CSV.
GRAMMAR = {
    "COPY": r'COPY INTO "\w+" \("\w+"(, "\w+")*\) FROM \(SELECT \$1(, METADATA\$(FILENAME|'
            r"FILE_ROW_NUMBER|FILE_CONTENT_KEY|FILE_LAST_MODIFIED|START_SCAN_TIME))*"
            r' FROM @("[^"]+"\.)*"[^"]+"/\) FILES = \(\'[^\']*\'(, \'[^\']*\')*\)'
            r" FILE_FORMAT = \(TYPE = CSV( (COMPRESSION = (AUTO|GZIP|NONE)|RECORD_DELIMITER ="
            r" ('[^']+'|NONE)|FIELD_DELIMITER = ('[^']+'|NONE)|(SKIP_BLANK_LINES|"
            r"REPLACE_INVALID_CHARACTERS|TRIM_SPACE|EMPTY_FIELD_AS_NULL) = (TRUE|FALSE)|"
            r"(ESCAPE|ESCAPE_UNENCLOSED_FIELD|FIELD_OPTIONALLY_ENCLOSED_BY) = ('[^']+'|NONE)|"
            r"NULL_IF = \(('[^']*'(, '[^']*')*)?\)))*\)"
            r" ON_ERROR = (CONTINUE|SKIP_FILE(_[0-9]+%?)?|ABORT_STATEMENT)",
    "LIST": r'LIST @("[^"]+"\.)*"[^"]+"(/[\w./=%-]*)?',
    "DESCRIBE": r'DESCRIBE STAGE ("[^"]+"\.)*"[^"]+"',
}
# Functions with the number of arguments that the manual gives them.
FUNCTIONS = {"TRY_PARSE_JSON": {1, 2}, "TYPEOF": {1}, "TRY_TO_NUMBER": {1, 2, 3, 4},
             "TRY_TO_DOUBLE": {1, 2}, "TRY_TO_BOOLEAN": {1}, "TRY_TO_TIMESTAMP_TZ": {1, 2},
             "CONVERT_TIMEZONE": {2, 3}, "DATE_TRUNC": {2}, "REGEXP_LIKE": {2, 3}, "IFF": {3},
             "OBJECT_DELETE": None, "OBJECT_INSERT": {3, 4}, "TO_JSON": {1}, "NULLIF": {2},
             "COALESCE": None, "LEFT": {2}, "LENGTH": {1}, "SUBSTR": {2, 3}, "SHA2": {1, 2},
             "ROW_NUMBER": {0}, "COUNT_IF": {1}, "COUNT": {1}, "MIN": {1}, "SUM": {1}}
WORDS = {"IN", "AND", "OVER", "SELECT", "FROM", "VALUES", "INTO", "BY", "OR", "NOT", "AS", "WHEN",
         "THEN", "WHERE", "ELSE", "ON"}


def calls(sql):
    """Every function with the number of its arguments."""
    text = re.sub(r"'(?:[^'\\]|''|\\.)*'", "'x'", re.sub(r'"[^"]*"', "q", sql))
    for found in re.finditer(r"\b([A-Z_0-9]+)\s*\(", text):
        if found[1] in WORDS:
            continue
        depth, commas, at, empty = 1, 0, found.end(), True
        while depth:
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            commas += depth == 1 and text[at] == ","
            empty &= text[at].isspace() or depth == 0
            at += 1
        yield found[1], 0 if empty else commas + 1


def test_statements_are_as_snowflake_documents_them(staged):
    staged.land(None, raw="".join(json.dumps(row) + "\n" for row in ROWS), name="a.ndjson",
                below=staged.below)
    assert staged.stage().code == 3
    seen = set()
    for one in staged.snowflake.statements():
        kind = one["text"].split()[0]
        if kind in GRAMMAR and "ADBC$BIND" not in one["text"]:
            assert re.fullmatch(GRAMMAR[kind], one["text"]), one["text"]
            seen.add(kind)
        if "_FIRN_COPY" in one["text"] and kind in ("SELECT", "INSERT"):
            for name, n in calls(one["text"]):
                assert name in FUNCTIONS and (FUNCTIONS[name] is None or n in FUNCTIONS[name]), (
                    name, n)
                seen.add(name)
    assert seen >= {"COPY", "LIST", "DESCRIBE", "OBJECT_INSERT", "TRY_TO_TIMESTAMP_TZ", "SHA2"}
