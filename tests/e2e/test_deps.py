"""tools/deps.sh on a machine where things are missing and nothing may be installed."""

import os
import pathlib
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture
def bare(tmp_path):
    """A checkout on a machine without any package, for a user who is not root."""
    (tmp_path / "tools").mkdir()
    shutil.copy(TOP / "tools/deps.sh", tmp_path / "tools")
    stubs = tmp_path / "stubs"
    stubs.mkdir()
    for name, line in {"npm": "exit 127", "python3": "exit 1", "dpkg-query": "exit 1",
                       "id": "echo 1000"}.items():
        (stubs / name).write_text(f"#!/bin/sh\n{line}\n")
        (stubs / name).chmod(0o755)

    def bring(what):
        return subprocess.run([tmp_path / "tools/deps.sh", what], capture_output=True, text=True,
                              env={"PATH": f"{stubs}:{os.environ['PATH']}"}, timeout=60)
    return bring


@pytest.mark.parametrize("what, names", [
    ("build", ["python3-pip", "npm", "pkg-config", "libyaml-dev", "libcmocka-dev"]),
    ("test", ["python3-pip", "npm", "libyaml-dev", "clang", "systemd"]),
    ("snowflake", ["python3-pip"]),
])
def test_all_that_is_missing_is_one_line(bare, what, names):
    done = bare(what)
    assert done.returncode == 2, done
    lines = done.stdout.splitlines()
    assert len(lines) == 1 and lines[0].startswith("apt-get install -y "), done
    assert set(names) <= set(lines[0].split()), done
    assert "as root" in done.stderr, done
