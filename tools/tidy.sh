#!/bin/sh
# The laws of the code: tools/tidy.sh [--root FOLDER]. Prints `file:line: law` for every breach and
# exits with 1 where there is one. What the laws are: tools/tidy.py. That each of them bites:
# tools/tidy_test.sh.
exec python3 "$(dirname "$0")/tidy.py" "$@"
