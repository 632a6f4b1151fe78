"""firn connectors: list, describe, show, check, schema, try."""

import json
import re
import unicodedata

import pytest

import firn_sim
import standin

EXAMPLES = firn_sim.ROOT / "connectors" / "examples"
ZENDESK = EXAMPLES / "zendesk_tickets.yaml"
GITHUB = EXAMPLES / "github_issues.yaml"
NOTION = EXAMPLES / "notion_pages.yaml"
BUILT_IN = sorted(path.stem for path in (firn_sim.ROOT / "connectors").glob("*.yaml"))

ITEMS = """format: 1
connector: things
base_url: URL
streams:
  items:
    path: /items
    key: [ID]
    columns: { ID: text, NUMBER: int, NAME: text, UPDATED_AT: timestamp, NESTED: json }
"""


def width(line):
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF"
               else 1 for c in line)


def items(server, *lines):
    """The connector of a standin.Generic, with more lines for its stream."""
    text = ITEMS.replace("URL", server.url)
    return text + "".join(f"    {line}\n" for line in lines)


def configured(connector, server, auth, settings=""):
    return ("version: 1\nsource:\n"
            f"  connector: {connector}\n  base_url: {server.url}\n  auth: {auth}\n{settings}"
            "destination: { duckdb: it.duckdb }\n")


# --- what is built in ---

def test_list_names_every_built_in_with_streams_and_comment(firn):
    done = firn("connectors")
    assert done.code == 0, done
    for name in BUILT_IN:
        assert re.search(rf"^{name} ", done.out, re.M), done
    assert "plugin-resources" in done.out and "current (optional)" in done.out
    assert "Moveworks Data API v1" in done.out


@pytest.mark.parametrize("name", [*BUILT_IN, ZENDESK, GITHUB, NOTION])
def test_a_description_fits_eighty_columns(firn, name):
    done = firn("connectors", name)
    assert done.code == 0 and not done.err, done
    assert [line for line in done.out.splitlines() if width(line) > 80 and " " in line.strip()] \
        == []
    assert not re.search(r" $", done.out, re.M)


def test_a_description_tells_what_a_user_must_know(firn):
    done = firn("connectors", "moveworks")
    flat = " ".join(done.out.split())
    for words in ("https://api.moveworks.ai/export/v1/records", "bearer (a token), or oauth2",
                  "conversations -> MOVEWORKS_CONVERSATIONS", "GET /conversations",
                  "by LAST_UPDATED_AT, in slices of 1d", "the link at /@odata.nextLink",
                  "count /conversations/$count", "keeps 30d",
                  "key ID; of equal ones the newest LAST_UPDATED_AT stays",
                  "CREATED_AT timestamp from /created_time"):
        assert words in flat, words
    flat = " ".join(firn("connectors", "openmeteo").out.split())
    for words in ("customer_id text, required -- whose collector this is",
                  "latitude float, required, -90 to 90",
                  "id text, default: a digest of settings.customer_id and item.name",
                  "nothing: a row for each of settings.locations",
                  "ELEVATION float around the records, from /elevation",
                  "FIRST_SEEN_AT timestamp always {run.started_at}, the first stays"):
        assert words in flat, words


def test_show_prints_the_file_to_begin_ones_own(firn):
    for name in BUILT_IN:
        done = firn("connectors", "show", name)
        assert done.code == 0 and not done.err, done
        assert done.out == (firn_sim.ROOT / "connectors" / f"{name}.yaml").read_text()
    firn.write("my.yaml", done.out)
    assert firn("connectors", "check", "my.yaml").code == 0
    assert firn("connectors", "my.yaml").out == firn("connectors", BUILT_IN[-1]).out


def test_an_unknown_name_is_told_with_the_nearest(firn):
    for command in (["movework"], ["show", "movework"], ["check", "movework"],
                    ["try", "movework", "--stream", "users"]):
        done = firn("connectors", *command)
        assert done.code == 2 and "did you mean moveworks?" in done.err and not done.out, done
    done = firn("connectors", "./absent.yaml")
    assert done.code == 2 and "absent.yaml" in done.err, done


