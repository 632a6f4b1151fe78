"""firn load PATH: files that no firn wrote, made here by hand, into DuckDB.

The format is docs/FORMATS.md; what is written here is all that somebody else's collector needs."""

import datetime
import gzip
import hashlib
import json

import duckdb
import pytest

import terminal

DAY = "2026/11/23"
CONFIG = "version: 1\npipeline: central\ndestination: { duckdb: central.duckdb }\n"
WEATHER = {
    "CUSTOMER_ID": "acme", "LOCATION_ID": "hel", "OBSERVED_AT": "2026-11-23T00:00:00.000000Z",
    "FETCHED_AT": "2026-11-23T00:05:00.250000Z", "LOCATION_NAME": "Helsinki", "LATITUDE": 60.17,
    "LONGITUDE": 24.94, "ELEVATION": 26.0, "TEMPERATURE": -3.4, "WINDSPEED": 12.6,
    "WINDDIRECTION": 240, "WEATHERCODE": 3, "IS_DAY": 0, "UTC_OFFSET_SECONDS": 0,
    "TIMEZONE": "GMT", "GENERATIONTIME_MS": 0.04, "EXTRA": None}


def weather(**cells):
    return {**WEATHER, **cells}


def at(hour):
    return f"2026-11-23T{hour:02}:00:00.000000Z"


class Central:
    """A landing folder and the pipeline that loads it."""

    def __init__(self, firn, config=CONFIG):
        self.firn = firn
        firn.write("firn.yaml", config)

    def land(self, rows, name="a.ndjson.gz", table="current_weather", customer="acme",
             raw=None, below="landing"):
        text = raw if raw is not None else "".join(json.dumps(row) + "\n" for row in rows)
        data = text if isinstance(text, bytes) else text.encode()
        if name.endswith(".gz") and raw is None:
            data = gzip.compress(data, mtime=0)
        path = self.firn.path(f"{below}/{table}/{DAY}/{customer}/{name}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        return path

    def named(self, rows, sealed=1795392000000, seq=1, count=None, spoil=False, **more):
        """As firn's spool names it: time, sequence, rows and hash."""
        data = gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode(), mtime=0)
        digest = hashlib.sha256(data).hexdigest()[:32]
        if spoil:
            data = data[:-9] + bytes([data[-9] ^ 1]) + data[-8:]
        name = f"{sealed:013}-{seq:010}-{count or len(rows)}-{digest}.ndjson.gz"
        return self.land(None, name="0123456789abcdef-" + name, raw=data, **more), name, data

    def load(self, path="landing", **more):
        return self.firn("load", path, **more)

    def sql(self, text):
        with duckdb.connect(str(self.firn.path("central.duckdb")), read_only=True) as db:
            return db.execute(text).fetchall()

    def one(self, text):
        rows = self.sql(text)
        assert len(rows) == 1 and len(rows[0]) == 1, rows
        return rows[0][0]


@pytest.fixture
def central(firn):
    return Central(firn)


def test_the_bar_ends_where_the_load_does(central):
    for n in range(3):
        central.land([{**WEATHER, "LOCATION_ID": f"l{n}"}], name=f"{n}.ndjson.gz")
    with terminal.Person(central.firn, "load", "landing") as person:
        person.sees("3 files loaded")
        assert person.end() == 0
        assert "3 rows" in person.screen and "3 of 3 files" in person.screen, person.screen
    with terminal.Person(central.firn, "load", "landing") as person:
        person.sees("3 loaded before")
        assert person.end() == 0 and "of 3 files" not in person.screen, person.screen


# --- rows ---

def test_a_row_arrives_as_it_was_written(central):
    central.land([WEATHER])
    done = central.load()
    assert done.code == 0 and "1 files loaded" in done.out, done
    names = [name for name in WEATHER if name != "EXTRA"]
    row = dict(zip(names, central.sql(f"SELECT {', '.join(names)} FROM CURRENT_WEATHER")[0]))
    for name, value in WEATHER.items():
        if name.endswith("_AT"):
            value = datetime.datetime.fromisoformat(value).replace(tzinfo=None)
        assert name == "EXTRA" or row[name] == value, name
    assert central.one("SELECT COUNT(*) FROM CURRENT_WEATHER WHERE EXTRA IS NULL AND "
                       "LOAD_TIMESTAMP IS NOT NULL") == 1


