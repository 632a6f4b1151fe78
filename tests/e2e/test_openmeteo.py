"""The connector for Open-Meteo against firn-sim: values, positions, quotas, failures, history, and
the way through landed files into the weather views."""

import datetime
import hashlib
import json
import subprocess
import time
import urllib.parse

import duckdb
import pytest

import firn_sim
from collecting import Collector

PLACES = [("Helsinki", 60.17, 24.94), ("Turku", 60.45, 22.27), ("Sydney", -33.87, 151.21),
          ("Vostok", -78.46, 106.84), ("South Pole", -90, 0)]
START = "2026-03-10T12:20:00Z"
KEY = "pa id&key/7"


def location_id(name, customer="acme"):
    """As docs/CONNECTORS.md gives it: a digest of parts, each after its length."""
    parts = b"".join(b"%d:%s" % (len(part), part)
                     for part in (customer.encode(), name.encode()))
    return hashlib.sha256(parts).hexdigest()[:32]


class Weather(Collector):
    """`source` and `settings` are more lines of those blocks."""

    def __init__(self, firn, sim, source="", settings="", url=None, **more):
        self.source, self.settings = source, settings
        self.sim, self.base = sim, url or f"{sim.root}/v1"
        super().__init__(firn, None, **{"places": PLACES, **more})

    def write(self, places=PLACES, customer="acme", destination="{ folder: landing }", rest="",
              budget="5s"):
        locations = "".join(
            f"      - {{ name: {json.dumps(name, ensure_ascii=False)}, latitude: {latitude}, "
            f"longitude: {longitude} }}\n" for name, latitude, longitude in places)
        self.firn.write("firn.yaml", (
            f"version: 1\npipeline: {self.pipeline}\nsource:\n  connector: openmeteo\n"
            f"  base_url: {self.base}\n  retry_budget: {budget}\n{self.source}"
            f"  settings:\n    history_url: {self.sim.root}/history/v1\n"
            f"    customer_id: {json.dumps(customer, ensure_ascii=False)}\n{self.settings}"
            f"    locations:\n{locations}destination: {destination}\n{rest}"))

    def asked(self, **only):
        return [dict(urllib.parse.parse_qsl(entry["query"])) for entry in self.sim.log(**only)]

    def load(self, code=0):
        """What was landed, into DuckDB, as a central firn does it that knows no source."""
        if not self.firn.path("central.yaml").exists():
            self.firn.write("central.yaml", "version: 1\npipeline: central\n"
                                            "destination: { duckdb: central.duckdb }\n")
        done = self.firn("-c", "central.yaml", "load", "landing")
        assert done.code == code, done

    def sql(self, text):
        with duckdb.connect(str(self.firn.path("central.duckdb")), read_only=True) as connection:
            return connection.execute(text).fetchall()

    def truth(self, latitude, longitude, path="/v1/forecast", **query):
        """What the simulated API says of one place, asked alone."""
        query = {"latitude": latitude, "longitude": longitude, "timeformat": "unixtime", **query}
        answer = self.sim.get(f"{path}?{urllib.parse.urlencode(query)}", token=None)
        assert answer.status == 200, answer.body
        return answer.json


@pytest.fixture
def sim():
    with firn_sim.start("--until", START, "--frozen", "--interactions", 10) as sim:
        yield sim


@pytest.fixture
def weather(firn, sim):
    return Weather(firn, sim, budget="10s")


def second(text):
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())


def same_as_truth(row, place):
    now = place["current_weather"]
    assert second(row["OBSERVED_AT"]) == now["time"] and row["EXTRA"] is None, row
    for column, value in {"LATITUDE": place["latitude"], "LONGITUDE": place["longitude"],
                          "ELEVATION": place.get("elevation"), "TIMEZONE": place["timezone"],
                          "UTC_OFFSET_SECONDS": place["utc_offset_seconds"],
                          **{name.upper(): now[name] for name in (
                              "temperature", "windspeed", "winddirection", "weathercode",
                              "is_day")}}.items():
        assert row[column] == value, (column, row, place)


# --- current weather ---