@pytest.mark.parametrize("words, message", [
    (["show"], "usage: firn connectors show NAME"),
    (["check"], "usage: firn connectors check FILE"),
    (["schema", "moveworks"], "one word too many"),
    (["moveworks", "users"], "one word too many"),
    (["check", "moveworks", "--pages", "2"], "--pages belongs to firn connectors try"),
    (["show", "moveworks", "--grammar"], "--grammar belongs to firn connectors schema"),
    (["try", "moveworks", "--pages", "0"], "--pages: expected 1 to"),
    (["try", "moveworks", "--from", "2026-02-02", "--to", "2026-02-01"], "--from is later"),
    (["try", "moveworks"], "--stream NAME says which: moveworks has conversations,"),
    (["try", "moveworks", "--stream", "user"], "did you mean users?"),
])
def test_misuse_is_a_usage_error(firn, words, message):
    done = firn("connectors", *words)
    assert done.code == 2 and message in done.err and not done.out, done


# --- check, schema ---

def test_check_tells_all_mistakes_in_order_on_standard_error(firn):
    firn.write("zendesk.yaml", ZENDESK.read_text().replace("    paging:", "    pagin:")
               .replace("records: /tickets", "records: tickets"))
    done = firn("connectors", "check", "zendesk.yaml")
    assert done.code == 2 and not done.out, done
    lines = done.err.splitlines()
    assert len(lines) >= 3 and all(re.match(r"zendesk\.yaml:\d+:\d+: ", line) for line in lines)
    numbers = [int(line.split(":")[1]) for line in lines]
    assert numbers == sorted(numbers)
    assert 'unknown key "pagin"; did you mean paging?' in done.err


def test_a_file_that_is_too_large_is_to_be_mended(firn):
    firn.write("large.yaml", "# " + "x" * (1 << 20))
    done = firn("connectors", "check", "large.yaml")
    assert done.code == 2 and "'large.yaml' is larger than 1048576 bytes" in done.err, done


def test_check_of_a_good_file_prints_what_was_understood(firn):
    done = firn("connectors", "check", ZENDESK)
    assert done.code == 0 and not done.err, done
    assert done.out.splitlines()[0] == (
        "tickets  GET /incremental/tickets/cursor.json  asked from the watermark on "
        "(no until: not sliced)  pages by /after_url  → ZENDESK_TICKETS (ID)")


def test_schema_is_json_schema_and_the_grammar_markdown(firn):
    done = firn("connectors", "schema")
    assert done.code == 0, done
    assert "$schema" in json.loads(done.out)
    done = firn("connectors", "schema", "--grammar")
    assert done.code == 0 and "| key |" in done.out and "| `" in done.out, done


# --- try, against a server ---

@pytest.fixture
def zendesk(firn):
    with standin.Zendesk() as server:
        text = configured(ZENDESK, server, '{ basic: { user: agent@acme.example, '
                          'password: "${ZD}" } }', "  settings: { subdomain: acme }\n")
        firn.write("firn.yaml", text.replace(server.url, server.url + "/api/v2"))
        firn.env["ZD"] = "zd-token"
        yield server


def try_zendesk(firn, *more, stream="tickets"):
    return firn("connectors", "try", ZENDESK, "--stream", stream, "-c", "firn.yaml", "--from",
                "2026-03-01", *more)


