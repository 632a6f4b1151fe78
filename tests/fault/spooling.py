"""Running the spool's driver, with faults and without, and judging what it left behind."""

import collections
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("FIRN_BUILD", "build")
DRIVER = str(BUILD / "tests" / "spool_driver")
FAULTS = str(BUILD / "tests" / "faults.so")
MEMORY = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # syncs cost nothing there

ONE = ["collect:a:t1=3,t2=2", "collect:b:t1=1", "abandon:x:t1=4,t2=1", "collect:c:t2=2,t3=1",
       "seal", "collect:d:t1=2", "deliver=1", "collect:e:t1=1,t3=2", "seal", "deliver"]
TWO = ["rows", "collect:f:t1=2,t2=1", "clock+61000", "due", "deliver=2", "collect:g:t1=1",
       "clock+61000", "collect:h:t1=2", "deliver"]
# Runs one after the other that go on with each other's parts.
KEPT = ["keep", "collect:a:t1=3,t2=2", "close", "clock+20000", "collect:b:t1=1", "close",
        "abandon:x:t1=2,t3=1", "collect:c:t1=2,t3=1", "close", "clock+30000", "seal-by+15000",
        "deliver=1", "close", "collect:d:t1=1,t3=1", "clock+61000", "close", "deliver=1", "collect:e:t2=1",
        "close", "seal", "deliver"]


class Place:
    """A folder that goes away; the spool is `spool` in it."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="firn-spool-", dir=MEMORY)
        self.root = self.path + "/disk"
        self.spool = self.root + "/spool"
        os.mkdir(self.root)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.path, ignore_errors=True)


def drive(place, words, fault=None, record=None, count=None, skip=None):
    """Runs the driver; returns (code, lines)."""
    env = dict(os.environ, LD_PRELOAD=FAULTS, FAULT_ROOT=place.root,
               LSAN_OPTIONS="detect_leaks=0")
    for name, value in (("FAULT", fault), ("FAULT_RECORD", record), ("FAULT_COUNT", count),
                        ("FAULT_SKIP", skip)):
        if value is not None:
            env[name] = value
    done = subprocess.run([DRIVER, place.spool, *words], env=env, capture_output=True, text=True,
                          timeout=60, check=False)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout.splitlines()


def counts(place, words, fault=None):
    """How often each call is made."""
    file = place.path + "/counts"
    code, lines = drive(place, words, fault=fault, count=file)
    assert code == 0 or fault, lines
    with open(file, encoding="ascii") as text:
        return {name: int(n) for name, n in (line.split() for line in text)}


def check(folders):
    """Opens each folder's spool as the next process would: {folder: lines}."""
    found, lines = {}, None
    for start in range(0, len(folders), 500):
        done = subprocess.run([DRIVER, "check", *folders[start:start + 500]], capture_output=True,
                              text=True, timeout=600, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr
        for line in done.stdout.splitlines():
            if line.startswith("folder "):
                lines = found[line[7:]] = []
            else:
                lines.append(line)
    return found


def hold(place):
    """A process that holds the spool until it is killed: nobody reads what it says."""
    holder = subprocess.Popen([DRIVER, place.spool, *["look"] * 20000], stdout=subprocess.PIPE,
                              text=True)
    while not holder.stdout.readline().startswith("opened"):
        assert holder.poll() is None
    return holder


# --- what was said ---
class Story:
    """What a driver's lines tell."""

    def __init__(self, lines=()):
        self.acked, self.nacked, self.abandoned = set(), set(), set()
        self.instance = None
        self.instances = set()                          # all that it was opened under
        self.owners = set()                             # whose it may be; empty: nobody's yet
        self.owner = None                               # whose it is found to be
        self.rows = collections.defaultdict(list)       # key -> rows as they were read
        self.delivered = {}                             # key -> rows
        self.quarantined = self.tmp = None
        self.unopened = self.dropped = 0
        self.key = None
        self.damaged = set()  # ids of rows that something else than the spool destroyed
        for line in lines:
            self.hear(line)

    def hear(self, line):
        word, _, rest = line.partition(" ")
        if line.startswith("{"):
            self.rows[self.key].append(line)
        elif word == "ack":
            self.acked.add(rest)
        elif word == "nack":
            self.nacked.add(rest.split()[0])
        elif word == "abandoned":
            self.abandoned.add(rest)
        elif word == "damaged":
            self.damaged.update(rest.split())
        elif word in ("for", "taken-over"):
            self.owners = {rest}
        elif word == "take-over":
            self.owners.add(rest)
        elif word == "owner":
            self.owner = rest
        elif word == "opened":
            self.instance = rest.split()[0]
            self.instances.add(self.instance)
        elif word == "unopened":
            self.unopened += 1
        elif word == "key":
            self.key = rest
            self.rows[rest] = []
        elif word == "delivered":
            self.delivered[rest] = self.rows[rest]
        elif word == "event" and rest.startswith("dropped"):
            self.dropped += 1
        elif word == "end":
            self.tmp, self.quarantined = map(int, re.findall(r"=(\d+)", rest))


def after(place):
    return Story(check([place.spool])[place.spool])


def expected(words):
    """{(id, table): number of rows} of the words."""
    sizes = {}
    for word in words:
        match = re.fullmatch(r"(collect|wide|abandon):(\w+):(.*)", word)
        if match:
            for part in match[3].split(","):
                table, n = part.split("=")
                sizes[match[2], table] = int(n)
    return sizes


def judge(words, before, after, strict=True):
    """What is wrong (a list of sentences) when a story `before` ended in a crash and `after` is
    what the next process found. strict: also what was refused or taken back is gone."""
    wrong = []
    sizes = expected(words)
    seen = collections.Counter()
    far_side = {**before.delivered, **after.rows, **after.delivered}
    for key, rows in after.rows.items():
        if key in before.delivered and rows != before.delivered[key]:
            wrong.append(f"{key} has come twice with different rows")
    for key, rows in far_side.items():
        for line in rows:
            row = json.loads(line)
            seen[row["ID"], row["TABLE"], row["N"]] += 1
            if f"/{row['TABLE']}/" not in key:
                wrong.append(f"{line} is in {key}")
        said = int(key.split("/")[-1].split("-")[3])
        if said != len(rows):
            wrong.append(f"{key} has {len(rows)} rows")
    for (name, table), n in sizes.items():
        there = [seen.pop((name, table, i), 0) for i in range(n)]
        if name in before.acked - before.damaged:
            if there != [1] * n:
                wrong.append(f"acknowledged {name} in {table}: {there}")
        elif set(there) not in ({0}, {1}):
            wrong.append(f"a part of {name} in {table}: {there}")
        elif strict and name in before.nacked | before.abandoned and set(there) != {0}:
            wrong.append(f"{name} was taken back, but is in {table}")
    if seen:
        wrong.append(f"rows from nowhere: {seen}")
    if after.unopened or after.instance is None:
        wrong.append("does not open")
    if len(before.instances | after.instances) > 1:
        wrong.append("has another INSTANCE")
    if before.owners and after.owner not in before.owners:
        wrong.append(f"belongs to '{after.owner}', not to one of {before.owners}")
    if after.tmp:
        wrong.append(f"{after.tmp} files stay in tmp/")
    if after.quarantined is not None and after.quarantined < len(before.damaged):
        wrong.append(f"damaged: {before.damaged}, but {after.quarantined} in quarantine")
    if after.quarantined and not before.damaged:
        wrong.append(f"{after.quarantined} files in quarantine")
    return wrong

