"""Every sync is needed: where any one place in the program that syncs is made to do nothing, some
power cut in some scenario breaks a promise. A sync that could go unnoticed would be untested, or
useless."""

import random
import subprocess
import zlib

import pytest

from spooling import DRIVER
from test_spool import SCENARIOS, Lost, cut_the_power

# Syncs whose loss no power cut in the scenarios can show, and why. Kept empty if at all possible.
UNSEEN = {}


def sites():
    """{site: the scenarios that come by it}."""
    found = {}
    for scenario in SCENARIOS:
        for record in scenario.record()[1]:
            for line in record.splitlines():
                if line.startswith('{"op":"sync"'):
                    site = line.split('"site":"')[1].split('"')[0]
                    found.setdefault(site, {})[scenario] = True
    return found


def where(site):
    """The functions of a site, the innermost first."""
    done = subprocess.run(["addr2line", "-i", "-f", "-s", "-e", DRIVER,
                           *(hex(int(at, 16) - 1) for at in site.split(";"))],
                          capture_output=True, text=True, check=False)
    return " < ".join(done.stdout.splitlines()[::2])


@pytest.mark.slow
def test_without_any_one_sync_a_promise_is_broken():
    found = sites()
    assert len(found) > 15
    unnoticed = []
    for site, scenarios in found.items():
        noticed = False
        for scenario in scenarios:
            try:
                cut_the_power(scenario, 12, random.Random(zlib.crc32(site.encode())), skip=site)
            except Lost as lost:
                print(f"{where(site)}\n    {str(lost)[:200]}")
                noticed = True
                break
        if not noticed and where(site) not in UNSEEN:
            unnoticed.append(where(site))
    assert not unnoticed, "\n".join(unnoticed)