def test_try_shows_request_answer_and_rows(firn, zendesk):
    done = try_zendesk(firn)
    assert done.code == 0 and not done.err, done
    lines = done.out.splitlines()
    assert lines[0] == (f"GET {zendesk.url}/api/v2/incremental/tickets/cursor.json"
                        "?start_time=1772323200&per_page=1000     Authorization: ***")
    assert re.fullmatch(r"200 OK, \d+\.\d\d s, [\d.]+ k?B, 11 records at /tickets, 11 rows; no next "
                        r"page: the end \(/end_of_stream true\)", lines[1]), done
    assert lines[2].split() == ["ID", "SUBJECT", "STATUS", "PRIORITY", "REQUESTER_ID",
                                "ASSIGNEE_ID", "TAGS", "CUSTOM_FIELDS", "CREATED_AT",
                                "UPDATED_AT", "GENERATED_AT"]
    assert lines[4].startswith("35001  Ticket 1: ça ne marche pas")
    assert lines[4].endswith("2026-03-01 08:47:00")
    assert "(11 rows, the first 10; --format json for all)" in lines
    assert ("in EXTRA, 2 kinds: /via (object)  /due_at (null)    to name them:  VIA: json, "
            "DUE_AT: timestamp") in lines
    assert "zd-token" not in str(done) and "Basic" not in str(done)


def test_try_as_json_gives_all_rows_as_they_are_landed(firn, zendesk):
    done = try_zendesk(firn, "--format", "json")
    assert done.code == 0, done
    rows = json.loads(done.out)
    assert len(rows) == 11 and done.err.startswith("GET ")
    ticket = zendesk.tickets[1]
    assert rows[1] == {
        "ID": "35002", "SUBJECT": ticket["subject"], "STATUS": "open", "PRIORITY": None,
        "REQUESTER_ID": "900000000002", "ASSIGNEE_ID": None, "TAGS": ["a", "t2"],
        "CUSTOM_FIELDS": [{"id": 1, "value": True}], "CREATED_AT": "2026-03-01T07:34:00.000000Z",
        "UPDATED_AT": "2026-03-01T09:34:00.000000Z",
        "GENERATED_AT": "2026-03-01T09:34:00.000000Z",
        "EXTRA": {"via": {"channel": "web"}, "due_at": None}}
    assert list(rows[1])[-1] == "EXTRA"


def test_try_says_how_to_ask_for_more_where_nothing_came(firn):
    words = ("connectors", "try", "moveworks", "-c", "firn.yaml", "--stream", "conversations")
    with firn_sim.start("--interactions", "60", "--until", "2026-03-01") as sim:
        firn.write("firn.yaml", firn.moveworks(sim))
        done = firn(*words)
        assert done.code == 0 and "--from DATE asks for an earlier time" in str(done), done
        for more in (("--from", "2026-04-01"), ("--from", "2026-02-25", "--to", "2026-02-27")):
            done = firn(*words, *more)
            assert done.code == 0 and "earlier time" not in str(done), done


def test_try_loads_nothing_and_keeps_nothing(firn, zendesk):
    before = sorted(firn.folder.rglob("*"))
    assert try_zendesk(firn).code == 0
    assert sorted(firn.folder.rglob("*")) == before and list(firn.home.iterdir()) == []
    assert len(zendesk.log) == 1


def test_try_asks_the_parent_first_then_for_its_first_row(firn, zendesk):
    zendesk.tickets = [t for t in zendesk.tickets if t["_comments"]]
    done = try_zendesk(firn, stream="ticket_comments")
    assert done.code == 0, done
    first = zendesk.tickets[0]
    asked = [line for line in done.out.splitlines() if line.startswith("GET ")]
    assert len(asked) == 2 and "cursor.json" in asked[0]
    assert f"/tickets/{first['id']}/comments.json?page%5Bsize%5D=100" in asked[1]
    assert f"{first['_comments'][0]['plain_body']}" in done.out
    assert "(/meta/has_more false)" in done.out
    assert len(zendesk.log) == 2


def test_a_parent_without_rows_is_said(firn, zendesk):
    zendesk.tickets = []
    done = try_zendesk(firn, stream="ticket_comments")
    assert done.code == 1 and "tickets brought no row" in done.err and "--from" in done.err, done


def test_an_error_that_counts_as_empty_is_let_pass(firn, zendesk):
    zendesk.tickets = [t for t in zendesk.tickets if t["status"] == "deleted"]
    done = try_zendesk(firn, stream="ticket_comments")
    assert done.code == 0 and "404 Not Found" in done.out, done
    assert "let pass as empty: ticket_comments: HTTP 404" in done.out


