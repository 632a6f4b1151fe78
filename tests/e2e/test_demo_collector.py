"""make demo-collector: runs by itself, twice in the same folder, and leaves nothing running."""

import re
import subprocess

import duckdb
import pytest

import firn_sim

READINGS = 3 * 3 + 2 * 3  # acme reads three places three times, globex two as often


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("demo") / "a folder"


def demo(folder):
    done = subprocess.run([firn_sim.ROOT / "tools" / "demo_collector.sh", folder],
                          capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def check(folder, text, calls):
    assert f"Readings taken: {calls * READINGS}. Loaded: {calls * READINGS}." in text
    assert "FAIL" not in text and "all is well" in text
    with duckdb.connect(str(folder / "central" / "weather.duckdb"), read_only=True) as connection:
        places = connection.execute("SELECT CUSTOMER_ID, count(*) FROM V_LATEST_WEATHER "
                                    "GROUP BY 1 ORDER BY 1").fetchall()
        assert places == [("acme", 3), ("globex", 2)]
        assert connection.execute("SELECT sum(ROWS_LOADED) FROM FIRN_FILES WHERE FILE_KEY "
                                  "LIKE 'current_weather/%'").fetchone() == (calls * READINGS,)
    for customer in ("acme", "globex"):
        assert not list((folder / customer / "spool" / "weather" / "ready").glob("*/*/*"))
        for name in ("firn.yaml", "s3.secret"):
            assert (folder / customer / name).stat().st_mode & 0o077 == 0
    busy = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert str(folder) not in busy


def test_it_tells_what_happens(folder):
    text = demo(folder)
    check(folder, text, 1)
    down = text[text.index("2. S3 goes down"):text.index("3. S3 is back")]
    assert down.count("exit code 3") == 3 and "spool: 2 files with 6 rows wait" in down
    assert len(re.findall(r"^spool/weather/ready/current_weather/acme/\S+\.ndjson\.gz$", down,
                          re.MULTILINE)) == 2
    assert "acme$ firn flush\ndelivered 2 files with 6 rows" in text
    assert "\n10 loaded before\n" in text


def test_a_second_call_goes_on(folder):
    if not folder.exists():
        demo(folder)
    text = demo(folder)
    check(folder, text, 2)
    assert "6 files loaded, 10 loaded before" in text and "\n16 loaded before\n" in text
