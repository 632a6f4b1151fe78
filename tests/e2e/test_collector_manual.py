"""docs/COLLECTOR.md, followed by the letter: its configurations, its policy, its commands."""

import json
import re

import pytest

import firn_sim
import s3_server

MANUAL = (firn_sim.ROOT / "docs" / "COLLECTOR.md").read_text(encoding="utf-8")


def blocks(language):
    return re.findall(rf"\n```{language}\n(.*?)```", MANUAL, re.DOTALL)


@pytest.fixture
def settled(firn):
    """Its two configurations in this test's own folder."""
    collector, central = blocks("yaml")
    collector = collector.replace("/var/lib/firn", "lib").replace("/var/log/firn", "log")
    firn.write("weather.yaml", collector)
    firn.write("central.yaml", central)
    return firn


def command(start):
    """A line of the page that begins so, as words behind firn."""
    line = next(line for block in blocks("sh") for line in block.splitlines()
                if line.startswith(start))
    return [word.strip("'") for word in re.findall(r"'[^']*'|\S+", line.partition(" #")[0])][1:]


def test_from_nothing_to_rows(settled, sim, tmp_path):
    firn = settled
    with s3_server.start(tmp_path) as s3:
        (s3.data / "acme-landing").mkdir()
        text = firn.path("weather.yaml").read_text()
        text = text.replace("  connector: openmeteo\n",
                            f"  connector: openmeteo\n  base_url: {sim.root}/v1\n")
        text = text.replace("region: eu-north-1 }",
                            f"region: us-east-1, endpoint: {s3.endpoint} }}")
        firn.write("weather.yaml", text)
        policy = json.loads(blocks("json")[0])
        policy["Statement"][0]["Principal"] = "acme"
        s3.user("acme", "acme-secret", ["s3:PutObject"])
        status, _, words = s3.request("PUT", "/acme-landing", "policy=",
                                      json.dumps(policy).encode())
        assert status in (200, 204), words
        keys = {"AWS_ACCESS_KEY_ID": "acme", "AWS_SECRET_ACCESS_KEY": "acme-secret"}
        for start in ("firn -c /etc/firn/weather.yaml check", "firn -c /etc/firn/weather.yaml run"):
            words = [word.replace("/etc/firn/", "") for word in command(start)]
            done = firn(*words, env=keys)
            assert done.code == 0, done
        reader = {**s3.env, "AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL": s3.endpoint}
        done = firn(*command("firn -c central.yaml load s3://"), env=reader)
        assert done.code == 0 and "CURRENT_WEATHER" in done.out, done
        done = firn(*command("firn -c central.yaml query"), "--format", "json")
        assert [(row["CUSTOMER_ID"], row["LOCATION_NAME"]) for row in json.loads(done.out)] == [
            ("acme", "Helsinki"), ("acme", "Turku")]
        assert all(row["TEMPERATURE"] is not None for row in json.loads(done.out))
    assert {path.name for path in firn.path("lib/weather").iterdir()} >= {"spool", "state.json"}
    assert list(firn.path("log").glob("weather_pipeline_*.log"))


def test_the_policy_is_the_one_that_ddl_prints(settled):
    done = settled("-c", "weather.yaml", "ddl", "--customers", "acme")
    assert done.code == 0, done
    printed = re.search(r'customer "acme".*?\n((?:-- .*\n)+?)\n', done.out)[1]
    assert json.loads(blocks("json")[0]) == json.loads(printed.replace("-- ", ""))


def test_the_old_dump_folder_is_loaded(settled):
    settled.path("dump").mkdir()
    settled.write("dump/1795169700_acme_oy_Turku.json", json.dumps({
        "latitude": 60.4, "longitude": 22.3, "generationtime_ms": 0.1, "utc_offset_seconds": 0,
        "timezone": "GMT", "elevation": 26.0, "current_weather": {
            "time": "2026-11-20T10:15", "temperature": 1.5, "windspeed": 3.0, "winddirection": 10,
            "is_day": 1, "weathercode": 3}}))
    call = command("firn -c central.yaml load dump")
    assert settled(*call).code == 3
    line = re.search(r"`(source: \{ settings: .*?)` in central.yaml", MANUAL)[1]
    settled.write("central.yaml", settled.path("central.yaml").read_text() + line + "\n")
    done = settled(*call)
    assert done.code == 0 and "1 new" in done.out, done


def test_links_and_tables_are_there():
    for name in re.findall(r"\]\(([A-Z]+\.md)\)", MANUAL):
        assert (firn_sim.ROOT / "docs" / name).exists(), name
    headings = {re.sub(r"[^a-z0-9 -]", "", line[3:].lower()).replace(" ", "-")
                for line in MANUAL.splitlines() if line.startswith("## ")}
    assert set(re.findall(r"\]\(#([a-z0-9-]+)\)", MANUAL)) <= headings
