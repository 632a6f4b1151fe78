"""Tables at a terminal: no line is wider than it, and nothing is cut where no terminal is."""

import json
import re

import pytest

import firn_sim

UTF8 = {"LC_ALL": "C.UTF-8"}
LONG = ("SELECT 1 AS ONE, 'a text that is much longer than the terminal is wide ' || repeat('x', 90) "
        "AS TEXT, TIMESTAMP '2026-03-01 04:05:06' AS AT, 'short' AS NAME")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory):
    import conftest
    firn = conftest.Firn(tmp_path_factory.mktemp("loaded"))
    with firn_sim.start("--interactions", 300, "--until", "now") as sim:
        firn.write("firn.yaml", firn.moveworks(sim))
        assert firn("run").code == 0
    return firn


def lines_of(text):
    return re.sub("\x1b\\[[0-9;]*m", "", text).splitlines()


@pytest.mark.parametrize("columns", [60, 80, 140])
def test_a_long_text_of_a_query_is_cut_at_the_edge(loaded, columns):
    code, seen = loaded.at_terminal(columns, "query", LONG, env=UTF8)
    lines = lines_of(seen)
    assert code == 0 and len(lines) == 3, seen
    assert max(len(line) for line in lines) == columns, seen
    assert "…" in lines[1] and "short" in lines[1] and "2026-03-01 04:05:06" in lines[1], seen


def test_a_day_is_never_cut(loaded):
    day = "SELECT DATE '2026-03-01' AS ACTIVITY_DATE, " + ", ".join(
        f"{n} AS A_NAME_THAT_IS_LONG_{n}" for n in range(6))
    _, seen = loaded.at_terminal(80, "query", day, env=UTF8)
    assert "2026-03-01" in seen and "…" not in seen and max(map(len, lines_of(seen))) <= 80, seen


def test_a_terminal_without_utf8_gets_dots(loaded):
    _, seen = loaded.at_terminal(80, "query", LONG, env={"LC_ALL": "C"})
    assert "..." in seen and "…" not in seen and max(map(len, lines_of(seen))) == 80, seen


def test_a_wide_terminal_and_other_forms_get_all(loaded):
    for columns, form in ((250, "table"), (60, "csv"), (60, "json"), (60, "markdown")):
        _, seen = loaded.at_terminal(columns, "query", LONG, "--format", form, env=UTF8)
        assert "x" * 90 in seen and "…" not in seen, seen


def test_what_is_piped_is_whole(loaded):
    done = loaded("query", LONG, env=UTF8)
    assert "x" * 90 in done.out and "…" not in done.out, done


def test_validate_keeps_to_the_edge_too(loaded):
    code, seen = loaded.at_terminal(60, "validate", env=UTF8)
    assert max(map(len, lines_of(seen))) <= 60 and "…" in seen, seen
    piped = loaded("validate", env=UTF8)
    assert piped.code == code and "…" not in piped.out, piped
    checks = json.loads(loaded("validate", "--json").out)["checks"]
    assert any(len(check["detail"]) > 60 and check["detail"] in piped.out for check in checks)
