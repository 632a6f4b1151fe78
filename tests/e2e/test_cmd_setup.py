"""firn setup: by options, at a terminal, and out of the two older programs' files. What it saves
works, holds no secret, and can be changed by hand."""

import json
import os
import stat

import pytest

import firn_sim
import standin
from terminal import Person

SECRET = "s3cr$et-${NOT_A_VARIABLE}-\"quoted\""


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def simple(sim, *more):
    return ("setup", "--base-url", sim.base, "--duckdb", "it.duckdb", "--destination", "duckdb",
            "--at", "22:00", "--timezone", "US/Pacific", *more)


def left_overs(firn):
    return [path.name for path in firn.folder.iterdir() if ".new" in path.name]


# --- by options ---

def test_every_answer_is_an_option_and_what_is_saved_runs(firn, sim):
    done = firn(*simple(sim, "--token-env", "FIRN_TEST_TOKEN", "--streams", "users",
                        "--pipeline", "mine", "--lookback", "2d"))
    assert done.code == 0 and "saved: firn.yaml" in done.err, done
    assert "ok   sign-in" in done.out and "ok   users" in done.out
    text = firn.path("firn.yaml").read_text()
    assert mode(firn.path("firn.yaml")) == 0o600 and not left_overs(firn)
    for part in ('bearer: "${FIRN_TEST_TOKEN}"', 'streams: ["users"]', 'at: ["22:00"]',
                 'timezone: "US/Pacific"', 'pipeline: "mine"', 'lookback: "2d"'):
        assert part in text, text
    assert len([line for line in text.splitlines() if line.strip().startswith("#")]) >= 5
    assert firn("check").code == 0
    assert firn("run").code == 0
    assert firn("query", "SELECT count(*) > 0 FROM MOVEWORKS_USERS", "--format", "csv").code == 0


def test_a_secret_by_standard_input_goes_to_a_file_of_its_own(firn, sim):
    done = firn(*simple(sim, "--token-file", "-"), input=firn_sim.TOKEN + "\nnot read")
    assert done.code == 0, done
    assert firn.path("firn.token").read_text() == firn_sim.TOKEN
    assert mode(firn.path("firn.token")) == 0o600
    assert firn_sim.TOKEN not in firn.path("firn.yaml").read_text() + str(done)
    assert '${file:firn.token}' in firn.path("firn.yaml").read_text()
    assert firn("run").code == 0 and not left_overs(firn)


def test_a_file_with_a_secret_stays_where_it_is(firn, sim):
    firn.write("elsewhere/token", firn_sim.TOKEN)
    done = firn("-c", "conf/my.yaml", *simple(sim, "--token-file", "elsewhere/token"))
    assert done.code != 0 and not firn.path("conf").exists(), done # no such folder: nothing done
    firn.path("conf").mkdir()
    done = firn("-c", "conf/my.yaml", *simple(sim, "--token-file", "elsewhere/token"))
    assert done.code == 0, done
    assert f"${{file:{firn.folder}/elsewhere/token}}" in firn.path("conf/my.yaml").read_text()
    assert firn("-c", "conf/my.yaml", "run").code == 0


def test_the_folder_of_the_duckdb_file_is_made(firn, sim):
    words = [word.replace("it.duckdb", "data/of/it.duckdb") for word in simple(sim)]
    firn.path("conf").mkdir()
    done = firn("-c", "conf/firn.yaml", *words, "--token-file", "-", input=firn_sim.TOKEN)
    assert done.code == 0 and "made the folder conf/data/of" in done.err, done
    assert mode(firn.path("conf/data/of")) == 0o700
    assert firn("-c", "conf/firn.yaml", "run").code == 0
    assert firn.path("conf/data/of/it.duckdb").exists()


