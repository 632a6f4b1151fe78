"""Two pipelines with one spool folder by mistake: one at a time writes, the other says who has it
and comes again."""

import time

import conftest
import standin
from collecting import PLACES, Collector
from serving import Service

REST = "schedule: {{ every: 1h }}\nspool: {{ dir: {} }}\n"


def what_is_there(folder):
    return sorted((path.relative_to(folder), path.stat().st_mtime_ns, path.stat().st_size)
                  for path in folder.rglob("*") if path.is_file())


def test_of_two_services_with_one_spool_the_second_waits_and_names_the_holder(tmp_path):
    spool = tmp_path / "spool"
    pipes = {}
    with standin.OpenMeteo() as server:
        for name in ("north", "south"):
            (tmp_path / name).mkdir()
            pipes[name] = Collector(conftest.Firn(tmp_path / name), server, pipeline=name,
                                    customer=name, rest=REST.format(spool))
        server.wait_s = 6
        with Service(pipes["north"].firn, at="2026-05-05T10:17:00Z") as first:
            first.wait_for("run begins")
            end = time.monotonic() + 10
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
                assert "run done" not in first.text(), "it was too late to prove anything"
                assert what_is_there(spool) == before and len(server.log) == asked
                server.wait_s = 0
                first.wait_for("run done")
                second.set_clock("2026-05-05T10:19:30Z")
                second.wait_for("run done")
                second.stop()
            first.stop()
    for name, pipe in pipes.items():
        rows = pipe.landed("current_weather")
        assert sorted(row["LOCATION_NAME"] for row in rows) == sorted(p[0] for p in PLACES)
        assert {row["CUSTOMER_ID"] for row in rows} == {name}
