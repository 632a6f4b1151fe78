"""What is wrong with a configuration is said before anything is asked: with file, line and column,
what was expected, and exit code 2."""

import pytest

import firn_sim

HEAD = "version: 1\npipeline: moveworks\nsource:\n"
AUTH = '  auth: { bearer: "${FIRN_TEST_TOKEN}" }\n'
TAIL = "destination: { duckdb: moveworks.duckdb }\n"
MOVEWORKS = "  connector: moveworks\n" + AUTH


def users(privacy):
    return f"{MOVEWORKS}  streams:\n    users: {{ {privacy} }}\n"


@pytest.mark.parametrize("source, place, words", [
    ("  connector: movework\n" + AUTH, "4:3", "did you mean moveworks?"),
    ("  connector: ./mine.yaml\n" + AUTH, "4:3", "cannot open './mine.yaml'"),
    (users("exclude: [ID]"), "7:5", "rows are told apart by it"),
    (users("exclude: [LAST_UPDATED_AT]"), "7:5", "it says which row is newer"),
    (users("hash: [EMAIL_ADDR]"), "7:5", "needs source.hash_key"),
    (users("exclude: [EMAIL_ADR]"), "7:5", "did you mean EMAIL_ADDR?"),
    (users("exclude: [SHOE_SIZE]"), "7:5", "columns are ID, FIRST_NAME,"),
    (MOVEWORKS + "  base_url: http://api.example.com/v1\n", "6:3", "allow_http"),
], ids=["connector", "file", "key", "newest", "hash_key", "near", "far", "http"])
def test_each_mistake_names_its_line_and_what_was_expected(firn, source, place, words):
    firn.write("firn.yaml", HEAD + source + TAIL)
    for command in ("run", "status"):
        done = firn(command)
        assert done.code == 2 and done.out == "", done
        assert done.err.startswith(f"firn.yaml:{place}: source.") and words in done.err, done
    assert not firn.path("moveworks.duckdb").exists()


def test_a_credential_over_http_is_taken_for_loopback_or_where_it_is_allowed(firn):
    allowed = "http: { allow_http: true }\n"
    for host, rest, code in (("127.0.0.1:1", "", 0), ("localhost:1", "", 0), ("[::1]:1", "", 0),
                             ("127.0.0.1.example.com", "", 2), ("api.example.com", allowed, 0)):
        firn.write("firn.yaml", HEAD + MOVEWORKS + f"  base_url: http://{host}/v1\n" + TAIL + rest)
        assert firn("status").code == code, host


def test_streams_that_are_not_named_are_not_all_streams(firn, sim):
    """What an empty variable of a script gives must not load, or forget, everything."""
    firn.write("firn.yaml", firn.moveworks(sim))
    for words in (["run"], ["reset", "--yes"], ["validate"]):
        for given in ("", ","):
            done = firn(*words, "--streams", given)
            assert done.code == 2 and "--streams: expected names" in done.err, done
    done = firn("run", "--streams", "user")
    assert done.code == 2 and "did you mean users?" in done.err, done
    assert sim.log() == []
    assert firn_sim.TOKEN not in done.err


def test_a_child_without_its_parent_is_told_at_its_line(firn):
    firn.write("shop.yaml", (
        "format: 1\nconnector: shop\nbase_url: http://127.0.0.1:1\nauth: { none: {} }\n"
        "defaults: { paging: none, keeps: forever }\nstreams:\n"
        "  orders: { path: /orders, key: [ID], columns: { ID: text } }\n"
        '  items: { path: "/i/{parent.ID}", for_each: orders, key: [ID], columns: { ID: text } }\n'))
    for streams, words in (("[items]", "items asks for each row of orders"),
                           ("{ items: {}, orders: { hash: [X], exclude: [ID] } }", "no column X")):
        firn.write("firn.yaml", "version: 1\nsource:\n  connector: ./shop.yaml\n"
                                f"  streams: {streams}\n")
        done = firn("run")
        assert done.code == 2 and words in done.err, done
        assert done.err.startswith("firn.yaml:4:"), done
