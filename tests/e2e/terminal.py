"""A person at a real pseudo-terminal.

    with Person(firn, "setup") as person:
        person.sees("API token")
        person.types("secret")
        assert person.end() == 0
"""

import os
import pty
import select
import subprocess
import termios
import time

import conftest


class Person:
    def __init__(self, firn, *args, env=None):
        self.master, slave = pty.openpty()
        self.slave = slave
        self.screen = ""
        self.seen = 0
        self.process = subprocess.Popen(
            [conftest.PROGRAM, *map(str, args)], cwd=firn.folder, stdin=slave, stdout=slave,
            stderr=slave, env=firn.environment(TERM="xterm", **(env or {})),
            start_new_session=True, preexec_fn=lambda: _own(slave))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self.slave)
        os.close(self.master)

    def _read(self, seconds):
        if select.select([self.master], [], [], seconds)[0]:
            self.screen += os.read(self.master, 65536).decode(errors="replace")

    def sees(self, text, timeout=15):
        """Waits for it, behind what was seen before."""
        end = time.monotonic() + timeout
        while text not in self.screen[self.seen:]:
            assert time.monotonic() < end, f"{text!r} is not on the screen:\n{self.screen}"
            self._read(0.05)
        self.seen = self.screen.index(text, self.seen) + len(text)

    def types(self, text, enter=True):
        os.write(self.master, (text + ("\n" if enter else "")).encode())

    def waits_for_quiet(self):
        """Until the program reads without echo."""
        end = time.monotonic() + 10
        while self.echo():
            assert time.monotonic() < end, self.screen
            self._read(0.02)

    def echo(self):
        return bool(termios.tcgetattr(self.slave)[3] & termios.ECHO)

    def end(self, timeout=30):
        """Its exit code."""
        end = time.monotonic() + timeout
        while self.process.poll() is None:
            assert time.monotonic() < end, self.screen
            self._read(0.05)
        while select.select([self.master], [], [], 0.05)[0]:
            self._read(0)
        return self.process.returncode


def _own(terminal):
    """The terminal's Ctrl-C goes to this session."""
    import fcntl
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)