# --- what the API does wrong ---

@pytest.mark.parametrize("status, body, words", [
    (401, {"error": "Couldn't authenticate you"}, ["401 Unauthorized", "see source.auth"]),
    (403, {"description": "not for you"}, ["403 Forbidden", "not for you"]),
    (429, {"description": "slow down"}, ["429 Too Many Requests", "a load would wait 7 s"]),
    (500, "oops", ["500 Internal Server Error", "oops"]),
    (200, "[1, 2", ["200 OK", "not whole JSON"]),
    (200, {"count": 1}, ["200 OK", "the answer has no /tickets; it has count"]),
])
def test_a_refusal_is_shown_and_exits_with_1(firn, zendesk, status, body, words):
    zendesk.fail(status, body, headers={"Retry-After": 7} if status == 429 else None)
    done = try_zendesk(firn)
    assert done.code == 1 and len(zendesk.log) == 1, done
    assert words[0] in done.out and all(word in done.err for word in words[1:]), done
    assert "zd-token" not in str(done)


def test_a_server_that_is_not_there_is_said(firn, zendesk):
    firn.write("firn.yaml", firn.path("firn.yaml").read_text().replace(zendesk.url,
                                                                       "http://127.0.0.1:1"))
    done = try_zendesk(firn)
    assert done.code == 1 and "cannot connect to 127.0.0.1 port 1" in done.err, done


def test_rejected_records_fail_the_try_and_rescued_values_do_not(firn):
    records = standin.make_records(3)
    records[1]["updated_at"] = "yesterday"
    with standin.Generic(records) as server:
        firn.write("it.yaml", items(server, "paging: none", "records: /data"))
        done = firn("connectors", "try", "it.yaml")
        assert done.code == 0 and "1 value rescued" in done.out, done
        assert ("rescued into EXTRA: /data/1/updated_at: UPDATED_AT: expected an ISO 8601 time "
                'with a zone, found "yesterday"') in done.out
        del server.records[2]["id"]
        done = firn("connectors", "try", "it.yaml")
        assert done.code == 1 and "2 rows" in done.out and "1 rejected" in done.out, done
        assert "rejected: /data/2: ID is the key and has no value" in done.out


# --- paging ---

def test_further_pages_are_asked_and_compared(firn):
    with standin.Generic(standin.make_records(8), paging="token", ends=["more"]) as server:
        firn.write("it.yaml", items(server, "paging: { next_token: /next, more: /more }",
                                    'query: { cursor: "{paging.token}" }', "records: /data"))
        done = firn("connectors", "try", "it.yaml", "--pages", "2")
        assert done.code == 0 and len(server.log) == 2, done
        assert "next page: /next; not the end (/more true)" in done.out
        assert "page 2 differs from page 1" in done.out and "(6 rows)" in done.out
        done = firn("connectors", "try", "it.yaml", "--pages", "9", "--format", "json")
        assert [row["ID"] for row in json.loads(done.out)] == [f"record-{i}" for i in range(8)]
        assert len(server.log) == 5 and "no next page: the end (/more false)" in done.err


def test_a_page_two_that_is_page_one_again_fails(firn):
    with standin.Generic(standin.make_records(8), paging="token") as server:
        firn.write("it.yaml", items(server, "paging: { next_token: /next }", "records: /data",
                                    'query: { wrong: "{paging.token}" }'))
        done = firn("connectors", "try", "it.yaml")
        assert done.code == 0, done
        done = firn("connectors", "try", "it.yaml", "--pages", "2")
        assert done.code == 1 and "same records as the page before" in done.err, done


def test_paging_none_warns_where_more_seems_to_be_there(firn):
    with standin.Generic(standin.make_records(8), paging="next_url") as server:
        firn.write("it.yaml", items(server, "paging: none", "records: /data"))
        done = firn("connectors", "try", "it.yaml")
        assert done.code == 0 and "warning: paging: none, but this answer names a next" in done.out
        assert "one answer (paging: none)" in done.out
        firn.write("it.yaml", items(server, "paging: none", "records: /data",
                                    "query: { limit: 100 }"))
        assert "warning" not in firn("connectors", "try", "it.yaml").out