def test_rows_are_what_the_api_says_of_each_place_alone(weather):
    begun = time.time()
    assert weather("run").code == 0
    rows = weather.landed("current_weather")
    assert [row["LOCATION_NAME"] for row in rows] == [name for name, _, _ in PLACES]
    for row, (name, latitude, longitude) in zip(rows, PLACES):
        same_as_truth(row, weather.truth(latitude, longitude, current_weather="true"))
        assert row["LOCATION_ID"] == location_id(name) and row["CUSTOMER_ID"] == "acme"
        fetched = datetime.datetime.fromisoformat(row["FETCHED_AT"].replace("Z", "+00:00"))
        assert begun - 1 <= fetched.timestamp() <= time.time()
    assert rows[3]["ELEVATION"] is None and rows[3]["TEMPERATURE"] is not None
    assert rows[4]["TEMPERATURE"] is None
    landed = {row["LOCATION_ID"]: row for row in weather.landed("locations")}
    for name, latitude, longitude in PLACES:  # as configured, not the cell's
        row = landed[location_id(name)]
        assert (row["LOCATION_NAME"], row["LATITUDE"], row["LONGITUDE"]) == (
            name, latitude, longitude)
    assert [row["CUSTOMER_ID"] for row in weather.landed("customers")] == ["acme"]


def test_many_places_go_by_hundreds_one_request_after_the_other(firn, sim):
    places = [(f"p{i}", round(-59 + i * 0.5, 1), round(170 - i * 1.3, 1)) for i in range(201)]
    weather = Weather(firn, sim, places=places, source="  parallel: 8\n")
    assert weather("run").code == 0
    asked = weather.asked(status=200)
    assert [len(query["latitude"].split(",")) for query in asked] == [100, 100, 1]
    assert all(query["current_weather"] == "true" and query["timeformat"] == "unixtime"
               for query in asked)
    assert sim.stats()["at_once_most"] == 1
    rows = weather.landed("current_weather")
    assert [row["LOCATION_NAME"] for row in rows] == [name for name, _, _ in places]
    for i in (0, 99, 100, 150, 199, 200):
        same_as_truth(rows[i], weather.truth(*places[i][1:], current_weather="true"))
        assert rows[i]["LOCATION_ID"] == location_id(places[i][0])


def test_two_places_in_one_cell_stay_two(firn, sim):
    weather = Weather(firn, sim, places=[("roof", 60.17, 24.94), ("yard", 60.171, 24.941)])
    assert weather("run").code == 0
    roof, yard = weather.landed("current_weather")
    assert roof["LATITUDE"] == yard["LATITUDE"] and roof["LOCATION_ID"] != yard["LOCATION_ID"]
    weather.load()
    assert weather.sql("SELECT count(*) FROM CURRENT_WEATHER") == [(2,)]


def test_an_id_of_ones_own_and_two_that_are_one(firn, sim):
    weather = Weather(firn, sim)
    text = firn.path("firn.yaml").read_text()
    firn.write("firn.yaml", text.replace('"Turku", ', '"Turku", id: T-1, '))
    assert weather("run").code == 0
    assert weather.landed("current_weather")[1]["LOCATION_ID"] == "T-1"
    firn.write("firn.yaml", text.replace('"Turku", ', '"Turku", id: X, ').replace(
        '"Helsinki", ', '"Helsinki", id: X, '))
    done = weather("run")
    assert done.code == 2 and "locations[0] and [1] cannot be told apart" in done.err, done


def test_variables_of_ones_own(firn, sim):
    names = ["temperature_2m", "snowfall", "pressure_msl"]
    weather = Weather(firn, sim, source="  streams: [current]\n",
                      settings=f"    variables: [{', '.join(names)}]\n")
    assert weather("run").code == 0
    rows = weather.landed("current_readings")
    for row, (name, latitude, longitude) in zip(rows, PLACES, strict=True):
        place = weather.truth(latitude, longitude, current=",".join(names))
        assert row["READINGS"] == place["current"] and row["UNITS"] == place["current_units"]
        assert second(row["OBSERVED_AT"]) == place["current"]["time"]
        assert (row["LOCATION_NAME"], row["EXTRA"]) == (name, None)
    assert weather.asked()[0]["current"] == ",".join(names)
    weather.load()
    assert weather.sql("SELECT READINGS->>'pressure_msl' FROM CURRENT_READINGS "
                       "WHERE LOCATION_NAME = 'Turku'") == [
        (str(rows[1]["READINGS"]["pressure_msl"]),)]


