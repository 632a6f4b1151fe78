"""Open-Meteo as firn-sim plays it: what the connector's tests and the demo build on."""

import datetime
import json
import urllib.parse

import pytest

import firn_sim

UNTIL = ["--until", "2026-03-10T12:20:00Z", "--frozen", "--interactions", 10]
AT = datetime.datetime(2026, 3, 10, 12, 15, tzinfo=datetime.timezone.utc)
FIXED = ("latitude", "longitude", "elevation", "utc_offset_seconds", "timezone")


@pytest.fixture(scope="module")
def shared():
    """One that no test changes."""
    with firn_sim.start(*UNTIL) as sim:
        yield sim


@pytest.fixture
def sim():
    with firn_sim.start(*UNTIL) as sim:
        yield sim


def ask(sim, path="/v1/forecast", **query):
    """The answer; lists become texts with commas."""
    texts = {name: ",".join(map(str, value)) if isinstance(value, list) else value
             for name, value in query.items()}
    return sim.get(path + "?" + urllib.parse.urlencode(texts), token=None)


def current(sim, latitude, longitude, **more):
    answer = ask(sim, latitude=latitude, longitude=longitude, current_weather="true",
                 timeformat="unixtime", **more)
    assert answer.status == 200, answer.body
    return answer.json


def history(sim, latitude, longitude, start, end, **more):
    return ask(sim, "/history/v1/forecast", latitude=latitude, longitude=longitude,
               start_date=start, end_date=end, timeformat="unixtime",
               **{"hourly": "temperature_2m", **more})


def refusal(answer, status=400):
    assert answer.status == status and answer.json["error"] is True, answer.body
    return answer.json["reason"]


# --- places and values ---

def test_one_place_is_an_object_and_several_are_a_list_in_the_order_asked(shared):
    one = current(shared, 60.17, 24.94)
    assert isinstance(one, dict) and "location_id" not in one
    many = current(shared, [60.17, -33.9, 48.1], [24.94, 151.2, 11.5])
    assert [place.get("location_id") for place in many] == [None, 1, 2]
    assert [place["latitude"] for place in many] == [60.1875, -33.875, 48.125]
    for place, (latitude, longitude) in zip(many, ((60.17, 24.94), (-33.9, 151.2), (48.1, 11.5))):
        alone = current(shared, latitude, longitude)
        assert alone["current_weather"] == place["current_weather"]
        assert {n: alone[n] for n in FIXED} == {n: place[n] for n in FIXED}
    assert many[0]["current_weather"] != many[1]["current_weather"]


def test_the_older_block_has_its_own_names_and_is_stronger(shared):
    place = current(shared, 60, 25, current="rain")
    assert set(place["current_weather"]) == {"time", "interval", "temperature", "windspeed",
                                             "winddirection", "is_day", "weathercode"}
    assert place["current_weather"]["time"] == AT.timestamp() and "current" not in place
    assert place["current_weather"]["interval"] == 900
    newer = ask(shared, latitude=60, longitude=25,
                current="temperature_2m,wind_speed_10m,wind_direction_10m,is_day,weather_code").json
    assert newer["current"]["time"] == "2026-03-10T12:15"
    assert list(place["current_weather"].values())[2:] == list(newer["current"].values())[2:]
    assert newer["current_units"]["temperature_2m"] == "°C"


def test_values_depend_on_seed_place_and_time_alone(sim):
    before = current(sim, 60, 25)
    with firn_sim.start(*UNTIL) as twin, firn_sim.start(*UNTIL, "--seed", 2) as other:
        assert current(twin, 60, 25)["current_weather"] == before["current_weather"]
        assert current(other, 60, 25)["current_weather"] != before["current_weather"]
    sim.set_clock(now="2026-03-10T12:29:59Z")
    assert current(sim, 60, 25)["current_weather"] == before["current_weather"]
    sim.advance("1s")
    assert current(sim, 60, 25)["current_weather"] != before["current_weather"]
    sim.advance("90m")
    hours = history(sim, 60, 25, "2026-03-10", "2026-03-10").json["hourly"]
    assert current(sim, 60, 25)["current_weather"]["temperature"] == \
        hours["temperature_2m"][hours["time"].index(int(AT.timestamp()) + 6300)]