# --- windows ---

WINDOW = ["paging: none", "records: /data", "window: { column: UPDATED_AT, step: 1d }",
          'query: { SINCE: "{window.from}", until: "{window.until}" }']


def test_the_window_is_the_command_line_s(firn):
    with standin.Generic(standin.make_records(80), since="since", until="until") as server:
        firn.write("it.yaml", items(server, *[w.replace("SINCE", "since") for w in WINDOW]))
        done = firn("connectors", "try", "it.yaml", "--from", "2026-03-01", "--to", "2026-03-02")
        assert done.code == 0 and "(48 rows, the first 10" in done.out, done
        assert server.log[0].one("since") == "2026-03-01T00:00:00.000Z"
        assert server.log[0].one("until") == "2026-03-03T00:00:00.000Z"
        assert "warning" not in done.out


def test_without_dates_the_last_step_is_asked_for(firn):
    with standin.Generic(standin.make_records(5), since="since", until="until") as server:
        firn.write("it.yaml", items(server, *[w.replace("SINCE", "since") for w in WINDOW]))
        assert firn("connectors", "try", "it.yaml").code == 0
        low, high = (standin.parse_time(server.log[0].one(n)) for n in ("since", "until"))
        assert 86400 <= (high - low).total_seconds() <= 86401


def test_rows_outside_the_window_are_a_warning(firn):
    with standin.Generic(standin.make_records(30)) as server:
        firn.write("it.yaml", items(server, *[w.replace("SINCE", "sinze") for w in WINDOW]))
        done = firn("connectors", "try", "it.yaml", "--from", "2026-03-01", "--to", "2026-03-01")
        assert done.code == 0, done
        assert ("warning: 6 of 30 rows lie outside the window (UPDATED_AT from 2026-03-01 until "
                "2026-03-02)") in done.out


def test_dates_without_a_window_are_said_to_change_nothing(firn):
    with standin.Generic(standin.make_records(3)) as server:
        firn.write("it.yaml", items(server, "paging: none", "records: /data"))
        done = firn("connectors", "try", "it.yaml", "--from", "2026-03-01")
        assert done.code == 0 and "--from and --to change nothing" in done.err, done


# --- signing in ---

def test_a_connector_that_wants_a_sign_in_gets_one_or_says_so(firn):
    done = firn("connectors", "try", ZENDESK, "--stream", "tickets", "--set", "subdomain=acme")
    assert done.code == 2 and "wants a sign-in: -c firn.yaml gives it" in done.err, done


def test_credentials_of_another_connector_are_not_sent(firn, zendesk):
    firn.write("other.yaml", items(zendesk, "paging: none").replace(
        "streams:", "auth: { basic: {} }\nstreams:"))
    done = firn("connectors", "try", "other.yaml", "-c", "firn.yaml")
    assert done.code == 2 and "its credentials are not sent there" in done.err, done
    assert zendesk.log == []
    firn.write("other.yaml", firn.path("other.yaml").read_text().replace("connector: things",
                                                                         "connector: zendesk"))
    firn("connectors", "try", "other.yaml", "-c", "firn.yaml")
    assert zendesk.log == [], "settings of another connector: subdomain is not known"


def test_a_configuration_that_was_not_named_is_not_used(firn, zendesk):
    firn.path("firn.yaml").rename(firn.path("elsewhere.yaml"))
    firn.write("firn.yaml", "version: nonsense\n")
    with standin.Generic(standin.make_records(3)) as server:
        firn.write("it.yaml", items(server, "paging: none", "records: /data"))
        assert firn("connectors", "try", "it.yaml").code == 0
        assert firn("connectors", "try", "it.yaml", "-c", "firn.yaml").code == 2


