"""A running `firn start` for a test: with a clock that the test sets, listening to what it tells
systemd.

    with Service(firn, at="2026-03-08T09:59:00Z") as service:
        service.wait_for("run done")
        service.set_clock("2026-03-09T10:00:00Z")
"""

import datetime
import os
import signal
import socket
import time

import firn_sim

UTC = datetime.timezone.utc


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class Service:
    def __init__(self, firn, at=None, env=None, args=(), **keywords):
        """`args` stand in front of the command."""
        self.firn = firn
        self.talk = firn.path("start.err")
        self.clock = firn.path("clock")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket_path = firn.home / f"notify{time.monotonic_ns() % 10**9}"
        self.socket.bind(str(self.socket_path))
        self.socket.settimeout(0.05)
        self.said = []
        self.seen = 0
        env = {"NOTIFY_SOCKET": str(self.socket_path), **(env or {})}
        if at is not None:
            self.set_clock(at)
            env["FIRN_CLOCK"] = str(self.clock)
        keywords.setdefault("stderr", open(self.talk, "w"))
        self.process = firn.start(*args, "start", env=env, **keywords)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self.socket.close()

    def set_clock(self, at):
        """The schedule's clock, from now on."""
        new = self.clock.with_suffix(".new")
        new.write_text(str(round(moment(at) - time.time())))
        new.replace(self.clock)

    def text(self):
        return self.talk.read_text()

    def wait_for(self, part, timeout=60, times=1):
        """Until `part` was said so many times since the last call that waited."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            text = self.text()[self.seen:]
            if text.count(part) >= times:
                self.seen += text.index(part) + len(part)
                return text
            assert self.process.poll() is None or part in self.text()[self.seen:], self.text()
            time.sleep(0.02)
        raise AssertionError(f"{part!r} was not said in {timeout} s:\n{self.text()}")

    def stays_silent(self, part, seconds=1.0):
        time.sleep(seconds)
        assert part not in self.text()[self.seen:], self.text()

    def notified(self, wanted, timeout=60):
        """Until systemd was told so."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            try:
                self.said.append(self.socket.recv(4096).decode())
            except TimeoutError:
                continue
            if any(line.startswith(wanted) for line in self.said[-1].split("\n")):
                return self.said[-1]
        raise AssertionError(f"{wanted!r} was not told in {timeout} s: {self.said}")

    def signal(self, number):
        os.kill(self.process.pid, number)

    def kill(self):
        """kill -9, and the end of a run that was under way: the kernel ends it."""
        pid = self.process.pid
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            runs = file.read().split()
        self.process.kill()
        self.process.wait()
        firn_sim.wait_until(lambda: not any(os.path.exists(f"/proc/{run}") for run in runs))

    def stop(self, timeout=60):
        """SIGTERM; how long it took."""
        begun = time.monotonic()
        self.signal(signal.SIGTERM)
        self.process.wait(timeout)
        return time.monotonic() - begun
