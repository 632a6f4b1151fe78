"""Whose a spool is: another pipeline neither collects into it nor delivers out of it. What a crash
may do to that is in the scenarios of test_spool.py."""

import os
import shutil

import pytest

from spooling import Place, Story, after, drive, hold


def everything(folder):
    return sorted((os.path.relpath(path, folder), os.stat(path).st_mtime_ns, os.stat(path).st_size)
                  for above, folders, names in os.walk(folder) for path in
                  [f"{above}/{name}" for name in folders + names])


def test_another_pipelines_spool_is_refused_and_left_as_it_was():
    with Place() as place:
        drive(place, ["collect:a:t1=2", "seal", "collect:b:t1=1"])
        was = everything(place.spool)
        for words in (["look"], ["deliver"], ["collect:c:t1=1"], ["seal"]):
            code, lines = drive(place, ["owner=south"] + words)
            assert code == 1 and len(lines) == 1 and lines[0].startswith("unopened "), lines
            assert "belongs to pipeline 'north', and this is pipeline 'south'" in lines[0]
            assert "spool.dir" in lines[0] and "firn reset --rename 'north'" in lines[0]
        assert everything(place.spool) == was
        holder = hold(place)
        lines = drive(place, ["owner=south", "look"])[1]
        assert "belongs to" in lines[0], "a mistake that waiting does not mend is told at once"
        holder.kill()
        holder.communicate()


def test_a_spool_made_before_there_were_owners_is_adopted_with_all_that_is_in_it():
    with Place() as place:
        drive(place, ["owner=", "collect:a:t1=2", "seal", "collect:b:t1=1"])
        assert not os.path.exists(f"{place.spool}/OWNER") and after(place).owner == ""
        lines = drive(place, ["collect:c:t1=1", "seal", "deliver"])[1]
        assert sorted(map(len, Story(lines).delivered.values())) == [1, 1, 2], lines
        assert after(place).owner == "north"
        assert "belongs to" in drive(place, ["owner=south", "look"])[1][0]


def test_a_spool_that_is_taken_over_goes_with_all_that_waits_in_it():
    with Place() as place:
        assert drive(place, ["take-over:south"])[0] == 0, "there is none: that is fine"
        assert not os.path.exists(place.spool)
        drive(place, ["collect:a:t1=2", "seal"])
        code, lines = drive(place, ["owner=east", "take-over:south"])
        assert code == 1 and "belongs to pipeline 'north'" in lines[1], lines
        holder = hold(place)
        code, lines = drive(place, ["take-over:south"])
        assert code == 1 and f"process {holder.pid}" in lines[1], lines
        holder.kill()
        holder.communicate()
        for _ in range(2):  # done again, it is done
            assert drive(place, ["take-over:south"])[0] == 0
        assert after(place).owner == "south"
        assert "belongs to" in drive(place, ["look"])[1][0]
        lines = drive(place, ["owner=south", "deliver"])[1]
        assert sorted(map(len, Story(lines).delivered.values())) == [2], lines


@pytest.mark.parametrize("text,owner", [("", ""), ("\n", ""), ("north", "north"),
                                        ("north\nsouth\n", ""), ("\0" * 6, ""),
                                        ("n" * 100 + "\n", "n" * 100), ("n" * 101 + "\n", ""),
                                        ("n" * 2000 + "\n", "")])
def test_an_owner_that_is_no_name_is_nobody(text, owner):
    with Place() as place:
        drive(place, ["collect:a:t1=2", "seal"])
        with open(f"{place.spool}/OWNER", "w", encoding="ascii") as file:
            file.write(text)
        assert after(place).owner == owner
        assert drive(place, [f"owner={owner or 'north'}", "look"])[0] == 0


def test_an_owner_that_cannot_be_read_is_not_nobody():
    with Place() as place:
        drive(place, ["collect:a:t1=2", "seal"])
        os.rename(f"{place.spool}/OWNER", f"{place.spool}/name")
        os.mkdir(f"{place.spool}/OWNER")
        code, lines = drive(place, ["owner=south", "deliver"])
        assert code == 1 and lines[0].startswith("unopened ") and "OWNER" in lines[0], lines


@pytest.mark.parametrize("fault", ["any:KILL", "any:EIO", "any:ENOSPC", "sync:EIO", "write:SHORT"])
def test_taking_over_comes_to_its_end_when_it_is_done_again(fault):
    with Place() as made:
        drive(made, ["collect:a:t1=2", "seal"])
        for i in range(1, 30):
            with Place() as place:
                shutil.copytree(made.spool, place.spool)
                _, lines = drive(place, ["take-over:south"], fault=f"{fault}:{i}")
                before = Story(["for north", *lines])
                assert after(place).owner in before.owners, (i, lines)
                code, lines = drive(place, ["take-over:south"])
                assert code == 0 and after(place).owner == "south", (i, lines)
