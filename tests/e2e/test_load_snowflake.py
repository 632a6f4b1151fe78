"""firn load into Snowflake: the emulator takes what DuckDB takes."""

import sys

import pytest

import firn_sim
from test_load_files import DAY, Central, at, weather

sys.path.append(str(firn_sim.ROOT / "tests" / "snowflake"))
import emulator  # noqa: E402


@pytest.fixture
def snowflake(tmp_path):
    with emulator.start(tmp_path / "snowflake") as running:
        yield running


@pytest.fixture
def central(firn, snowflake):
    return Central(firn, "version: 1\npipeline: central\n" + snowflake.destination())


def test_files_are_loaded_once_with_their_rows_in_one_transaction(central, snowflake):
    central.named([weather(OBSERVED_AT=at(i), EXTRA={"i": i}) for i in range(3)])
    central.land([weather(OBSERVED_AT=at(7)), weather(OBSERVED_AT="soon", LOCATION_ID="x")] +
                 [weather(OBSERVED_AT=at(7))] * 200, name="a.ndjson")
    bad, _, _ = central.named([weather(OBSERVED_AT=at(9))], seq=3)
    bad.write_bytes(bad.read_bytes()[:-3])
    done = central.load()
    assert done.code == 3 and bad.name in done.err, done
    assert [int(n) for n, in snowflake.rows('SELECT COUNT(*) FROM "CURRENT_WEATHER"')] == [4]
    assert [key for key, in snowflake.rows(
        'SELECT "FILE_KEY" FROM "FIRN_FILES" ORDER BY 1')][-1] == (
            f"current_weather/{DAY}/acme/a.ndjson")
    assert len(snowflake.rows('SELECT "REASON" FROM "FIRN_REJECTED"')) == 1
    done = central.load()
    assert done.code == 3 and "2 loaded before" in done.out, done
    written = [text for text in snowflake.transactions() if '"FIRN_FILES"' in str(text)]
    assert written and '"CURRENT_WEATHER"' in str(written[0])