# --- refusals and failures ---

def test_a_variable_that_is_not_known_is_told_in_the_apis_words(firn, sim):
    weather = Weather(firn, sim, source="  streams: [current, current_weather]\n",
                      settings="    variables: [tempeture]\n")
    done = weather("run")
    assert done.code == 3 and "invalid String value tempeture" in done.err, done
    assert len(weather.landed("current_weather")) == 5  # the other stream went on


def test_too_many_at_once_is_waited_for(weather, sim):
    weather.write(budget="20s")
    sim.fault("quota", times=1, **{"as": "concurrent"})
    begun = time.monotonic()
    done = weather("run")
    assert done.code == 0 and 5 <= time.monotonic() - begun < 60, done
    assert "Too many concurrent requests" in done.err and "waiting 5s" in done.err, done
    assert len(weather.landed("current_weather")) == 5


@pytest.mark.parametrize("way, wait", [("minutely", "1m"), ("hourly", "40m"),
                                       ("daily", "11h 40m")])
def test_how_long_a_quota_lasts_is_read_from_its_words_and_the_servers_clock(firn, sim, way, wait):
    weather = Weather(firn, sim, budget="30s")
    sim.fault("quota", **{"as": way})
    begun = time.monotonic()
    done = weather("run")
    assert done.code == 3 and time.monotonic() - begun < 25, done  # at once: no use in waiting
    assert f"{way.capitalize()} API request limit exceeded" in done.err, done
    assert f"; waiting {wait} would pass source.retry_budget (30s)" in done.err, done
    assert weather.landed("current_weather") == [] and len(weather.landed("locations")) == 5
    gaps = weather.gaps()
    assert len(gaps) == 1 and "limit exceeded" in gaps[0]["reason"], gaps


def test_a_quota_is_waited_for_until_it_begins_anew(firn):
    places = [(f"p{i}", i / 10, i / 10) for i in range(150)]
    with firn_sim.start("--until", "2026-03-10T12:59:57Z", "--interactions", 10, "--frozen",
                        "--weather-quota", "100,100") as sim:
        weather = Weather(firn, sim, places=places, budget="20s")
        running = firn.start("run", stderr=subprocess.DEVNULL)
        firn_sim.wait_until(lambda: sim.log(status=429))
        sim.set_clock(now="2026-03-10T13:00:00.000Z")
        assert running.wait(60) == 0
        log = sim.log()
        assert [entry["status"] for entry in log] == [200, 429, 200]
        hour = second("2026-03-10T13:00:00Z") * 1_000_000
        assert log[1]["now_us"] < hour <= log[2]["now_us"] and "waiting 3s" in weather.log()
        assert [row["LOCATION_NAME"] for row in weather.landed("current_weather")] == [
            name for name, _, _ in places]


@pytest.mark.parametrize("way, words", [("error", "no grid there"), ("null", ""), ("text", "")])
def test_one_bad_place_fails_alone(weather, sim, way, words):
    more = {"message": words} if words else {}
    sim.fault("place", index=1, **{"as": way}, **more)
    done = weather("run")
    assert done.code == 3 and words in done.err + done.out, done
    assert [row["LOCATION_NAME"] for row in weather.landed("current_weather")] == [
        name for name, _, _ in PLACES if name != "Turku"]
    if way == "error":
        assert [gap["part"] for gap in weather.gaps()] == [location_id("Turku")]


