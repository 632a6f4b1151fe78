"""tests/run_units.sh counts what cmocka prints."""

import pathlib
import subprocess

TOP = pathlib.Path(__file__).resolve().parents[2]
PRINTED = """[==========] Running 3 test(s).
[ RUN      ] it_holds
[       OK ] it_holds
[ RUN      ] wants_a_shell
a shell is not installed
[  SKIPPED ] wants_a_shell
[ RUN      ] wants_two
[  SKIPPED ] wants_two
[==========] 3 test(s) run.
[  PASSED  ] 1 test(s).
[  SKIPPED ] 2 test(s), listed below:
[  SKIPPED ] wants_a_shell
[  SKIPPED ] wants_two

 2 SKIPPED TEST(S)
"""


def test_a_skipped_test_is_named_and_counted_once(tmp_path):
    unit = tmp_path / "tests/unit/a_test"
    unit.parent.mkdir(parents=True)
    (tmp_path / "printed").write_text(PRINTED)
    unit.write_text(f"#!/bin/sh\ncat {tmp_path}/printed\n")
    unit.chmod(0o755)
    done = subprocess.run([TOP / "tests/run_units.sh", tmp_path], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == 0, done
    assert done.stdout.splitlines()[1:] == [
        "skipped: wants_a_shell", "skipped: wants_two",
        "units: 1 passed, 2 skipped, 0 programs failed"], done.stdout