def test_other_writers_may_write_otherwise(central):
    """Members in any order, absent ones, other spellings of times, plain files, blank lines, no
    line end at the end, CRLF."""
    line = '{"OBSERVED_AT": "2026-11-23T02:00:00+02:00", "CUSTOMER_ID": "acme", "LOCATION_ID": 7}'
    central.land(None, name="b.ndjson", raw=line + "\r\n\n" + line.replace("02:00:00", "03:00:00"))
    assert central.load().code == 0
    assert central.sql("SELECT CAST(OBSERVED_AT AS VARCHAR), LOCATION_ID FROM CURRENT_WEATHER "
                       "ORDER BY 1") == [("2026-11-23 00:00:00", "7"), ("2026-11-23 01:00:00", "7")]


def test_what_no_column_names_and_what_does_not_fit_stays_in_extra(central):
    central.land([weather(TEMPERATURE="warm", via="buoy", EXTRA={"seen": [1, {"x": 2}]})])
    assert central.load().code == 0
    extra, temperature = central.sql("SELECT EXTRA, TEMPERATURE FROM CURRENT_WEATHER")[0]
    assert json.loads(extra) == {"seen": [1, {"x": 2}], "TEMPERATURE": "warm", "via": "buoy"}
    assert temperature is None
    assert central.one("SELECT ROWS_RESCUED FROM FIRN_RUNS") == 1