@pytest.mark.parametrize("way", ["absent", "twice"])
def test_a_list_of_another_length_is_never_matched(weather, sim, way):
    sim.fault("place", index=1, times=1, **{"as": way})
    assert weather("run").code == 0
    assert len(sim.log()) == 2
    rows = weather.landed("current_weather")
    assert [row["LOCATION_NAME"] for row in rows] == [name for name, _, _ in PLACES]
    for row, (_, latitude, longitude) in zip(rows, PLACES):
        same_as_truth(row, weather.truth(latitude, longitude, current_weather="true"))
    sim.fault("place", index=4, **{"as": way})
    assert weather("run").code == 3
    assert len(weather.landed("current_weather")) == 5 and len(weather.gaps()) == 1


@pytest.mark.parametrize("fault", [
    {"kind": "trailing", "text": "Unexpected error while streaming data: timeout"},
    {"kind": "trailing", "at": "60%", "text": "Unexpected error while streaming data: timeout"},
    {"kind": "status", "code": 502}, {"kind": "status", "code": 503, "message": "overloaded"},
    {"kind": "html"}, {"kind": "empty"}, {"kind": "torn"}, {"kind": "reset", "at": "30%"}],
    ids=lambda fault: "-".join(map(str, list(fault.values())[:2]))[:20])
def test_a_broken_answer_is_asked_for_again_and_no_half_of_it_kept(weather, sim, fault):
    sim.fault(on="weather", times=1, **fault)
    assert weather("run").code == 0
    assert len(sim.log()) == 2
    rows = weather.landed("current_weather")
    assert [row["LOCATION_NAME"] for row in rows] == [name for name, _, _ in PLACES]


def test_what_stays_broken_is_a_gap_and_lands_nothing(firn, sim):
    weather = Weather(firn, sim, budget="2m")
    sim.fault("trailing", on="weather", text="Unexpected error while streaming data: timeout")
    done = weather("run")
    assert done.code == 3 and len(sim.log()) == 5, done
    assert weather.landed("current_weather") == [] and weather.waiting() == []
    assert len(weather.gaps()) == 1


def test_a_key_is_sent_and_shown_nowhere(firn):
    with firn_sim.start("--until", START, "--frozen", "--interactions", 10,
                        "--weather-key", KEY) as sim:
        weather = Weather(firn, sim, source='  auth: { api_key: "${METEO_KEY}" }\n')
        firn.env["METEO_KEY"] = KEY
        talk = []
        for call in (("-v", "run"), ("check",), ("-v", "connectors", "try", "openmeteo", "-c",
                                                  "firn.yaml", "--stream", "current_weather")):
            done = weather(*call)
            assert done.code == 0, done
            talk += [done.out, done.err]
        assert {query["apikey"] for query in weather.asked()} == {KEY}
        assert len(weather.landed("current_weather")) == 5
        sim.fault("status", code=500, on="weather", message=f"apikey={KEY} is not well")
        done = weather("-v", "run")
        assert done.code == 3 and "not well" in done.err, done
        sim.heal()
        firn.env["METEO_KEY"] = "not the key"
        done = weather("-v", "run")
        assert done.code in (1, 3) and "API key is invalid" in done.err, done
        assert "source.auth.api_key" in done.err, done
        talk += [done.out, done.err]
        kept = b"".join(path.read_bytes() for path in firn.folder.rglob("*") if path.is_file())
        for key in (KEY, urllib.parse.quote(KEY, safe=""), "not the key", "not%20the%20key"):
            assert key not in "".join(talk) and key.encode() not in kept, key


def test_the_hosts_of_free_and_paid_plans(firn, sim):
    connector = firn("connectors", "show", "openmeteo").out
    firn.write("mine.yaml", connector.replace("https://api.open-meteo.com/v1", f"{sim.root}/free")
               .replace("https://customer-api.open-meteo.com/v1", f"{sim.root}/v1"))
    weather = Weather(firn, sim)
    text = firn.path("firn.yaml").read_text().replace("connector: openmeteo",
                                                      "connector: ./mine.yaml")
    text = text.replace(f"  base_url: {sim.root}/v1\n", "")
    firn.write("firn.yaml", text)
    assert weather("run").code == 3 and sim.log()[-1]["path"] == "/free/forecast"
    firn.write("firn.yaml", text.replace("  settings:", "  auth: { api_key: ${K} }\n  settings:"))
    firn.env["K"] = "k"
    assert weather("run").code == 0 and sim.log()[-1]["path"] == "/v1/forecast"