@pytest.mark.parametrize("args, says", [
    ((), "--token-file FILE, --token-env NAME"),
    (("--connector", "openmeteo", "--set", "customer_id=a", "--set",
      "locations=[{name: A, latitude: 1, longitude: 1}]"), "setup needs --destination"),
    (("--token-env", "X", "--bucket", "b", "--folder", "f"), "setup needs --destination"),
    (("--token-env", "X", "--destination", "s3"), "setup needs --bucket"),
    (("--token-env", "X", "--destination", "snowflake"), "setup needs --account"),
    (("--token-env", "X", "--token-file", "y"), "one of them, not both"),
    (("--token-file", "nowhere"), "'nowhere' is not there"),
    (("--connector", "openmeteo"), "setup needs --set customer_id=VALUE"),
    (("--connector", "moveworx"), "did you mean moveworks?"),
    (("--token-env", "X", "--destination", "duckdb", "--timezone", "Berlin"),
     "did you mean Europe/Berlin?"),
    (("--token-env", "X", "--destination", "duckdb", "--at", "25:00"), "a time of day such as"),
    (("--token-env", "X", "--destination", "duckdb", "--every", "often"), "a duration such as"),
    (("--from", "nowhere.json"), "nowhere.json"),
])
def test_what_is_missing_or_wrong_is_named(firn, args, says):
    done = firn("setup", *args)
    assert done.code == 2 and says in done.err, done
    assert list(firn.folder.iterdir()) == []


@pytest.mark.parametrize("args, written", [
    ((), 'duckdb: "moveworks.duckdb"'), (("--duckdb", "a.duckdb"), 'duckdb: "a.duckdb"'),
    (("--folder", "out"), 'folder: "out"'), (("--bucket", "b"), 'bucket: "b"'),
])
def test_the_destination_is_the_one_that_is_named_else_duckdb(firn, args, written):
    done = firn("setup", "--token-file", "-", "--no-check", *args, input="x\n")
    assert done.code == 0 and written in firn.path("firn.yaml").read_text(), done


def test_nothing_is_saved_that_does_not_work(firn, sim):
    done = firn(*simple(sim, "--token-file", "-"), input="a wrong one\n")
    assert done.code == 1 and "FAIL sign-in" in done.out and "nothing was saved" in done.err, done
    assert list(firn.folder.iterdir()) == []
    done = firn(*simple(sim, "--token-file", "-", "--no-check"), input="a wrong one\n")
    assert done.code == 0 and firn.path("firn.token").read_text() == "a wrong one", done


def test_what_is_there_is_not_replaced_unless_told_to(firn, sim):
    firn.write("firn.yaml", "mine", mode=0o644)
    firn.write("firn.token", "mine too", mode=0o644)
    done = firn(*simple(sim, "--token-file", "-"), input=firn_sim.TOKEN)
    assert done.code == 2 and "--force" in done.err, done
    done = firn(*simple(sim, "--token-file", "-", "--force"), input="a wrong one")
    assert done.code == 1, done
    assert firn.path("firn.yaml").read_text() == "mine"
    assert firn.path("firn.token").read_text() == "mine too"
    done = firn(*simple(sim, "--token-file", "-", "--force"), input=firn_sim.TOKEN)
    assert done.code == 0, done
    assert mode(firn.path("firn.yaml")) == mode(firn.path("firn.token")) == 0o600


def test_odd_characters_are_data(firn, sim):
    with standin.Generic(standin.make_records(3)) as server:
        firn.write("t$ings.yaml", (
            f"format: 1\nconnector: things\nbase_url: {server.url}\nauth: {{ bearer: {{}} }}\n"
            "settings: { who: { type: text, required: true } }\n"
            "streams:\n  items:\n    path: /items\n    paging: none\n    records: /data\n"
            "    key: [ID]\n    columns: { ID: text, WHO: { type: text, value: "
            '"{settings.who}" }, UPDATED_AT: timestamp }\n'))
        who = "a ${b} \"c\" 'd' \\ # e: é"
        done = firn("setup", "--connector", "./t$ings.yaml", "--set", f"who={who}",
                    "--destination", "duckdb", "--duckdb", "o'ne $x.duckdb", "--every", "10m",
                    "--token-file", "-", input=SECRET + "\n")
        assert done.code == 0, done
        assert firn.path("firn.token").read_text() == SECRET
        assert firn("run").code == 0
        assert any(SECRET in str(entry) for entry in server.log)
        done = firn("query", "SELECT DISTINCT WHO FROM THINGS_ITEMS", "--format", "json")
        assert json.loads(done.out) == [{"WHO": who}], done
        assert firn.path("o'ne $x.duckdb").exists()


