"""The spool under every fault: after whatever happens, the next process finds each acknowledged row
in exactly one object, nothing that was never whole, and says what it did.

The seed of a random test is printed when it fails; FIRN_SEED sets it. FIRN_WAYS is in how
many states test_power_lost_in_many_more_ways leaves the disk at each moment, chosen by that seed:
250 take two minutes of a processor, and there are millions."""

import functools
import json
import os
import random
import shutil
import subprocess

import pytest

import disk
from spooling import (DRIVER, KEPT, ONE, TWO, Place, Story, after, check, counts, drive, hold,
                      judge)

SEED = int(os.environ.get("FIRN_SEED", random.SystemRandom().randrange(10 ** 6)))
WAYS = int(os.environ.get("FIRN_WAYS", 250))


def assert_right(words, before, place, what, strict=True):
    wrong = judge(words, before, after(place), strict)
    assert not wrong, (what, wrong)


# --- killed ---
@pytest.mark.parametrize("words", [ONE, KEPT], ids=["one", "kept"])
def test_killed_at_every_call(words):
    with Place() as place:
        n = counts(place, words)["any"]
    assert n > 100
    for i in range(1, n + 1):
        with Place() as place:
            code, lines = drive(place, words, fault=f"any:KILL:{i}")
            assert code == -9, i
            assert_right(words, Story(lines), place, i, strict=False)


def killed_between(call):
    """A place where a collector was killed with parts and segments of all kinds around."""
    place = Place()
    _, lines = drive(place, ONE[:6] + ["collect:z:t1=1,t2=1"], fault=call)
    return place, Story(lines)


