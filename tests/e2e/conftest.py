"""What every end-to-end test may use: `firn` in a folder of its own, and a running `sim`.

    def test_it(firn, sim):
        firn.write("firn.yaml", firn.moveworks(sim))
        done = firn("run")
        assert done.code == 0 and "users" in done.out, done

FIRN_BUILD names another build folder than build; FIRN and FIRN_SIM name other programs than its
firn and build/firn-sim."""

import dataclasses
import datetime
import fcntl
import os
import pathlib
import pty
import struct
import subprocess
import termios
import time

import pytest

import firn_sim

BUILD = firn_sim.ROOT / os.environ.get("FIRN_BUILD", "build")
PROGRAM = os.environ.get("FIRN", str(BUILD / "firn"))


@dataclasses.dataclass
class Done:
    """How a call ended."""

    code: int
    out: str
    err: str

    def __str__(self):
        return f"exit code {self.code}\n--- out\n{self.out}--- err\n{self.err}"


class Firn:
    """Calls build/firn in `folder`, with an empty HOME and nothing else in the environment but
    PATH, what a sanitizer reads, and `env`."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder) / "work"
        self.home = pathlib.Path(folder) / "home"
        self.folder.mkdir()
        self.home.mkdir()
        self.env = {"FIRN_TEST_TOKEN": firn_sim.TOKEN}

    def environment(self, **more):
        kept = {name: value for name, value in os.environ.items()
                if name in ("PATH", "FIRN_DRIVER_PATH") or name.endswith("SAN_OPTIONS")}
        return {**kept, "HOME": str(self.home), **self.env, **more}

    def __call__(self, *args, env=None, input=None, timeout=120):
        ended = subprocess.run([PROGRAM, *map(str, args)], cwd=self.folder, input=input or "",
                               env=self.environment(**(env or {})), timeout=timeout,
                               capture_output=True, text=True)
        return Done(ended.returncode, ended.stdout, ended.stderr)

    def start(self, *args, env=None, **keywords):
        """The running process; the caller waits for it."""
        return subprocess.Popen([PROGRAM, *map(str, args)], cwd=self.folder,
                                env=self.environment(**(env or {})), text=True, **keywords)

    def at_terminal(self, columns, *args, env=None):
        """The exit code, and what a person sees on a terminal that is so wide."""
        ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        process = self.start(*args, env={"TERM": "xterm", **(env or {})}, stdout=theirs)
        os.close(theirs)
        seen = b""
        while True:
            try:
                chunk = os.read(ours, 65536)
            except OSError:
                break
            if not chunk:
                break
            seen += chunk
        os.close(ours)
        return process.wait(), seen.decode().replace("\r\n", "\n")

    def path(self, name):
        return self.folder / name

    def write(self, name, text, mode=0o600):
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(mode)
        return path

    @staticmethod
    def moveworks(sim, source="", rest=""):
        """A configuration for the simulated API; `source` and `rest` are more lines of it."""
        return ("version: 1\npipeline: moveworks\nsource:\n  connector: moveworks\n"
                f"  base_url: {sim.base}\n"
                '  auth: { bearer: "${FIRN_TEST_TOKEN}" }\n'
                f"{source}destination: {{ duckdb: moveworks.duckdb }}\n{rest}")


DAY_NEEDED_S = 600


@pytest.fixture(scope="module", autouse=True)
def one_day(request):
    """Modules with a NOW speak of today: they take it when their first test begins, and do not
    begin when the day is nearly over."""
    now = getattr(request.module, "NOW", None)
    if now is None:
        return
    left_s = 86400 - time.time() % 86400
    if left_s < DAY_NEEDED_S:
        time.sleep(left_s + 1)
    request.module.NOW = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=now.tzinfo)


@pytest.fixture
def firn(tmp_path):
    return Firn(tmp_path)


@pytest.fixture
def sim():
    """A month until now of a small organisation."""
    with firn_sim.start("--interactions", "600", "--until", "now") as running:
        yield running
