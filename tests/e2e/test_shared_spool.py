"""Two configurations with one spool folder by mistake. Of two pipelines the second is refused by
name, or it would deliver the first one's files to its own destination; of one pipeline the second
to come waits for the first."""

import json
import time

import pytest

import conftest
import standin
from collecting import PLACES, Collector
from serving import Service

REST = ("http: {{ low_speed_time: 60s }}\nschedule: {{ every: 1h }}\n"
        "spool: {{ dir: {} }}\nstate_dir: {}\n")


def what_is_there(folder):
    return sorted((path.relative_to(folder), path.stat().st_mtime_ns, path.stat().st_size)
                  for path in folder.rglob("*") if path.is_file())


@pytest.fixture(name="server")
def fixture_server():
    with standin.OpenMeteo() as server:
        yield server


def make(tmp_path, server, name, pipeline=None, destination="{ folder: landing }"):
    """A pipeline in a folder of its own, with the spool that all share."""
    (tmp_path / name).mkdir()
    firn = conftest.Firn(tmp_path / name)
    return Collector(firn, server, pipeline=pipeline or name, customer=name,
                     destination=destination,
                     rest=REST.format(tmp_path / "spool", ".firn/" + name))


def make_waiting(tmp_path, server):
    """`north`, whose files wait in the spool, for its destination is away; and `south`."""
    north = make(tmp_path, server, "north", destination="{ folder: away/landing }")
    north.firn.write("away", "no folder")
    done = north("run")
    assert done.code == 3 and "wait in the spool" in done.out, done
    return north, make(tmp_path, server, "south")


def customers(pipe):
    return {row["CUSTOMER_ID"] for row in pipe.landed("current_weather")}


def test_another_pipelines_spool_is_refused_by_name_and_left_as_it_was(tmp_path, server):
    _, south = make_waiting(tmp_path, server)
    spool = tmp_path / "spool"
    before, asked = what_is_there(spool), len(server.log)
    for command in (["run"], ["flush"], ["start"],
                    ["initial-load", "--from", "2026-03-01", "--to", "2026-03-02"]):
        done = south(*command)
        assert done.code == 2, (command, done)
        assert f"spool '{spool}' belongs to pipeline 'north', and this is pipeline 'south'" \
            in done.err and "spool.dir" in done.err and "--rename 'north'" in done.err, done
        assert len(server.log) == asked, command
    done = south("check")
    assert done.code == 2 and "belongs to pipeline 'north'" in done.out + done.err, done
    assert what_is_there(spool) == before
    assert not south.firn.path("landing").exists() and south.gaps() == []


def test_status_says_whose_the_spool_is(tmp_path, server):
    north, south = make_waiting(tmp_path, server)
    status, code = north.status()
    assert code == 1 and status["spool"]["owner"] == "north" and status["spool"]["files"] == 3
    status, code = south.status()
    assert code == 1 and status["spool"]["owner"] == "north", status
    assert status["spool"]["files"] == 0, "they are not south's"
    assert any("belongs to pipeline 'north'" in reason for reason in status["reasons"]), status
    assert "belongs to pipeline 'north'" in south("status").out


def test_a_spool_without_an_owner_is_adopted_by_who_comes_first(tmp_path, server):
    north, south = make_waiting(tmp_path, server)
    (tmp_path / "spool" / "OWNER").unlink()  # made by an older firn
    assert north.status()[0]["spool"]["owner"] is None
    north.firn.path("away").unlink()
    north.firn.path("away").mkdir()
    done = north("flush")
    assert done.code == 0, done
    assert (tmp_path / "spool" / "OWNER").read_text() == "north\n"
    assert south("run").code == 2


