"""What the tests of delivery share: a folder of files to deliver, and calls of the driver."""

import hashlib
import json
import os
import pathlib
import random
import subprocess
import time

import firn_sim

BUILD = firn_sim.ROOT / os.environ.get("FIRN_BUILD", "build")
DRIVER = BUILD / "tests" / "s3_driver"


class Result:
    def __init__(self, ended):
        self.code, self.err = ended.returncode, ended.stderr
        self.out = ended.stdout
        self.__dict__.update(json.loads(ended.stdout) if ended.stdout.startswith('{"files"') else {})

    def __repr__(self):
        return f"exit code {self.code}\n{self.out}\n{self.err}"


class Outbox:
    """Files that wait, in order. Keys are "t/2026/11/23/acme/i-<name>" unless given."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "outbox"
        self.folder.mkdir()
        self.home = pathlib.Path(folder) / "home"
        self.home.mkdir()
        self.random = random.Random(7)
        self.items = []  # (rows, file, key)
        self.bytes = {}  # key: what must arrive

    def add(self, n=1, size=600, key=None):
        for _ in range(n):
            number = len(self.items)
            path = self.folder / f"{number:06}.gz"
            path.write_bytes(self.random.randbytes(size))
            name = key or f"t/2026/11/23/acme/i-{number:06}.ndjson.gz"
            self.items.append((number % 5 + 1, path, name))
            self.bytes[name] = path.read_bytes()
        return self

    def restore(self):
        for _, path, key in self.items:
            path.write_bytes(self.bytes[key])

    def left(self):
        return [path for _, path, _ in self.items if path.exists()]

    def reasons(self):
        return {path.stem: path.read_text() for path in sorted(self.folder.glob("*.why"))}

    def manifest(self):
        path = self.folder / "manifest"
        path.write_text("".join(f"{rows}\t{file}\t{key}\n" for rows, file, key in self.items))
        return path

    def words(self, command, endpoint, **options):
        words = [str(DRIVER), *map(str, command)]
        if endpoint:
            words.append(f"endpoint={endpoint}")
        return words + [f"{name}={value}" for name, value in options.items()]

    def environment(self, env):
        kept = {name: value for name, value in os.environ.items()
                if name == "PATH" or name.endswith("SAN_OPTIONS")}
        return {**kept, "HOME": str(self.home), **env}

    def call(self, command, endpoint, env, **options):
        return Result(subprocess.run(self.words(command, endpoint, **options),
                                     env=self.environment(env), capture_output=True, text=True,
                                     timeout=120, errors="replace"))

    def deliver(self, endpoint, env, **options):
        return self.call(["deliver", self.manifest()], endpoint, env, **options)

    def start(self, endpoint, env, **options):
        return subprocess.Popen(self.words(["deliver", self.manifest()], endpoint, **options),
                                env=self.environment(env), stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True)


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def wait_for(true, seconds=20):
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)