def test_far_south_nothing_is_known(shared):
    far, farther = current(shared, [-65, -85], [10, 10])
    assert "elevation" not in far and far["current_weather"]["temperature"] is not None
    assert "elevation" not in farther and farther["current_weather"]["temperature"] is None
    assert json.dumps(current(shared, 0, 0)["elevation"])


def test_hours_are_parallel_lists_with_both_days(shared):
    answer = history(shared, [60, 61], [25, 26], "2026-03-01", "2026-03-02",
                     hourly="temperature_2m,precipitation").json
    for place in answer:
        hours = place["hourly"]
        assert set(hours) == {"time", "temperature_2m", "precipitation"}
        assert {len(values) for values in hours.values()} == {48}
        assert hours["time"] == list(range(hours["time"][0], hours["time"][0] + 48 * 3600, 3600))
        assert place["hourly_units"]["precipitation"] == "mm"
    assert answer[0]["hourly"]["temperature_2m"] != answer[1]["hourly"]["temperature_2m"]


def test_it_goes_far_back_only_on_the_history_host(shared):
    old = {"hourly": "rain", "start_date": "2020-01-01", "end_date": "2020-01-01"}
    assert "out of allowed range from 2025-12-08" in refusal(
        ask(shared, latitude=1, longitude=1, **old))
    assert ask(shared, "/history/v1/forecast", latitude=1, longitude=1, **old).status == 200
    assert "2016-01-01 to 2026-03-10" in refusal(history(shared, 1, 1, "2026-03-09", "2026-03-11"))


# --- refusals ---

@pytest.mark.parametrize("query, words", [
    ({}, "must have the same number of elements"),
    ({"latitude": "1,2", "longitude": "1"}, "must have the same number of elements"),
    ({"latitude": "95", "longitude": "1"}, "Latitude must be in range of -90 to 90°. Given: 95."),
    ({"latitude": "5", "longitude": "-181"}, "Longitude must be in range of -180 to 180°."),
    ({"latitude": "x", "longitude": "1"}, "x is no number"),
    ({"latitude": "nan", "longitude": "1"}, "nan is no number"),
    ({"latitude": ",".join("1" * 1001), "longitude": ",".join("1" * 1001)},
     "Only up to 1000 locations can be requested at once"),
    ({"latitude": "1", "longitude": "1", "current": "tempeture"},
     "Cannot initialize WeatherVariable from invalid String value tempeture for key current"),
    ({"latitude": "1", "longitude": "1", "timeformat": "x"}, "Timeformat"),
    ({"latitude": "1", "longitude": "1", "timezone": "Mars"}, "Invalid timezone"),
    ({"latitude": "1", "longitude": "1", "start_date": "1.3.2026"}, "Invalid date format"),
    ({"latitude": "1", "longitude": "1", "start_date": "2026-03-09", "end_date": "2026-03-08"},
     "End-date must be larger")])
def test_wrong_questions_get_a_reason(shared, query, words):
    assert words in refusal(ask(shared, **query))


def test_other_paths_and_methods(shared):
    assert refusal(shared.get("/v1/archive", token=None), 404) == "Not Found"
    assert refusal(shared.request("POST", "/v1/forecast"), 404) == "Not Found"


def test_a_key_where_one_is_wanted():
    with firn_sim.start(*UNTIL, "--weather-key", "k&y") as sim:
        where = {"latitude": 1, "longitude": 1}
        assert refusal(ask(sim, **where), 401) == "API key required"
        assert refusal(ask(sim, apikey="other", **where)) == "The supplied API key is invalid."
        assert ask(sim, apikey="k&y", **where).status == 200
        assert [entry["auth"] for entry in sim.log()] == ["none", "wrong", "right"]