# --- at a terminal ---

def test_a_person_is_asked_and_the_secret_is_not_shown(firn, sim):
    with Person(firn, "setup") as person:
        person.sees("Connector [moveworks]: ")
        person.types("moveworx")
        person.sees("did you mean moveworks?")
        person.sees("Connector [moveworks]: ")
        person.types("")
        person.sees("API token (not shown): ")
        person.waits_for_quiet()
        person.types("")
        person.sees("an answer is needed")
        person.sees("API token (not shown): ")
        person.waits_for_quiet()
        person.types("wrongé\x7f\x7fer\x15" + firn_sim.TOKEN + "X\x7f")
        person.sees("Name [moveworks]: ")
        assert person.echo()
        person.types("")
        person.sees("Address of the API: ")
        person.types(sim.base.removeprefix("http://"))
        person.sees("expected https:// or http:// and a host")
        person.sees("Address of the API: ")
        person.types(sim.base)
        person.sees("Destination [duckdb]: ")
        person.types("nowhere")
        person.sees("expected duckdb, snowflake, s3 or folder, found nowhere")
        person.types("")
        person.sees("DuckDB file [moveworks.duckdb]: ")
        person.types("")
        person.sees("How often it runs: ")
        person.types("")
        person.sees("When it runs [22:00]: ")
        person.types("6:30")
        person.sees("expected a time of day")
        person.types("06:30, 22:00")
        person.sees("Time zone [UTC]: ")
        person.types("Berlin")
        person.sees("did you mean Europe/Berlin?")
        person.types("Europe/Berlin")
        person.sees("sign-in")
        person.sees("saved: firn.yaml")
        person.sees("next: ")
        assert person.end() == 0
        assert firn_sim.TOKEN not in person.screen and "wrong" not in person.screen
    assert firn.path("firn.token").read_text() == firn_sim.TOKEN
    assert 'at: ["06:30","22:00"]' in firn.path("firn.yaml").read_text()
    assert firn("check").code == 0


def test_ctrl_c_at_the_secret_leaves_the_terminal_as_it_was(firn, sim):
    with Person(firn, "setup") as person:
        person.sees("Connector")
        person.types("")
        person.sees("API token (not shown): ")
        person.waits_for_quiet()
        person.types("abc\x03", enter=False)
        assert person.end() == 1
        assert person.echo()
    assert list(firn.folder.iterdir()) == []


def test_what_does_not_work_may_be_saved_all_the_same(firn, sim):
    for answer, code in (("n", 1), ("y", 0)):
        with Person(firn, *simple(sim)) as person:
            person.sees("Connector")
            person.types("")
            person.sees("API token")
            person.waits_for_quiet()
            person.types("a wrong one")
            person.sees("Name [moveworks]")
            person.types("")
            person.sees("Not all of it works. Save it all the same? [y/N]: ")
            person.types(answer)
            assert person.end() == code
        assert firn.path("firn.yaml").exists() == (code == 0) and not left_overs(firn)