def test_reset_rename_takes_the_spool_over(tmp_path, server):
    north, south = make_waiting(tmp_path, server)
    done = south("reset", "--rename", "east")
    assert done.code == 2 and "belongs to pipeline 'north'" in done.err, done
    for _ in range(2):
        done = south("reset", "--rename", "north")
        if done.code != 0:  # the second time there is nothing any more
            assert done.code == 2 and "no state of a pipeline 'north'" in done.err, done
    assert (tmp_path / "spool" / "OWNER").read_text() == "south\n"
    done = south("run")
    assert done.code == 0, done
    assert customers(south) == {"north", "south"}, "what waited goes with the spool"
    done = north("run")
    assert done.code == 2 and "belongs to pipeline 'south'" in done.err, done


def test_a_collector_under_a_new_name_goes_on_with_state_and_spool(tmp_path, server):
    pipe = make(tmp_path, server, "north", destination="{ folder: landing }")
    assert pipe("run").code == 0
    config = pipe.firn.path("firn.yaml")
    config.write_text(config.read_text().replace("pipeline: north", "pipeline: arctic"))
    assert pipe("run").code == 2
    done = pipe("reset", "--rename", "north")
    assert done.code == 0, done
    done = pipe("run")
    assert done.code == 0, done
    assert len(pipe.landed("customers")) == 1, "that it was landed is part of the state"
    status, code = pipe.status()
    assert code == 0 and status["pipeline"] == "arctic" and status["spool"]["owner"] == "arctic"


def test_before_a_warehouse_state_files_and_spool_are_taken_over(tmp_path, server):
    """Done again after a crash in between, there is only the spool left to take."""
    (tmp_path / "one").mkdir()
    pipe = Collector(conftest.Firn(tmp_path / "one"), server, pipeline="north",
                     destination="{ duckdb: w.duckdb }",
                     rest=f"spool: {{ dir: {tmp_path / 'spool'} }}\n")
    config = pipe.firn.path("firn.yaml")
    assert pipe("run").code == 0
    config.write_text(config.read_text().replace("pipeline: north", "pipeline: arctic"))
    assert pipe("run").code == 2
    done = pipe("reset", "--rename", "north")
    assert done.code == 0, done
    done = pipe("run")
    assert done.code == 0, done
    rows = json.loads(pipe("query", "SELECT PIPELINE FROM FIRN_FILES UNION SELECT PIPELINE FROM "
                           "FIRN_RUNS", "--format", "json").out)
    assert rows == [{"PIPELINE": "arctic"}], rows
    (tmp_path / "spool" / "OWNER").write_text("north\n")  # a crash between the two steps
    assert pipe("run").code == 2
    assert pipe("reset", "--rename", "north").code == 0
    assert pipe("run").code == 0


def test_of_two_services_of_one_pipeline_the_second_waits_and_names_the_holder(tmp_path, server):
    spool = tmp_path / "spool"
    pipes = {name: make(tmp_path, server, name, pipeline="weather") for name in ("north", "south")}
    server.gate.clear()
    with Service(pipes["north"].firn, at="2026-05-05T10:17:00Z") as first:
        first.wait_for("run begins")
        end = time.monotonic() + 30
        while not server.log and time.monotonic() < end:
            time.sleep(0.02)
        assert server.log, "the first has not asked"
        before, asked = what_is_there(spool), len(server.log)
        with Service(pipes["south"].firn, at="2026-05-05T10:17:00Z") as second:
            holder = dict(line.split(": ", 1)
                          for line in (spool / "LOCK").read_text().splitlines())
            second.wait_for(f"{spool}/LOCK' is held by process {holder['pid']} on "
                            f"{holder['host']} since {holder['since']} (start)")
            second.wait_for("; next try 2026-05-05 10:1")  # a minute, a quarter more or less
            assert "run done" not in first.text(), "the gate is closed"
            assert what_is_there(spool) == before and len(server.log) == asked
            server.gate.set()
            first.wait_for("run done")
            second.set_clock("2026-05-05T10:19:30Z")
            second.wait_for("run done")
            second.stop()
        first.stop()
    for name, pipe in pipes.items():
        rows = pipe.landed("current_weather")
        assert sorted(row["LOCATION_NAME"] for row in rows) == sorted(p[0] for p in PLACES)
        assert {row["CUSTOMER_ID"] for row in rows} == {name}