def test_quotas_count_places_and_begin_anew_with_the_clock():
    with firn_sim.start(*UNTIL, "--weather-quota", "3,6,7") as sim:
        def refused():
            answer = ask(sim, latitude=[1, 2, 3], longitude=[1, 2, 3], current_weather="true")
            assert "Retry-After" not in answer.headers
            return answer.status == 429 and refusal(answer, 429)

        assert not refused()
        assert refused() == "Minutely API request limit exceeded. Please try again in one minute."
        sim.advance("1m")
        assert not refused()
        sim.advance("1m")
        assert refused() == "Hourly API request limit exceeded. Please try again in the next hour."
        sim.advance("1h")
        assert not refused()
        sim.advance("1h")
        assert refused() == "Daily API request limit exceeded. Please try again tomorrow."
        sim.advance("1d")
        assert not refused()


def test_long_spans_of_many_variables_count_for_more():
    with firn_sim.start(*UNTIL, "--weather-quota", "0,0,4") as sim:
        wanted = ["temperature_2m"] * 20
        assert history(sim, 1, 1, "2026-02-01", "2026-02-28", hourly=wanted).status == 200  # 4
        assert history(sim, 1, 1, "2026-02-01", "2026-02-01", hourly=wanted).status == 429


# --- faults ---

@pytest.mark.parametrize("way, words", [("minutely", "Minutely"), ("hourly", "Hourly"),
                                        ("daily", "Daily"), ("concurrent", "Too many concurrent")])
def test_fault_quota(sim, way, words):
    sim.fault("quota", times=1, **{"as": way})
    assert refusal(ask(sim, latitude=1, longitude=1), 429).startswith(words)
    assert ask(sim, latitude=1, longitude=1).status == 200


def test_fault_place(sim):
    def places(way, index=1):
        sim.fault("place", index=index, times=1, **{"as": way})
        return current(sim, [1, 2, 3], [1, 2, 3])

    right = current(sim, [1, 2, 3], [1, 2, 3])
    for way, expected in {"error": {"error": True,
                                    "reason": "No data is available for this location"},
                          "null": None, "text": "no object"}.items():
        got = places(way)
        assert got[1] == expected
        assert [got[i]["current_weather"] for i in (0, 2)] == \
            [right[i]["current_weather"] for i in (0, 2)]
    assert [place["latitude"] for place in places("absent")] == [1, 3]
    assert [place["latitude"] for place in places("absent", 0)] == [2, 3]
    assert [place["latitude"] for place in places("twice", 2)] == [1, 2, 3, 3]


def test_faults_of_any_api_are_for_weather_where_they_say_so(sim):
    sim.fault("status", code=503)
    assert ask(sim, latitude=1, longitude=1).status == 200
    sim.heal()
    sim.fault("status", code=503, on="weather", message="overloaded", match="latitude=1,2")
    assert refusal(ask(sim, latitude=[1, 2], longitude=[1, 2]), 503) == "overloaded"
    assert ask(sim, latitude=1, longitude=1).status == 200
    assert sim.get("users").status == 200
    sim.heal()
    sim.fault("status", code=502, on="weather", times=1)
    answer = ask(sim, latitude=1, longitude=1)
    assert answer.status == 502 and answer.headers["Content-Type"] == "text/html"


def test_a_failure_while_streaming_is_appended_to_a_200(sim):
    whole = ask(sim, latitude=1, longitude=1, current_weather="true").body
    sim.fault("trailing", on="weather", at="40%", times=1,
              text="Unexpected error while streaming data: timeout")
    answer = ask(sim, latitude=1, longitude=1, current_weather="true")
    assert answer.status == 200
    part, _, words = answer.body.partition(b"Unexpected error")
    assert words == b" while streaming data: timeout" and len(part) < len(whole) / 2
    assert part[:20] == whole[:20]


@pytest.mark.parametrize("options", [
    ["--weather-quota", "x"], ["--weather-quota", "1,2,3,4"], ["--weather-quota", "-1"],
    ["--weather-key"], ["--fault", "place:as=gone"], ["--fault", "quota:as=monthly"]])
def test_mistakes_on_the_command_line(options):
    ended = firn_sim.run(*options)
    assert ended.returncode == 2 and ended.stderr.startswith("firn-sim: ") and not ended.stdout


def test_help_tells_of_weather():
    text = firn_sim.run("--help").stdout
    for word in ("--weather-key", "--weather-quota", "/history/v1/forecast", "quota:as",
                 "place:as index message", "on=weather", "concurrent"):
        assert word in text