def test_a_list_of_places_is_asked_one_by_one(firn):
    with Person(firn, "setup", "--connector", "openmeteo", "--no-check", "--destination",
                "folder", "--set", "customer_id=acme") as person:
        person.sees("locations, for the connector")
        person.sees("name: ")
        person.types("Nowhere")
        for wrong in ("north", "91", "1 }, {", "nan"):
            person.sees("latitude: ")
            person.types(wrong)
            person.sees(f"expected a number from -90 to 90, found {wrong}")
        person.sees("latitude: ")
        person.types("")
        person.sees("an answer is needed")
        for line in ("0", "0", "Helsinki", "60.17", "24.94", "O'Fallon \"x\"", "38.8", "-90.7", ""):
            person.sees(": ")
            person.types(line)
        person.sees("Name [openmeteo]: ")
        person.types("weather")
        person.sees("Address of the API: ")
        person.types("")
        person.sees("Folder [landing]: ")
        person.types("")
        person.sees("How often it runs [10m]: ")
        person.types("")
        assert person.end() == 0, person.screen
    text = firn.path("firn.yaml").read_text()
    assert '- { name: "Helsinki", latitude: 60.17, longitude: 24.94 }' in text
    assert '- { name: "O\'Fallon \\"x\\"", latitude: 38.8, longitude: -90.7 }' in text
    assert 'every: "10m"' in text and "auth" not in text


# --- the older programs ---

OLD = {
    "api_token": firn_sim.TOKEN,
    "snowflake": {"user": "LOADER", "password": "pass$word", "account": "org-acc",
                  "warehouse": "WH", "database": "DB", "schema": "PUBLIC", "role": None},
    "pipeline": {"create_views": True, "daily_lookback_days": 3, "schedule_time": "21:15",
                 "timezone": "US/Pacific", "initial_load_completed": True, "use_upsert": True},
}


def test_moveworks_config_json_is_taken_over(firn):
    firn.write("moveworks_config.json", json.dumps(OLD))
    done = firn("setup", "--from", "moveworks_config.json", "--no-check")
    assert done.code == 0, done
    text = firn.path("firn.yaml").read_text()
    for part in ('connector: "moveworks"', 'bearer: "${file:firn.token}"', 'lookback: "3d"',
                 'account: "org-acc"', 'user: "LOADER"', 'password: "${file:firn.password}"',
                 'warehouse: "WH"', 'database: "DB"', 'schema: "PUBLIC"', "create_views: true",
                 "write: upsert", 'at: ["21:15"]', 'timezone: "US/Pacific"'):
        assert part in text, text
    assert "role" not in text
    assert firn.path("firn.token").read_text() == firn_sim.TOKEN
    assert firn.path("firn.password").read_text() == "pass$word"
    assert mode(firn.path("firn.token")) == mode(firn.path("firn.password")) == 0o600
    everything = text + done.out + done.err
    assert firn_sim.TOKEN not in everything and "pass$word" not in everything
    for part in ("firn.token, which only you can read", "delete that", "v1, not v1beta2",
                 "lookback: 3d", "ddl --migrate", "key pair", "its timezone"):
        assert part in done.err, done
    assert json.loads(firn.path("moveworks_config.json").read_text()) == OLD


@pytest.mark.parametrize("old, new", [("8:05", "08:05"), ("21:5", "21:05"), ("00:00", "00:00"),
                                      (" 22:00 ", "22:00")])
def test_times_are_read_as_the_older_program_read_them(firn, old, new):
    pipeline = {**OLD["pipeline"], "schedule_time": old}
    firn.write("old.json", json.dumps({**OLD, "pipeline": pipeline}))
    assert firn("setup", "--from", "old.json", "--no-check").code == 0
    assert f'at: ["{new}"]' in firn.path("firn.yaml").read_text()


@pytest.mark.parametrize("old", ["noon", "24:00", "1:2:3", ":", "22:00 "[:3]])
def test_a_time_that_is_none_is_named(firn, old):
    pipeline = {**OLD["pipeline"], "schedule_time": old}
    firn.write("old.json", json.dumps({**OLD, "pipeline": pipeline}))
    done = firn("setup", "--from", "old.json", "--no-check")
    assert done.code == 2 and "a time of day such as 22:00" in done.err, done


