"""What a connector file promises of a whole run: windows that settle, and rows asked for rows."""

import json
import time

import duckdb

from standin import Reply, StandIn

HEAD = "format: 1\nconnector: shop\nbase_url: {url}\n"


class Scripted(StandIn):
    """Answers as the given function of the request says."""

    def __init__(self, give):
        super().__init__()
        self.give = give

    def answer(self, asked):
        return self.give(asked)


def configure(firn, server, streams, source=""):
    firn.write("shop.yaml", HEAD.format(url=server.url) + streams)
    firn.write("firn.yaml", "version: 1\npipeline: shop\nsource:\n  connector: ./shop.yaml\n"
               f"{source}destination: {{ duckdb: shop.duckdb }}\n")


def read(firn, query):
    with duckdb.connect(str(firn.path("shop.duckdb")), read_only=True) as database:
        return database.execute(query).fetchall()


GENERATIONS = """streams:
  days:
    path: /days
    query: { from: "{window.from}", until: "{window.until}" }
    window: { column: AT, format: YYYY-MM-DD }
    paging: none
    key: [ID]
    columns: { ID: text, AT: timestamp, N: int, SHARE: float, OPEN: bool }
  parts:
    for_each: days
    path: /days/{parent.ID}/parts
    query: { n: "{parent.N}" }
    paging: none
    key: [ID]
    columns: { ID: text, SHARE: { type: float, value: "{parent.SHARE}" },
               OPEN: { type: bool, value: "{parent.OPEN}" } }
  bits:
    for_each: parts
    path: /parts/{parent.ID}/bits
    body: { share: "{parent.SHARE}", open: "{parent.OPEN}" }
    paging: none
    key: [ID]
    columns: { ID: text }
"""


def generations(refused):
    """A day has one part, and that one bit; `refused` is the day whose bit is refused."""
    def give(asked):
        if asked.path == "/days":
            day = asked.one("from")
            return Reply([{"id": day, "at": f"{day}T05:00:00Z", "n": 3, "share": 0.25,
                           "open": True}])
        name = asked.path.split("/")[2]
        if asked.path.endswith("/parts"):
            return Reply([{"id": f"{name}-part"}])
        if refused and name.startswith(refused):
            return Reply({"message": "no"}, 400)
        return Reply([{"id": f"{name}-bit"}])
    return give


def test_a_window_is_complete_only_with_its_rows_rows_rows(firn):
    with Scripted(generations("2026-03-02")) as server:
        configure(firn, server, GENERATIONS, "  parallel: 1\n")
        done = firn("initial-load", "--from", "2026-03-01", "--to", "2026-03-04")
        assert done.code == 3, done
        windows = read(firn, "SELECT CAST(WINDOW_FROM AS DATE)::TEXT FROM FIRN_WINDOWS")
        assert windows == [("2026-03-01",)], "what came after was never asked for its bits"
        assert "days" in firn("status").out.split("shop ->")[0]
        server.give = generations(None)
        assert firn("initial-load", "--from", "2026-03-01", "--to", "2026-03-04").code == 0
        assert read(firn, "SELECT count(*) FROM SHOP_BITS") == [(4,)]
        assert read(firn, "SELECT count(*) FROM FIRN_WINDOWS") == [(4,)]


def test_a_parents_numbers_stay_numbers(firn):
    with Scripted(generations(None)) as server:
        configure(firn, server, GENERATIONS)
        assert firn("initial-load", "--from", "2026-03-01", "--to", "2026-03-01").code == 0
        assert read(firn, "SELECT SHARE, OPEN, EXTRA FROM SHOP_PARTS") == [(0.25, True, None)]
        assert [a.query for a in server.asked("/parts", method="GET")] == [{"n": ["3"]}]
        assert [a.body for a in server.asked("/bits")] == [{"share": 0.25, "open": True}]


def test_no_question_without_an_end_reaches_nearer_than_settle(firn):
    stream = """streams:
  s:
    path: /s
    query: { since: "{window.from}" }
    window: { column: AT, format: unix, lookback: 0s, settle: 1h }
    paging: none
    key: [ID]
    columns: { ID: text, AT: { type: timestamp, format: unix } }
"""
    began = int(time.time())
    with Scripted(lambda asked: Reply([{"id": 1, "at": began - 7200},
                                       {"id": 2, "at": began}])) as server:
        configure(firn, server, stream)
        for _ in range(2):
            assert firn("run").code == 0
        since = [int(asked.one("since")) for asked in server.log]
        assert since[0] == 0
        assert began - 3660 <= since[1] <= time.time() - 3600, \
            "as near as it has settled: what is newer comes once more"
        server.forget()
        tomorrow = time.strftime("%Y-%m-%d", time.gmtime(time.time() + 86400))
        done = firn("initial-load", "--from", tomorrow, "--to", tomorrow)
        assert not server.log, f"{done}: all of it lies ahead"


LET_PASS = """settings: { places: { type: list, default: [a, b, c] } }
streams:
  places:
    path: /places
    query: { of: "{item.value}" }
    repeat: { over: settings.places, batch: 2, match: position }
    paging: none
    records: { shape: one }
    errors: [ { at: /gone, is: true, then: empty } ]
    key: [ID]
    columns: { ID: text }
  notes:
    for_each: places
    path: /notes/{parent.ID}
    paging: none
    errors: [ { status: [404, 410], then: empty } ]
    key: [ID]
    columns: { ID: text }
"""


def test_errors_that_pass_as_empty_are_counted_and_shown_by_status(firn):
    def give(asked):
        if asked.path == "/places":
            return Reply([{"gone": True} if of == "b" else {"id": of}
                          for of in asked.one("of").split(",")])
        return Reply({}, 410) if asked.path == "/notes/a" else Reply([{"id": 1}])

    with Scripted(give) as server:
        configure(firn, server, LET_PASS)
        done = firn("run")
        assert done.code == 0 and done.out.count("1 error passed as empty") == 2, done
    status = firn("status")
    assert status.code == 0, status
    for stream in ("places", "notes"):
        assert f"{stream}: the last run took 1 error for an empty answer" in status.out, status
    streams = json.loads(firn("status", "--json").out)["streams"]
    assert [stream["last_run"]["passed_as_empty"] for stream in streams] == [1, 1]
    assert read(firn, "SELECT count(*) FROM SHOP_PLACES") == [(2,)]