def test_an_api_key_in_the_query_is_never_shown(firn):
    with standin.Generic(standin.make_records(3),
                         auth=standin.KeyQuery("appkey", "hidden-key")) as server:
        firn.write("it.yaml", items(server, "paging: none", "records: /data").replace(
            "streams:", "auth: { api_key: { query: appkey } }\nstreams:"))
        firn.write("firn.yaml", configured("./it.yaml", server, '{ api_key: "${KEY}" }'))
        done = firn("connectors", "try", "it.yaml", "-c", "firn.yaml", env={"KEY": "hidden-key"})
        assert done.code == 0 and "appkey=***" in done.out, done
        assert "hidden-key" not in str(done)
        assert server.log[0].one("appkey") == "hidden-key"


def test_an_oauth2_token_is_asked_for_first(firn):
    way = standin.OAuth2(send="json", client_secret="very-secret")
    with standin.Generic(standin.make_records(3), auth=way) as server:
        firn.write("it.yaml", items(server, "paging: none", "records: /data").replace(
            "streams:", "auth: { oauth2: { token_url: /token, send: json } }\nstreams:"))
        firn.write("firn.yaml", configured("./it.yaml", server,
                                           '{ oauth2: { client_id: id, client_secret: "${S}" } }'))
        done = firn("connectors", "try", "it.yaml", "-c", "firn.yaml", env={"S": "very-secret"})
        assert done.code == 0, done
        lines = done.out.splitlines()
        assert lines[0] == f"POST {server.url}/token     (a token)" and "200 OK" in lines[1]
        assert lines[2].endswith("Authorization: ***")
        assert "very-secret" not in str(done) and "granted-1" not in str(done)
        done = firn("connectors", "try", "it.yaml", "-c", "firn.yaml", env={"S": "wrong-one"})
        assert done.code == 1 and "check client_id and client_secret" in done.err, done


def test_credentials_do_not_cross_a_network_in_the_clear(firn, zendesk):
    firn.write("firn.yaml", firn.path("firn.yaml").read_text().replace(
        zendesk.url, "http://zendesk.invalid"))
    done = try_zendesk(firn)
    assert done.code == 2 and "unencrypted" in done.err, done


# --- settings ---

def test_set_gives_settings_over_the_configuration_s(firn):
    with standin.GitHub() as server:
        firn.write("firn.yaml", configured(
            GITHUB, server, '{ bearer: "${GH}" }',
            "  settings: { repositories: [{ owner: acme, name: app }] }\n"))
        call = ["connectors", "try", GITHUB, "--stream", "issues", "-c", "firn.yaml", "--from",
                "2026-03-01"]
        done = firn(*call, env={"GH": "gh-token"})
        assert done.code == 0 and "/repos/acme/app/issues?" in done.out, done
        assert "X-GitHub-Api-Version" not in done.out and server.log[0].headers["accept"]
        done = firn(*call, "--set", "repositories=[{ owner: acme, name: site }]",
                    env={"GH": "gh-token"})
        assert done.code == 0 and "/repos/acme/site/issues?" in done.out, done
        done = firn(*call, "--set", "repositories=[{ owner: acme }]", env={"GH": "gh-token"})
        assert done.code == 2, done
        assert done.err == "--set: settings.repositories[0].name is required\n"
        done = firn(*call, "--set", "repos=x", env={"GH": "gh-token"})
        assert done.code == 2 and "github has no setting repos" in done.err, done


SETTINGS = ("settings: { size: { type: int, min: 1, max: 9 }, tags: { type: list }, "
            "word: { type: text }, pin: { type: secret } }\nstreams:")