def test_a_key_file_is_found_from_the_configurations_folder(firn):
    firn.write("keys/rsa.p8", "x")
    firn.path("conf").mkdir()
    firn.write("old.json", json.dumps(OLD))
    done = firn("-c", "conf/firn.yaml", "setup", "--from", "old.json", "--no-check", "--key-file",
                "keys/rsa.p8")
    text = firn.path("conf/firn.yaml").read_text()
    assert done.code == 0 and f'key_file: "{firn.folder}/keys/rsa.p8"' in text, done
    assert "password" not in text.replace("passwords", "")
    assert not firn.path("conf/firn.password").exists()


def test_options_count_before_the_older_file(firn, sim):
    old = {**OLD, "pipeline": {**OLD["pipeline"], "use_upsert": False, "create_views": False}}
    firn.write("moveworks_config.json", json.dumps(old))
    done = firn(*simple(sim, "--from", "moveworks_config.json", "--pipeline", "taken"))
    assert done.code == 0, done
    text = firn.path("firn.yaml").read_text()
    assert "duckdb:" in text and "snowflake" not in text and 'at: ["22:00"]' in text
    assert "write: append" in text and "create_views: false" in text
    assert not firn.path("firn.password").exists()
    assert firn("run").code == 0


@pytest.mark.parametrize("text, says", [
    ("{", "line"), ("{}", "expected api_token, snowflake and pipeline"), ("", "is neither"),
    ("[Other]\nx = y\n", "is neither"),
    ("[Location-info]\nlatitudes = 1, 2\nlongitudes = 1\nnames = a, b\n"
     "[Customer-info]\ncustomer_id = x\n", "not equally many"),
    ("[Location-info]\nlatitudes = 1\nlongitudes = 1, 2\nnames = a\n"
     "[Customer-info]\ncustomer_id = x\n", "not equally many"),
    ("[Location-info]\nlatitudes = north\nlongitudes = 1\nnames = a\n"
     "[Customer-info]\ncustomer_id = x\n", "is no number"),
])
def test_a_file_that_is_no_older_one_is_refused(firn, text, says):
    firn.write("old", text)
    done = firn("setup", "--from", "old", "--destination", "folder")
    assert done.code == 2 and says in done.err, done
    assert [path.name for path in firn.folder.iterdir()] == ["old"]


def test_config_ini_is_taken_over(firn):
    firn.write("config.ini", (
        "[Location-info]\r\n# towns\r\nLatitudes = 62.2415, 60.1695,-33.9\r\n"
        "longitudes : 25.7209, 24.9354, 18.4\r\nnames = Jyväskylä, Hel$inki \"c\", a'b\r\n"
        "[Customer-info]\r\ncustomer_id = a_b/..; x\r\n"
        "[Structure-info]\r\ndump_folder = /srv/dump\r\ndata_folder = ...\r\n"
        "log_folder = oldlogs\r\n"))
    done = firn("setup", "--from", "config.ini", "--no-check", "--destination", "s3", "--bucket",
                "open-meteo-source-bucket", "--region", "eu-north-1")
    assert done.code == 0, done
    text = firn.path("firn.yaml").read_text()
    for part in ('connector: "openmeteo"', 'pipeline: "weather"', 'customer_id: "a_b/..; x"',
                 '{ name: "Jyväskylä", latitude: 62.2415, longitude: 25.7209 }',
                 '{ name: "Hel$$inki \\"c\\"", latitude: 60.1695, longitude: 24.9354 }',
                 '{ name: "a\'b", latitude: -33.9, longitude: 18.4 }', 'every: "10m"',
                 'bucket: "open-meteo-source-bucket"', 'dir: "oldlogs"'):
        assert part in text, text
    for part in ("3 locations", "firn load /srv/dump", "AWS"):
        assert part in done.err, done
    assert firn("service", "cron").code == 0 # it reads well