# --- history ---

def test_hours_fill_gaps_and_say_so(firn, sim):
    weather = Weather(firn, sim, source="  streams: [current_weather, hourly]\n",
                      settings="    variables: [temperature_2m, is_day]\n")
    done = weather("initial-load", "--from", "2026-02-20", "--to", "2026-03-01")
    assert done.code == 0 and "left out: it is read once" in done.err, done
    assert {entry["path"] for entry in sim.log()} == {"/history/v1/forecast"}
    assert [(q["start_date"], q["end_date"]) for q in weather.asked()] == [
        ("2026-02-20", "2026-02-26"), ("2026-02-27", "2026-03-01")]
    rows = weather.landed("hourly_weather")
    assert len(rows) == len(PLACES) * 10 * 24 and weather.landed("current_weather") == []
    found = {}
    for row in rows:
        assert row["BACKFILLED"] is True and row["EXTRA"] is None
        found.setdefault(row["LOCATION_ID"], {})[second(row["OBSERVED_AT"])] = row
    for name, latitude, longitude in PLACES:
        place = weather.truth(latitude, longitude, "/history/v1/forecast",
                              hourly="temperature_2m,is_day", start_date="2026-02-20",
                              end_date="2026-03-01")
        mine = found[location_id(name)]
        assert sorted(mine) == place["hourly"]["time"]
        for i, when in enumerate(place["hourly"]["time"]):
            assert mine[when]["READINGS"] == {key: values[i]
                                              for key, values in place["hourly"].items()}
            assert mine[when]["LATITUDE"] == place["latitude"]
            assert mine[when]["ELEVATION"] == place.get("elevation")
            assert mine[when]["UNITS"] == place["hourly_units"]
    again = len(sim.log())
    assert weather("initial-load", "--from", "2026-02-20", "--to", "2026-03-01").code == 0
    assert len(sim.log()) == again  # complete windows are not asked for again
    weather.load()
    assert weather.sql("SELECT count(*), count(DISTINCT OBSERVED_AT), bool_and(BACKFILLED) "
                       "FROM HOURLY_WEATHER") == [(1200, 240, True)]


# --- through landed files into the views ---

def test_the_views_say_what_was_observed(weather, sim):
    truth = {}
    for _ in range(10):
        assert weather("run").code == 0
        for name, latitude, longitude in PLACES:
            now = weather.truth(latitude, longitude, current_weather="true")["current_weather"]
            truth.setdefault(name, {})[now["time"]] = now["temperature"]
        sim.advance("80m")
    assert weather("run").code == 0  # newest of all, then the same once more
    for name, latitude, longitude in PLACES:
        now = weather.truth(latitude, longitude, current_weather="true")["current_weather"]
        truth[name][now["time"]] = now["temperature"]
    assert weather("run").code == 0
    weather.load()
    assert weather.sql("SELECT count(*) FROM CURRENT_WEATHER") == [(11 * len(PLACES),)]
    latest = dict(weather.sql("SELECT LOCATION_NAME, TEMPERATURE FROM V_LATEST_WEATHER"))
    assert latest == {name: readings[max(readings)] for name, readings in truth.items()}
    daily = {(day, place): (n, low, mean, high) for day, place, n, low, mean, high in weather.sql(
        "SELECT WEATHER_DATE::VARCHAR, LOCATION_ID, READINGS, MIN_TEMPERATURE, MEAN_TEMPERATURE, "
        "MAX_TEMPERATURE FROM V_DAILY_WEATHER")}
    expected = {}
    for name, readings in truth.items():
        for when, value in readings.items():
            day = datetime.datetime.fromtimestamp(when, datetime.timezone.utc).date().isoformat()
            expected.setdefault((day, location_id(name)), []).append(value)
    assert daily.keys() == expected.keys() and len(daily) == 2 * len(PLACES)
    for key, values in expected.items():
        known = [value for value in values if value is not None]
        n, low, mean, high = daily[key]
        assert n == len(values), key
        assert (low, high) == ((min(known), max(known)) if known else (None, None)), key
        assert not known or abs(mean - sum(known) / len(known)) < 1e-9, key