def test_set_reads_each_value_as_its_setting_wants_it(firn):
    with standin.Generic(standin.make_records(3)) as server:
        firn.write("it.yaml", items(server, "paging: none", "records: /data",
                                    'query: { n: "{settings.size}", t: "{settings.tags}", '
                                    'w: "{settings.word}" }',
                                    'headers: { X-Pin: "{settings.pin}" }')
                   .replace("streams:", SETTINGS))
        done = firn("connectors", "try", "it.yaml", "--set", "size=7", "--set", "tags=a, b",
                    "--set", "word=true", "--set", "pin=${PIN}", env={"PIN": "pin-4711"})
        assert done.code == 0, done
        asked = server.log[0]
        assert (asked.one("n"), asked.one("t"), asked.one("w")) == ("7", "a,b", "true")
        assert asked.headers["x-pin"] == "pin-4711" and "pin-4711" not in str(done)
        done = firn("connectors", "try", "it.yaml", "--set", "size=70")
        assert done.code == 2 and "--set: settings.size is 70; expected 1 to 9" in done.err, done
        done = firn("connectors", "try", "it.yaml", "--set", "pin=pin-4711")
        assert done.code == 2 and "does not belong on the command line" in done.err, done
        assert "pin-4711" not in done.err


def test_hidden_columns_stay_hidden(firn):
    with standin.Generic(standin.make_records(3)) as server:
        firn.write("it.yaml", items(server, "paging: none", "records: /data"))
        text = configured("./it.yaml", server, "{}").replace("  auth: {}\n", "")
        firn.write("firn.yaml", text.replace("destination:", "  streams: { items: { exclude: "
                   '[NUMBER], hash: [NAME] } }\n  hash_key: "${K}"\ndestination:'))
        done = firn("connectors", "try", "it.yaml", "-c", "firn.yaml", "--format", "json",
                    env={"K": "a key of some length"})
        assert done.code == 0, done
        row = json.loads(done.out)[0]
        assert "NUMBER" not in row and re.fullmatch("[0-9a-f]{64}", row["NAME"])
        assert "record № 0" not in str(done)


# --- bodies, elements, rows out of settings ---

def test_a_body_is_shown_below_its_request(firn):
    with standin.Notion() as server:
        database = next(iter(server.databases))
        firn.write("firn.yaml", configured(
            NOTION, server, '{ bearer: "${N}" }',
            f"  settings: {{ databases: [{{ id: {database} }}] }}\n").replace(
                server.url, server.url + "/v1"))
        done = firn("connectors", "try", NOTION, "--stream", "pages", "-c", "firn.yaml",
                    "--from", "2026-03-01", env={"N": "ntn-token"})
        assert done.code == 0, done
        lines = done.out.splitlines()
        assert lines[0].startswith("POST ") and lines[1].startswith('     {"page_size":100,')
        assert "start_cursor" not in lines[1] and "(7 rows)" in done.out


def test_rows_out_of_the_configuration_ask_nothing(firn):
    done = firn("connectors", "try", "openmeteo", "--stream", "locations", "--format", "json",
                "--set", "customer_id=acme", "--set",
                "locations=[{ name: Helsinki, latitude: 60.17, longitude: 24.94 }]")
    assert done.code == 0 and "nothing is asked" in done.err, done
    row = json.loads(done.out)[0]
    assert (row["CUSTOMER_ID"], row["LOCATION_NAME"]) == ("acme", "Helsinki")
    assert (row["LATITUDE"], row["LONGITUDE"]) == (60.17, 24.94) and len(row["LOCATION_ID"]) == 32


# --- offline ---

