"""The weather views, rule by rule, as test_views.py does for the others: each by its DuckDB text
and by its Snowflake text."""

import pytest

from views_store import WEATHER, Store, translate

VIEWS = ["V_DAILY_WEATHER", "V_LATEST_WEATHER"]
DAILY = ("WEATHER_DATE", "LOCATION_ID", "READINGS", "MIN_TEMPERATURE", "MEAN_TEMPERATURE",
         "MAX_TEMPERATURE")


@pytest.fixture
def store():
    return Store()


def test_columns_stand_in_the_manuals_order(store):
    store.create("V_LATEST_WEATHER")
    store.create("V_DAILY_WEATHER")
    described = [[column[0] for column in store.db.execute(f"DESCRIBE {view}").fetchall()]
                 for view in ("V_LATEST_WEATHER", "V_DAILY_WEATHER")]
    assert described == [list(WEATHER["CURRENT_WEATHER"]), [
        "WEATHER_DATE", "CUSTOMER_ID", "LOCATION_ID", "READINGS", "MIN_TEMPERATURE",
        "MEAN_TEMPERATURE", "MAX_TEMPERATURE"]]


def test_they_have_comments_and_read_one_table():
    for view in VIEWS:
        comment, tables, _ = translate("duckdb")[view]
        assert comment.startswith("One row a") and tables == ["CURRENT_WEATHER"]


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_over_an_empty_table_is_empty(store, view):
    assert store.rows(view) == []


def test_the_latest_is_what_was_observed_last_of_each_location(store):
    store.weather("2025-08-01 12:00:00", TEMPERATURE=1.0, LOAD_TIMESTAMP="2025-08-01 12:01:00")
    store.weather("2025-08-01 11:00:00", TEMPERATURE=2.0, LOAD_TIMESTAMP="2025-08-09 00:00:00")
    store.weather("2025-08-01 10:00:00", TEMPERATURE=3.0, LOCATION_ID="tku")
    store.weather("2025-08-01 09:00:00", TEMPERATURE=4.0, CUSTOMER_ID="other")
    assert store.rows("V_LATEST_WEATHER", "CUSTOMER_ID", "LOCATION_ID", "TEMPERATURE") == [
        ("acme", "hel", 1.0), ("acme", "tku", 3.0), ("other", "hel", 4.0)]


def test_the_latest_row_is_whole(store):
    store.weather("2025-08-01 12:00:00", TEMPERATURE=None, LOCATION_NAME="Helsinki", IS_DAY=1,
                  EXTRA={"via": 1})
    store.weather("2025-08-01 11:00:00", TEMPERATURE=2.0)
    assert store.rows("V_LATEST_WEATHER", "TEMPERATURE", "LOCATION_NAME", "IS_DAY", "EXTRA") == [
        (None, "Helsinki", 1, '{"via": 1}')]


def test_a_day_is_counted_by_location(store):
    for hour, temperature in ((0, 1.0), (12, 2.0), (23, 6.0), (13, None)):
        store.weather(f"2025-08-01 {hour:02}:30:00", TEMPERATURE=temperature)
    store.weather("2025-08-02 00:00:00", TEMPERATURE=9.0)
    store.weather("2025-08-01 01:00:00", TEMPERATURE=-5.0, LOCATION_ID="tku")
    assert store.rows("V_DAILY_WEATHER", *DAILY) == [
        ("2025-08-01", "hel", 4, 1.0, 3.0, 6.0), ("2025-08-01", "tku", 1, -5.0, -5.0, -5.0),
        ("2025-08-02", "hel", 1, 9.0, 9.0, 9.0)]


@pytest.mark.parametrize("timezone, at, day", [
    ("UTC", "2025-08-02 06:59:59.999", "2025-08-02"),
    ("US/Pacific", "2025-08-02 06:59:59.999", "2025-08-01"),
    ("Asia/Kolkata", "2025-08-01 18:30:00", "2025-08-02"),
])
def test_days_are_those_of_the_configured_zone(store, timezone, at, day):
    store.weather(at)
    store.db.execute("SET TimeZone = 'Asia/Tokyo'")
    assert store.rows("V_DAILY_WEATHER", "WEATHER_DATE", timezone=timezone) == [(day,)]


@pytest.mark.parametrize("view", VIEWS)
def test_a_prefix_stands_in_front(view):
    store = Store("acme_")
    store.weather("2025-08-01 12:00:00")
    assert len(store.rows(view)) == 1
    for dialect in ("duckdb", "snowflake"):
        assert '"CURRENT_WEATHER"' not in translate(dialect, prefix="acme_")[view][2]