def test_a_row_without_its_key_is_rejected_with_its_text(central):
    central.land([weather(OBSERVED_AT=at(i // 60)[:14] + f"{i % 60:02}:00.000000Z")
                  for i in range(200)] + [weather(LOCATION_ID=None)])
    done = central.load()
    assert done.code == 0, done
    assert central.one("SELECT COUNT(*) FROM CURRENT_WEATHER") == 200
    stream, reason, record = central.sql("SELECT STREAM, REASON, RECORD FROM FIRN_REJECTED")[0]
    assert stream == "current_weather" and "LOCATION_ID" in reason
    assert json.loads(record) == weather(LOCATION_ID=None)


def test_more_than_one_in_a_hundred_rejected_is_partly_done(central):
    central.land([weather(), weather(CUSTOMER_ID=None)])
    done = central.load()
    assert done.code == 3 and "FIRN_REJECTED" in done.out, done
    assert central.one("SELECT COUNT(*) FROM CURRENT_WEATHER") == 1


def test_the_newest_row_of_a_key_wins_in_whatever_order_files_come(central):
    central.land([weather(TEMPERATURE=2.0, FETCHED_AT=at(3))], name="1.ndjson")
    central.land([weather(TEMPERATURE=1.0, FETCHED_AT=at(1))], name="2.ndjson")
    assert central.load().code == 0
    central.land([weather(TEMPERATURE=0.0, FETCHED_AT=at(2))], name="3.ndjson")
    assert central.load().code == 0
    assert central.sql("SELECT TEMPERATURE FROM CURRENT_WEATHER") == [(2.0,)]


def test_hostile_names_are_data(central):
    """Quotes, slashes, Unicode and SQL in customers and locations."""
    nasty = "x'; DROP TABLE CURRENT_WEATHER; --\"/../ä_%2F"
    central.land([weather(CUSTOMER_ID=nasty, LOCATION_NAME=nasty)], name="it's $(x).ndjson",
                 customer="a'b")
    assert central.load().code == 0 and central.load().code == 0
    assert central.sql("SELECT CUSTOMER_ID, LOCATION_NAME FROM CURRENT_WEATHER") == [(nasty, nasty)]
    assert central.one("SELECT FILE_KEY FROM FIRN_FILES") == (
        f"current_weather/{DAY}/a'b/it's $(x).ndjson")


def test_excluded_columns_come_in_nowhere_and_digests_stay(firn):
    digest = hashlib.sha256(b"x").hexdigest()
    central = Central(firn, "version: 1\npipeline: central\nsource:\n  connector: moveworks\n"
                            "  hash_key: ${FIRN_KEY}\n  streams: { users: { exclude: [EMAIL_ADDR], "
                            "hash: [FIRN_NAME] } }\ndestination: { duckdb: central.duckdb }\n"
                            .replace("FIRN_NAME", "FIRST_NAME"))
    firn.env["FIRN_KEY"] = "secret"
    central.land([{"ID": "u1", "EMAIL_ADDR": "x@y.z", "FIRST_NAME": digest,
                   "EXTRA": {"email_addr": "x@y.z"}},
                  {"ID": "u2", "FIRST_NAME": "Ann", "EXTRA": {"via": 1}}],
                 table="moveworks_users")
    assert central.load().code == 0
    text = str(central.sql("SELECT * FROM MOVEWORKS_USERS ORDER BY ID"))
    assert "x@y.z" not in text and "Ann" not in text and digest in text


# --- files ---

def test_a_file_is_loaded_once_whatever_path_is_given(central, firn):
    path, _, _ = central.named([weather(OBSERVED_AT=at(i)) for i in range(3)])
    key = str(path.relative_to(firn.path("landing")))
    for given in ("landing", "landing/current_weather", str(path), "./landing/../landing"):
        assert central.load(given).code == 0
    assert central.one("SELECT COUNT(*) FROM CURRENT_WEATHER") == 3
    assert central.sql("SELECT FILE_KEY, BYTES, ROWS_LOADED, SHA256 FROM FIRN_FILES") == [
        (key, path.stat().st_size, 3, hashlib.sha256(path.read_bytes()).hexdigest())]
    assert "loaded before" in central.load().out


def test_the_same_key_with_other_content_is_an_error_though_its_name_promises_the_old_one(central):
    """Also where it is as long as before: of a file on this machine the bytes are looked at."""
    path, _, whole = central.named([weather()])
    other_system = whole[:9] + bytes([whole[9] ^ 1]) + whole[10:]  # gzip's header says so
    assert central.load().code == 0
    for other in (whole + whole, other_system):
        path.write_bytes(other)
        done = central.load()
        assert done.code == 3 and "other content" in done.err and path.name in done.err, done
    path.write_bytes(whole)
    done = central.load()
    assert done.code == 0 and "1 loaded before" in done.out, done


def test_the_same_key_with_other_content_is_an_error(central):
    central.land([weather()], name="a.ndjson")
    assert central.load().code == 0
    central.land([weather(TEMPERATURE=9.0, FETCHED_AT=at(9))], name="a.ndjson")
    done = central.load()
    assert done.code == 3 and "other content" in done.err and "a.ndjson" in done.err, done
    assert central.one("SELECT TEMPERATURE FROM CURRENT_WEATHER") == WEATHER["TEMPERATURE"]
    assert central.one("SELECT COUNT(*) FROM FIRN_FILES") == 1


def whole(central, i=1):
    return central.named([weather(OBSERVED_AT=at(i))], seq=i)[0]


DAMAGES = {
    "cut": lambda data: data[:-5],
    "flipped": lambda data: data[:20] + bytes([data[20] ^ 4]) + data[21:],
    "empty": lambda data: b"",
    "longer": lambda data: data + b"more",
    "other": lambda data: gzip.compress(b'{"CUSTOMER_ID":"acme"}\n'),
}


@pytest.mark.parametrize("damage", sorted(DAMAGES))
def test_a_damaged_file_gives_no_row_and_is_named(central, damage):
    path = whole(central)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    good, _, _ = central.named([weather(OBSERVED_AT=at(5))], seq=9)
    done = central.load()
    assert done.code == 3 and path.name in done.err and good.name not in done.err, done
    assert central.sql("SELECT OBSERVED_AT FROM CURRENT_WEATHER") == [
        (datetime.datetime(2026, 11, 23, 5),)]
    assert central.one("SELECT COUNT(*) FROM FIRN_FILES") == 1
    assert "damaged" in central.one("SELECT ERROR FROM FIRN_RUNS")


@pytest.mark.parametrize("raw", [
    json.dumps(WEATHER) + "\n" + json.dumps(WEATHER)[:50],
    json.dumps(WEATHER) + "\n\x00\x01\n",
    json.dumps(WEATHER) + "\n" + json.dumps(weather(OBSERVED_AT=at(2))) + "}\n"])
def test_a_line_that_is_no_json_damages_the_whole_file(central, raw):
    central.land(None, name="torn.ndjson", raw=raw)
    done = central.load()
    assert done.code == 3 and "torn.ndjson" in done.err and "line 2" in done.err, done
    assert central.one("SELECT COUNT(*) FROM FIRN_FILES") == 0


def test_fewer_rows_than_the_name_promises_are_no_rows(central):
    path, _, _ = central.named([weather()], count=2)
    done = central.load()
    assert done.code == 3 and path.name in done.err, done
    assert central.one("SELECT COUNT(*) FROM FIRN_FILES") == 0


def test_a_table_that_nobody_knows_is_named(central):
    central.land([WEATHER])
    central.land([{"A": 1}], table="strangers", name="s.ndjson")
    done = central.load()
    assert done.code == 3 and "strangers" in done.err and "s.ndjson" in done.err, done
    assert central.one("SELECT COUNT(*) FROM CURRENT_WEATHER") == 1


def test_members_of_gzip_follow_each_other(central):
    data = b"".join(gzip.compress((json.dumps(weather(OBSERVED_AT=at(i))) + "\n").encode())
                    for i in range(4))
    central.land(None, raw=data)
    assert central.load().code == 0
    assert central.one("SELECT COUNT(*) FROM CURRENT_WEATHER") == 4


@pytest.mark.parametrize("cut", [8, 1])
def test_lines_that_are_whole_do_not_make_a_file_whole(central, cut):
    """Only gzip's own end is missing: its check sum, or a part of it."""
    central.land(None, raw=gzip.compress((json.dumps(WEATHER) + "\n").encode())[:-cut])
    done = central.load()
    assert done.code == 3 and "its end is missing" in done.err, done
    assert central.one("SELECT COUNT(*) FROM FIRN_FILES") == 0


def test_a_large_file_is_read_piece_by_piece(central, firn):
    rows = [weather(LOCATION_ID=str(i), TIMEZONE="x" * 400) for i in range(40000)]
    central.land(rows)
    done = central.load()
    assert done.code == 0, done
    assert central.one("SELECT COUNT(*) FROM CURRENT_WEATHER") == 40000
    path = firn.path(f"landing/current_weather/{DAY}/acme/a.ndjson.gz")
    path.write_bytes(path.read_bytes()[:-100])
    path.rename(path.with_name("b.ndjson.gz"))
    assert central.load().code == 3
    assert central.one("SELECT COUNT(*) FROM CURRENT_WEATHER") == 40000


def test_a_spool_is_understood_and_keeps_the_key_of_delivery(central, firn):
    path, name, data = central.named([weather()])
    path.unlink()
    spool = firn.path("spool")
    (spool / "ready/current_weather/acme").mkdir(parents=True)
    (spool / "tmp").mkdir()
    (spool / "quarantine/current_weather/acme").mkdir(parents=True)
    (spool / "INSTANCE").write_text("0123456789abcdef\n")
    (spool / "tmp/1.current_weather.acme.part").write_bytes(b"unfinished")
    (spool / "quarantine/current_weather/acme" / name).write_bytes(b"bad")
    (spool / "ready/current_weather/acme" / name).write_bytes(data)
    done = central.load("spool")
    assert done.code == 0 and "1 files loaded" in done.out, done
    # 1795392000000 ms is 2026-11-23: as it would be delivered.
    assert central.one("SELECT FILE_KEY FROM FIRN_FILES") == (
        f"current_weather/{DAY}/acme/0123456789abcdef-{name}")
    path.write_bytes(data)
    assert "1 loaded before" in central.load().out


def test_nothing_there_and_no_such_path(central, firn):
    firn.path("landing").mkdir()
    done = central.load()
    assert done.code == 0 and "no landed files" in done.out
    assert not firn.path("central.duckdb").exists()
    assert central.load("nowhere").code == 2


# --- the older collector's files ---

OLDER = {"latitude": 60.16, "longitude": 24.93, "generationtime_ms": 0.05,
         "utc_offset_seconds": 7200, "timezone": "Europe/Helsinki", "elevation": 26.0,
         "current_weather": {"temperature": -3.4, "windspeed": 12.6, "winddirection": 240.0,
                             "weathercode": 3, "is_day": 0, "time": "2023-11-15T00:00"}}


def dump(firn, name, answer):
    path = firn.path(f"dump/{name}")
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(answer))


def test_dumped_files_of_the_older_collector_become_rows(central, firn):
    dump(firn, "1700000000-25_acme_Helsinki.json", OLDER)
    done = central.load("dump")
    assert done.code == 0, done
    customer, location, name, observed, fetched, temperature = central.sql(
        "SELECT CUSTOMER_ID, LOCATION_ID, LOCATION_NAME, OBSERVED_AT, FETCHED_AT, TEMPERATURE "
        "FROM CURRENT_WEATHER")[0]
    # The id that the connector gives the same location without an id of its own.
    assert location == hashlib.sha256(b"4:acme8:Helsinki").hexdigest()[:32]
    assert (customer, name, temperature) == ("acme", "Helsinki", -3.4)
    assert observed == datetime.datetime(2023, 11, 14, 22, 0)
    assert fetched == datetime.datetime(2023, 11, 14, 22, 13, 20, 250000)
    assert "1 loaded before" in central.load("dump").out


def test_an_error_that_was_dumped_as_data_is_no_row(central, firn):
    dump(firn, "1700000000_acme_Turku.json", {"error": True, "reason": "Daily limit"})
    done = central.load("dump")
    assert done.code == 3 and "Daily limit" in done.err, done


def test_underscores_in_names_need_the_customer(firn):
    central = Central(firn)
    dump(firn, "1700000000_acme_north_Turku_city.json", OLDER)
    done = central.load("dump")
    assert done.code == 3 and "customer_id" in done.err, done
    firn.write("firn.yaml", CONFIG + "source: { settings: { customer_id: acme_north } }\n")
    assert central.load("dump").code == 0
    assert central.sql("SELECT CUSTOMER_ID, LOCATION_NAME FROM CURRENT_WEATHER") == [
        ("acme_north", "Turku_city")]


# --- the configuration, and what follows a load ---

def test_other_commands_say_that_the_source_is_missing(central):
    for words in (["run"], ["start"], ["reset", "--yes"]):
        done = central.firn(*words)
        assert done.code == 2 and "source.connector" in done.out + done.err, done


def test_a_collectors_configuration_cannot_load(firn):
    firn.write("firn.yaml", "version: 1\npipeline: x\ndestination: { folder: out }\n")
    firn.path("landing").mkdir()
    done = firn("load", "landing")
    assert done.code == 2 and "warehouse" in done.err, done


def test_a_pipeline_that_only_loads_can_be_checked_validated_and_reported(central, firn):
    """Before the first load and after it."""
    for loaded in (False, True):
        for words in (["check"], ["validate"], ["views"], ["report", "-o", "page.html"],
                      ["status", "--deep"], ["ddl"], ["query", "SELECT 1"]):
            done = firn(*words)
            assert done.code in ((0,) if loaded or words[0] in ("check", "ddl") else (0, 1, 2)), done
            assert "source.connector" not in done.out + done.err, done
        if not loaded:
            central.named([weather()])
            assert central.load().code == 0
    assert "only loads landed files" in firn("check").out
    page = firn.path("page.html").read_text()
    assert "Latest temperature" in page and "Active users" not in page
    assert "CURRENT_WEATHER" in firn("validate", "--streams", "current_weather").out
    done = firn("validate", "--streams", "current_wether")
    assert done.code == 2 and "did you mean current_weather?" in done.err, done


def test_tables_of_a_connector_of_ones_own(firn):
    firn.write("mine.yaml", (
        "format: 1\nconnector: mine\nbase_url: https://mine.example\nauth: { none: {} }\n"
        "streams:\n  things: { path: /t, table: THINGS, key: [ID], keeps: forever, paging: none, "
        "columns: { ID: text, N: int } }\n"))
    central = Central(firn, "version: 1\npipeline: central\nsource: { connector: ./mine.yaml }\n"
                            "destination: { duckdb: central.duckdb, table_prefix: P_ }\n")
    central.land([{"ID": "a", "N": 1}], table="things")
    central.land([WEATHER])
    done = central.load()
    assert done.code == 0, done
    assert central.sql("SELECT ID, N FROM P_THINGS") == [("a", 1)]
    assert central.one("SELECT COUNT(*) FROM P_CURRENT_WEATHER") == 1


def test_the_weather_views_come_with_the_load(central, firn):
    central.land([weather(OBSERVED_AT=at(i), TEMPERATURE=float(i)) for i in range(4)])
    assert central.load().code == 0
    done = firn("query", "--format", "csv", "SELECT READINGS, MIN_TEMPERATURE, MEAN_TEMPERATURE, "
                "MAX_TEMPERATURE FROM V_DAILY_WEATHER")
    assert done.code == 0 and done.out.splitlines()[1] == "4,0,1.5,3", done
    log = "".join(path.read_text() for path in firn.path("logs").iterdir())
    for words in ("Successfully connected to DuckDB", "Created view: V_LATEST_WEATHER",
                  "Successfully loaded 4 rows to CURRENT_WEATHER",
                  "MERGE completed - Inserted: 4, Updated: 0"):
        assert words in log