def test_a_saved_answer_needs_no_network_no_account_and_no_settings(firn):
    ticket = {"id": 35436, "status": "open", "generated_timestamp": 1795132800, "brand_id": 3,
              "via": {"channel": "web"}, "due_at": "2026-11-20T08:14:02Z", "priority_leve": 1}
    late = {**ticket, "id": 35437, "generated_timestamp": "yesterday", "due_at": None}
    firn.write("page.json", json.dumps({"tickets": [ticket, late], "after_url": "https://x/y",
                                        "end_of_stream": False}))
    firn.write("mine.yaml", ZENDESK.read_text().replace("PRIORITY: text",
                                                        "PRIORITY_LEVEL: text"))
    done = firn("connectors", "try", "mine.yaml", "--stream", "tickets", "--answer", "page.json",
                "--from", "2026-11-20")
    assert done.code == 0, done
    for line in (
            "GET https://subdomain.zendesk.com/api/v2/incremental/tickets/cursor.json"
            "?start_time=1795132800&per_page=1000",
            'rescued into EXTRA: /tickets/1/generated_timestamp: GENERATED_AT: expected unix '
            'seconds, found "yesterday"',
            "in EXTRA, 4 kinds: /brand_id (int)  /via (object)  /due_at (text or null)  "
            "/priority_leve (int)    to name them:  BRAND_ID: text, VIA: json, DUE_AT: timestamp, "
            "PRIORITY_LEVE: int",
            "never seen: PRIORITY_LEVEL (from /priority_level); near names: /priority_leve"):
        assert line in done.out.splitlines(), (line, done)
    assert re.search(r"^saved answer, \d+ B, 2 records at /tickets, 2 rows, 1 value rescued; next "
                     r"page: /after_url; not the end \(/end_of_stream false\)$", done.out, re.M)
    assert "subdomain stands in for it" in done.err
    call = ["connectors", "try", "mine.yaml", "--stream", "tickets", "--answer", "page.json"]
    assert "lie outside the window" not in firn(*call).out, "no time was asked for"
    assert "1 of 1 rows lie outside" in firn(*call, "--from", "2026-11-21").out


def test_a_saved_answer_of_a_child_stream_works_without_its_parent(firn):
    firn.write("page.json", json.dumps({"comments": [{"id": 7, "plain_body": "b"}],
                                        "meta": {"has_more": False}, "links": {"next": None}}))
    done = firn("connectors", "try", ZENDESK, "--stream", "ticket_comments", "--answer",
                "page.json", "--format", "json")
    assert done.code == 0, done
    row = json.loads(done.out)[0]
    assert row["ID"] == "7" and row["TICKET_ID"] == "ID" and row["PLAIN_BODY"] == "b"


def test_saved_parts_are_matched_by_position(firn):
    with standin.OpenMeteo(bad={1: {"error": True, "reason": "no grid there"}}) as server:
        firn.write("meteo.yaml", firn("connectors", "show", "openmeteo").out.replace(
            "https://api.open-meteo.com/v1", server.url))
        places = ("locations=[{ name: A, latitude: 60, longitude: 24 }, "
                  "{ name: B, latitude: 61, longitude: 25 }, "
                  "{ name: C, latitude: 62, longitude: 26 }]")
        call = ["connectors", "try", "meteo.yaml", "--stream", "current_weather", "--set",
                "customer_id=acme", "--set", places, "--format", "json"]
        done = firn(*call)
        assert done.code == 0 and [r["LOCATION_NAME"] for r in json.loads(done.out)] == ["A"]
        parts = [server._place(server.log[0], i, 60 + i, 24 + i) for i in range(3)]
    firn.write("page.json", json.dumps(parts))
    done = firn(*call, "--answer", "page.json")
    assert [row["LOCATION_NAME"] for row in json.loads(done.out)] == ["A", "C"]
    assert done.code == 1 and "no grid there" in done.err, done


def test_names_and_comments_cannot_play_with_the_terminal(firn):
    with standin.Generic([{"id": "a\x1b[31m", "b\x1b[2J\u009bx": 1}]) as server:
        firn.write("it.yaml", items(server, "paging: none", "records: /data",
                                    'comment: "red \\e[31m text"'))
        done = firn("connectors", "try", "it.yaml")
        assert done.code == 0 and "/b?[2J??x (int)" in done.out, done
        assert "\x1b" not in done.out + done.err and "\u009b" not in done.out
        assert "red ?[31m text" in firn("connectors", "./it.yaml").out


def test_a_saved_answer_that_is_not_there_or_no_json_is_said(firn):
    call = ["connectors", "try", ZENDESK, "--stream", "tickets", "--answer"]
    done = firn(*call, "absent.json")
    assert done.code == 2 and "--answer: cannot open 'absent.json'" in done.err, done
    firn.write("page.json", "[1,")
    done = firn(*call, "page.json")
    assert done.code == 1 and "not whole JSON" in done.err, done