def test_two_customers_and_any_names_stay_apart(firn, sim):
    names = ["..", "a/b\\c", "O'Brien \"x\"; DROP TABLE LOCATIONS; --", "Ä_ö 東京 🐛", "%2e%2e",
             "CON"]
    customers = ["acme", "../../etc/'; DROP TABLE CUSTOMERS; --", "a_b/c 100%", "Å"]
    for i, customer in enumerate(customers):
        places = [(name, i * 10 + k, k) for k, name in enumerate(names)]
        weather = Weather(firn, sim, places=places, customer=customer, pipeline=f"w{i}")
        assert weather("run").code == 0
    made = {path.name for path in firn.folder.iterdir()}
    assert made == {"firn.yaml", "landing", "spool", ".firn", "logs"}, made
    weather.load()
    rows = weather.sql("SELECT CUSTOMER_ID, LOCATION_ID, LOCATION_NAME, LATITUDE "
                       "FROM V_LATEST_WEATHER")
    assert sorted(rows) == sorted(
        (customer, location_id(name, customer), name, float(i * 10 + k))
        for i, customer in enumerate(customers) for k, name in enumerate(names))
    assert sorted(weather.sql("SELECT CUSTOMER_ID FROM CUSTOMERS")) == sorted(
        (customer,) for customer in customers)
    assert weather.sql("SELECT count(*) FROM LOCATIONS") == [(len(customers) * len(names),)]


def test_killed_while_it_reads_nothing_comes_twice_and_nothing_half(firn, sim):
    places = [(f"p{i}", i / 10, i / 10) for i in range(250)]
    weather = Weather(firn, sim, places=places)
    sim.fault("delay", on="weather", seconds="0.05")
    for n in range(6):
        running = firn.start("run", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.06 + 0.05 * n)
        running.kill()
        running.wait()
        sim.advance("15m")
    assert weather("run").code == 0
    rows = weather.landed("current_weather")
    keys = [(row["LOCATION_ID"], row["FETCHED_AT"]) for row in rows]
    assert len(keys) == len(set(keys))
    for row in rows:
        _, latitude, longitude = places[int(row["LOCATION_NAME"][1:])]
        assert abs(row["LATITUDE"] - latitude) <= 1 / 32 and row["TEMPERATURE"] is not None
    newest = max(row["OBSERVED_AT"] for row in rows)
    assert len([row for row in rows if row["OBSERVED_AT"] == newest]) == 250
    weather.load()
    assert weather.sql("SELECT count(*) FROM V_LATEST_WEATHER") == [(250,)]


# --- the connector as a file ---

def test_it_can_be_shown_checked_and_tried(firn, sim):
    shown = firn("connectors", "show", "openmeteo")
    firn.write("mine.yaml", shown.out.replace("https://api.open-meteo.com", sim.root))
    done = firn("connectors", "check", "mine.yaml")
    assert done.code == 0 and len(done.out.splitlines()) == 5, done
    assert "100 at once" in done.out, done
    settings = ["--set", "customer_id=acme", "--set",
                "locations=[{ name: A, latitude: 60, longitude: 24 }]", "--format", "json"]
    for stream, column in (("current_weather", "TEMPERATURE"), ("current", "READINGS"),
                           ("locations", "LATITUDE"), ("customers", "CUSTOMER_ID")):
        done = firn("connectors", "try", "mine.yaml", "--stream", stream, *settings)
        rows = json.loads(done.out)
        assert done.code == 0 and len(rows) == 1 and rows[0][column] is not None, done
        assert rows[0]["EXTRA"] is None, done
    done = firn("connectors", "try", "mine.yaml", "--stream", "hourly", "--from", "2026-03-01",
                "--to", "2026-03-02", "--set", f"history_url={sim.root}/history/v1", *settings)
    assert done.code == 0 and len(json.loads(done.out)) == 48, done