@pytest.mark.parametrize("call", ["link:KILL:2", "write:KILL:16", "unlink:KILL:4"])
def test_killed_at_every_call_of_recovery(call):
    words = ONE[:6] + ["collect:z:t1=1,t2=1"]
    killed, before = killed_between(call)
    with killed:
        with Place() as place:
            shutil.copytree(killed.spool, place.spool)
            n = counts(place, ["look"])["any"]
        for i in range(1, n + 1):
            with Place() as place:
                shutil.copytree(killed.spool, place.spool)
                for again in (i, i, max(1, i // 2)):
                    drive(place, ["look"], fault=f"any:KILL:{again}")
                assert_right(words, before, place, (call, i), strict=False)


@pytest.mark.parametrize("error", ["sync:EIO", "open:ENOSPC", "write:ENOSPC", "unlink:EIO",
                                   "any:EIO"])
@pytest.mark.parametrize("call", ["link:KILL:2", "write:KILL:16", "unlink:KILL:1", "unlink:KILL:3",
                                  "unlink:KILL:4"])
def test_what_recovery_could_not_finish_is_not_delivered_twice(call, error):
    """From some moment of recovery on everything fails; what can be read is delivered then."""
    killed, before = killed_between(call)
    with killed:
        with Place() as place:
            shutil.copytree(killed.spool, place.spool)
            n = counts(place, ["deliver"])[error.split(":", maxsplit=1)[0]]
        for i in range(1, n + 1):
            with Place() as place:
                shutil.copytree(killed.spool, place.spool)
                _, lines = drive(place, ["deliver", "seal"], fault=f"{error}:{i}+")
                story = Story(lines)
                story.acked |= before.acked
                story.delivered = {**before.delivered, **story.delivered}
                assert_right(ONE[:6] + ["collect:z:t1=1,t2=1"], story, place, (call, error, i),
                             strict=False)


# --- errors ---
def errors():
    for call, codes in (("open", ("EIO", "ENOSPC")), ("write", ("ENOSPC", "EIO")),
                        ("ftruncate", ("EIO",)), ("fallocate", ("ENOSPC", "EIO")),
                        ("sync", ("EIO", "ENOSPC")), ("link", ("ENOSPC", "EIO")),
                        ("unlink", ("EIO",)), ("rename", ("EIO", "ENOSPC")),
                        ("mkdir", ("ENOSPC", "EIO")), ("read", ("EIO",))):
        for code in codes:
            yield call, code


@pytest.mark.parametrize("words", [ONE, KEPT], ids=["one", "kept"])
@pytest.mark.parametrize("call,code", errors())
def test_an_error_at_every_call(call, code, words):
    words = ["reserve=65536"] + words
    with Place() as place:
        n = counts(place, words).get(call, 0)
    assert n > 0
    for i in range(1, n + 1):
        with Place() as place:
            _, lines = drive(place, words, fault=f"{call}:{code}:{i}")
            before = Story(lines)
            # What failed was said, unless another way was found.
            assert before.acked | before.nacked >= set("abcde") or before.unopened, (i, lines)
            # Where taking back fails itself, rows that nobody was promised may stay.
            assert_right(words, before, place, (call, code, i), strict=call != "ftruncate")


@pytest.mark.parametrize("words", [ONE, KEPT], ids=["one", "kept"])
@pytest.mark.parametrize("call,code", [("write", "ENOSPC"), ("sync", "EIO"), ("open", "EIO"),
                                       ("link", "EIO"), ("any", "ENOSPC"), ("any", "EIO")])
def test_errors_that_do_not_end(call, code, words):
    with Place() as place:
        n = counts(place, words)[call]
    for i in range(1, n + 1, 3 if call == "any" else 1):
        with Place() as place:
            _, lines = drive(place, words, fault=f"{call}:{code}:{i}+")
            assert_right(words, Story(lines), place, (call, code, i), strict=False)


def test_a_part_that_is_kept_grows_until_it_is_due():
    """Collections of several processes: one object a table, and not before its time."""
    words = ["keep"]
    for i in range(4):
        words += [f"collect:a{i}:t1=2,t2=1", "close", "clock+14000"]
    with Place() as place:
        _, lines = drive(place, words + ["look"])
        assert "files=0" in lines[-1] and "parts=2" in lines[-1], lines
        assert sum("salvaged" in line for line in lines) == 0
    with Place() as place:
        _, lines = drive(place, words + ["close", "look", "deliver"])
        story = Story(lines)
        assert not story.delivered and "parts=2" in [w for w in lines if "look" in w][0], lines
    with Place() as place:  # due by age, where nobody has come in time; then by being asked for
        _, lines = drive(place, words + ["clock+10000", "close", "deliver"])
        assert sorted(map(len, Story(lines).delivered.values())) == [4, 8], lines
        assert_right(words, Story(lines), place, "due")
    with Place() as place:
        _, lines = drive(place, words + ["seal-by+1000", "look", "seal-by+5000", "deliver"])
        assert "parts=2" in [w for w in lines if "look" in w][0], lines
        assert sorted(map(len, Story(lines).delivered.values())) == [4, 8], lines
    with Place() as place:  # large enough
        _, lines = drive(place, ["keep", "seal_bytes=100", "collect:a:t1=1", "close", "look",
                                 "wide:b:t1=3", "close", "look"])
        assert ["parts=1" in w for w in lines if "look" in w] == [True, False], lines


@pytest.mark.parametrize("plan", ["write:SHORT:1+", "read:SHORT:1+", "write:EINTR:{}",
                                  "read:EINTR:{}", "ftruncate:EINTR:{}", "fallocate:EINTR:{}",
                                  "link:EPERM:1+", "link:EPERM:1+,rename:EINVAL:3"])
def test_what_is_no_error(plan):
    """Short and interrupted calls, and file systems without links, are none."""
    words = ["reserve=65536"] + ONE
    call = plan.split(":")[0]
    with Place() as place:
        n = counts(place, words)[call] if "{}" in plan else 1
    assert n > 0
    for i in range(1, n + 1):
        with Place() as place:
            code, lines = drive(place, words, fault=plan.format(i))
            assert code == 0, lines
            assert Story(lines).acked == set("abcde")
            assert_right(words, Story(lines), place, (plan, i))


# --- power loss ---
class Scenario:
    """Processes one after the other on one disk, each (words, fault or None); between them a person
    may be at work: a function of the place that returns a record of what it did."""

    def __init__(self, name, *runs):
        self.name, self.runs = name, runs

    def words(self):
        return [word for run in self.runs if not callable(run) for word in run[0]]

    def record(self, skip=None):
        with Place() as place:
            records = []
            for run in self.runs:
                if callable(run):
                    records.append(run(place))
                    continue
                code, _ = drive(place, run[0], fault=run[1], record=place.path + "/record",
                                skip=skip)
                killed = run[1] is not None and ":KILL:" in run[1]
                assert skip or (code == -9) == killed, (self, run, code)
                with open(place.path + "/record", encoding="ascii") as text:
                    records.append(text.read())
            return place.root, records

    def __repr__(self):
        return self.name


def remove_empty_folders(place):
    """A person tidies up, and that is on disk."""
    ops = []
    for folder in ("t1/acme", "t1", "t2/acme", "t2"):
        path = f"{place.spool}/ready/{folder}"
        above = os.path.dirname(path)
        os.rmdir(path)
        ops.append({"op": "unlink", "path": path})
        ops.append({"op": "sync", "path": above, "ino": os.stat(above).st_ino})
    return "\n".join(json.dumps(op) for op in ops)


def flip_a_bit(place, folders, ids):
    """The disk forgets: a bit of the first file in each folder is another one."""
    ops = []
    for folder in folders:
        for name in sorted(os.listdir(f"{place.spool}/{folder}"))[:1]:
            path = f"{place.spool}/{folder}/{name}"
            with open(path, "r+b") as file:
                file.seek(20)
                byte = bytes([file.read(1)[0] ^ 4])
                file.seek(20)
                file.write(byte)
            ino = os.stat(path).st_ino
            ops.append({"op": "write", "ino": ino, "at": 20, "data": byte.hex(),
                        "quiet": True})
            ops.append({"op": "sync", "ino": ino, "path": path, "quiet": True})
    ops.append({"op": "mark", "data": f"damaged {ids}\n".encode().hex()})
    return "\n".join(json.dumps(op) for op in ops)


SCENARIOS = [
    Scenario("collect-and-deliver", (ONE, None), (TWO, None)),
    Scenario("killed-while-opening", (["look"], "any:KILL:3"), (["collect:a:t1=2", "seal"], None)),
    Scenario("killed-while-making-folders", (["collect:a:t1=1"], "sync:KILL:7"),
             (["collect:b:t1=2", "collect:c:t1=1", "seal", "deliver"], None)),
    Scenario("killed-while-sealing", (ONE[:5], "sync:KILL:21"), (TWO, None)),
    Scenario("killed-with-parts", (ONE[:4], None), (["rows", "collect:d:t2=2", "deliver"], None)),
    Scenario("killed-in-recovery", (ONE[:4], None), (["look"], "unlink:KILL:4"),
             (["deliver", "collect:d:t1=2"], None)),
    Scenario("killed-while-drawing", (["look"], "sync:KILL:3"),
             (["collect:a:t1=1", "seal", "deliver"], None)),
    Scenario("tidied-up", (ONE[:4], None), remove_empty_folders,
             (["look", "deliver=1", "collect:d:t1=2"], None)),
    Scenario("damaged", (["collect:a:t1=3", "seal", "collect:b:t1=1", "collect:c:t1=2"], None),
             functools.partial(flip_a_bit, folders=("ready/t1/acme", "tmp"), ids="a b"),
             (["deliver", "collect:d:t1=2"], None)),
    Scenario("damaged-segment", (["collect:a:t1=3", "seal", "collect:b:t1=1", "seal"], None),
             functools.partial(flip_a_bit, folders=("ready/t1/acme",), ids="a"),
             (["deliver", "collect:d:t1=2"], None)),
    Scenario("sync-failed", (ONE, "sync:EIO:16"), (TWO, None)),
    Scenario("sync-of-a-folder-failed", (ONE, "sync:EIO:18"), (TWO, None)),
    Scenario("sync-failed-for-good", (ONE, "sync:EIO:21,rename:EIO:3"), (TWO, None)),
    Scenario("kept", (KEPT, None), (["keep"] + TWO, None)),
    Scenario("killed-before-the-sync", (["collect:a:t1=2", "collect:b:t1=1"], "sync:KILL:10"),
             (["deliver", "collect:d:t1=1"], None)),
    Scenario("kept-and-killed-before-the-sync",
             (["keep", "collect:a:t1=2", "close", "collect:b:t1=1"], "sync:KILL:16"),
             (["keep", "look", "seal", "collect:d:t1=1", "deliver"], None)),
    Scenario("kept-and-tidied-up", (["keep"] + ONE[:4], None), remove_empty_folders,
             (["keep", "look", "seal", "deliver=1", "collect:d:t1=2"], None)),
    Scenario("kept-and-damaged", (["collect:a:t1=3", "collect:b:t1=1", "collect:c:t2=2"], None),
             functools.partial(flip_a_bit, folders=("tmp",), ids="a"),
             (["keep", "collect:d:t1=2,t2=1", "close", "collect:e:t1=1"], None)),
    Scenario("adopted", (["owner="] + ONE[:4], None), (["collect:d:t1=2", "deliver"], None)),
    Scenario("killed-while-adopting", (["owner="] + ONE[:4], None), (["look"], "sync:KILL:4"),
             (["look"], None), (["collect:d:t1=2", "deliver"], None)),
    Scenario("taken-over", (ONE[:4], None), (["take-over:south", "collect:d:t1=2"], None),
             (["owner=south", "deliver"], None)),
    Scenario("killed-while-taken-over", (ONE[:4], None), (["take-over:south"], "sync:KILL:2"),
             (["take-over:south", "collect:d:t1=2", "deliver"], None)),
    Scenario("taken-back", (["collect:a:t1=2", "wide:b:t1=40,t2=1", "seal", "deliver"],
                            "write:ENOSPC:13"), (TWO, None)),
]


class Lost(Exception):
    """A power cut that broke a promise."""


def cut_the_power(scenario, at_most, random_, skip=None):
    """The states that a power cut in the scenario may leave, at most so many of each moment.
    Raises Lost."""
    root, records = scenario.record(skip)
    words = scenario.words()
    with Place() as place:
        trees, moments = {}, []
        for now, op in disk.replay(root, records):
            for tree in now.states(random_, at_most):
                key = tuple(sorted(tree.items(), key=lambda item: item[0]))
                folder = trees.setdefault(key, f"{place.path}/{len(trees)}")
                moments.append((folder, len(now.marks), op))
        marks = now.marks
        for tree, folder in trees.items():
            build(folder, tree)
        stories = {folder: Story(lines)
                   for folder, lines in check([f + "/spool" for f in trees.values()]).items()}
        told = {}
        for folder, n, op in moments:
            if (folder, n) in told:
                continue
            told[folder, n] = True
            before = Story("".join(marks[:n]).splitlines())
            wrong = judge(words, before, stories[folder + "/spool"], strict=False)
            wrong += reasonless(folder + "/spool/quarantine")
            if wrong:
                raise Lost(f"{scenario}: power cut after {op}: {wrong}")
        return len(told)


def reasonless(quarantine):
    """What is in quarantine without its reason."""
    wrong = []
    for folder, _, names in os.walk(quarantine):
        for name in names:
            why = f"{folder}/{name}.why"
            if not name.endswith(".why") and not (os.path.exists(why) and os.path.getsize(why)):
                wrong.append(f"{name} has no reason")
    return wrong


def build(folder, tree):
    os.makedirs(folder)
    for path, data in tree:
        if data is None:
            os.mkdir(f"{folder}/{path}")
        else:
            with open(f"{folder}/{path}", "wb") as file:
                file.write(data)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=repr)
def test_power_lost_at_every_moment(scenario):
    print("FIRN_SEED =", SEED)  # shown where it fails
    assert cut_the_power(scenario, 12, random.Random(SEED)) > 100


# --- damage ---
def damaged(data):
    """Every way to tear it, and every bit of it flipped."""
    for size in range(len(data)):
        yield data[:size]
        yield data[:size] + bytes(len(data) - size)
    for bit in range(8 * len(data)):
        byte = data[bit // 8] ^ 1 << bit % 8
        yield data[:bit // 8] + bytes([byte]) + data[bit // 8 + 1:]


def test_torn_and_flipped_segments_are_set_aside_and_the_rest_drains():
    words = ["collect:a:t1=2", "seal", "clock+5", "collect:b:t1=2,t2=1", "seal"]
    with Place() as place:
        drive(place, words)
        folder = f"{place.spool}/ready/t1/acme"
        victim = sorted(os.listdir(folder))[0]
        with open(f"{folder}/{victim}", "rb") as file:
            data = file.read()
        folders = []
        for other in damaged(data):
            if other == data:
                continue
            copy = f"{place.path}/{len(folders)}"
            shutil.copytree(place.spool, copy)
            with open(f"{copy}/ready/t1/acme/{victim}", "wb") as file:
                file.write(other)
            folders.append(copy)
        assert len(folders) > 10 * len(data) - 20
        for folder, lines in check(folders).items():
            story = Story(lines)
            rows = sorted(row for rows in story.rows.values() for row in rows)
            assert story.quarantined == 1, folder
            assert [row[:9] for row in rows] == ['{"ID":"b"'] * 3, folder
            assert not reasonless(f"{folder}/quarantine")


def test_what_others_put_there_is_set_aside():
    with Place() as place:
        drive(place, ["collect:a:t1=2", "seal"])
        odd = ["ready/notes.txt", "ready/t1/notes", "ready/t1/acme/x.ndjson.gz", "tmp/x.part",
               "tmp/x.new", "ready/.hidden", "ready/T 1/x"]
        for path in odd:
            os.makedirs(os.path.dirname(f"{place.spool}/{path}"), exist_ok=True)
            with open(f"{place.spool}/{path}", "w", encoding="ascii") as file:
                file.write(path)
        os.symlink("/etc/passwd", f"{place.spool}/ready/t1/acme/link")
        story = after(place)
        assert story.quarantined == 7 and story.tmp == 0
        assert sum(map(len, story.rows.values())) == 2
        assert os.path.exists(f"{place.spool}/ready/.hidden")
        assert after(place).quarantined == 7


def test_a_second_process_is_kept_out():
    with Place() as place:
        holder = hold(place)
        code, lines = drive(place, ["look"])
        assert code == 1 and f"process {holder.pid}" in lines[0] and "LOCK" in lines[0], lines
        holder.kill()
        holder.communicate()
        assert drive(place, ["look"])[0] == 0


# --- a real small disk ---
@pytest.fixture(name="small_disk", params=["size=256k,nr_inodes=400", "size=64m,nr_inodes=40"])
def fixture_small_disk(request):
    with Place() as place:
        done = subprocess.run(["mount", "-t", "tmpfs", "-o", request.param, "tmpfs", place.root],
                              capture_output=True, text=True, check=False)
        if done.returncode != 0:
            pytest.skip("a tmpfs cannot be mounted here: " + done.stderr.strip())
        yield place
        subprocess.run(["umount", place.root], check=True)


def test_a_disk_that_is_full(small_disk):
    words = ["reserve=65536"]
    for i in range(60):
        words += [f"wide:a{i}:t{i % 7}=3,u{i % 5}=1", "seal"]
    code, lines = drive(small_disk, words)
    before = Story(lines)
    assert code == 1 and before.acked and before.nacked, lines[-3:]
    assert len(before.acked) + len(before.nacked) == 60
    assert any("No space left" in line or "is full" in line for line in lines)
    code, lines = drive(small_disk, ["reserve=65536", "deliver", "collect:z:t1=1", "seal"])
    later = Story(lines)
    assert code == 0 and later.acked == {"z"}, lines[-3:]
    before.acked |= later.acked
    before.delivered = later.delivered
    assert_right(words + ["collect:z:t1=1"], before, small_disk, "full")


def test_limits_refuse_in_advance_or_drop_the_oldest():
    words = [f"wide:a{i}:t1=5" for i in range(12)]
    sealed = [word for pair in zip(words, ["seal", "clock+10"] * 6) for word in pair]
    with Place() as place:
        _, lines = drive(place, ["bytes_max=40000"] + sealed + ["look"])
        before = Story(lines)
        assert before.nacked and any("is full" in line for line in lines)
        assert int(lines[-1].split("bytes=")[1].split()[0]) <= 40000 and "near=1" in lines[-1]
        assert_right(words, before, place, "bytes_max")
    with Place() as place:
        code, lines = drive(place, ["bytes_max=40000", "drop_oldest"] + sealed + ["look"])
        story = Story(lines)
        assert code == 0 and not story.nacked and story.dropped > 2
        assert int(lines[-1].split("bytes=")[1].split()[0]) <= 40000
        rows = [row for rows in after(place).rows.values() for row in rows]
        assert any('"a11"' in row for row in rows) and not any('"a0"' in row for row in rows)
    with Place() as place:
        _, lines = drive(place, ["files_max=2", "collect:a:t1=1", "seal", "collect:b:t1=1", "seal",
                                 "collect:c:t1=1", "deliver", "free_files=9000000000",
                                 "close", "collect:d:t1=1"])
        assert Story(lines).acked == set("ab"), lines


# --- by chance ---
def some_words(random_, names):
    words = []
    for _ in range(random_.randrange(1, 12)):
        kind = random_.choice(["collect"] * 5 + ["wide", "abandon", "seal", "due", "clock+40000",
                                                 "deliver", "deliver=1", "deliver=2", "close",
                                                 "keep", "close", "seal-by+30000"])
        if kind in ("collect", "wide", "abandon"):
            tables = random_.sample(["t1", "t2", "t3"], random_.randrange(1, 4))
            rows = ",".join(f"{table}={random_.randrange(1, 5)}" for table in tables)
            kind += f":{names.pop()}:{rows}"
        words.append(kind)
    return words


def some_fault(random_):
    action = random_.choice(["KILL", "KILL", "EIO", "ENOSPC", "SHORT"])
    call = random_.choice(["any", "write", "sync", "link", "unlink", "open"])
    return f"{call}:{action}:{random_.randrange(1, 60)}{random_.choice(['', '', '', '+'])}"


def live(seed):
    """One collector's life: processes that die of everything, and a far side."""
    random_ = random.Random(seed)
    names = [f"c{i}" for i in range(1000)]
    total, words = Story(), []
    with Place() as place:
        for _ in range(random_.randrange(1, 6)):
            run = some_words(random_, names)
            fault = some_fault(random_) if random_.random() < 0.8 else None
            lines = drive(place, run, fault=fault)[1]
            words += run
            for line in lines:
                total.hear(line)
        wrong = judge(words, total, after(place), strict=False)
        assert not wrong, (seed, wrong)


def test_lives_by_chance():
    for seed in range(SEED, SEED + 60):
        live(seed)


# --- slow ---
@pytest.mark.slow
def test_a_thousand_lives_by_chance():
    for seed in range(SEED, SEED + 1000):
        live(seed)


@pytest.mark.slow
@pytest.mark.parametrize("scenario", SCENARIOS, ids=repr)
def test_power_lost_in_many_more_ways(scenario):
    print("FIRN_SEED =", SEED)
    assert cut_the_power(scenario, WAYS, random.Random(SEED)) > 100


def trace(place, words, injection):
    done = subprocess.run(["strace", "-f", "-qq", "-o", "/dev/null", "-e",
                           "trace=" + injection.split(":")[0], "-e", "inject=" + injection,
                           DRIVER, place.spool, *words],
                          capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout.splitlines()


STRACED = ["openat", "write", "fdatasync", "fsync", "linkat", "unlinkat", "mkdirat", "rename",
           "renameat", "close", "ftruncate", "flock", "getdents64", "pread64", "newfstatat"]


@pytest.mark.parametrize("call", ["linkat", "unlinkat"]
                         + [pytest.param(call, marks=pytest.mark.slow) for call in STRACED])
def test_killed_and_failed_at_the_kernels_door(call):
    """The same with strace, which needs no library that this test has written."""
    if shutil.which("strace") is None:
        pytest.skip("strace is not installed")
    for action in ("signal=SIGKILL", "error=EIO"):
        for i in range(1, 400):
            with Place() as place:
                code, lines = trace(place, ONE, f"{call}:{action}:when={i}")
                if not lines and i == 1 and code not in (137, -9, 1, 127):
                    pytest.skip("strace may not trace here")
                assert_right(ONE, Story(lines), place, (call, action, i), strict=False)
                if code == 0 and i > 1 and action == "signal=SIGKILL":
                    break
                if code == 0 and i > 40:
                    break
