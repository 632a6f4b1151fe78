"""The stand-in servers themselves: that they page, refuse and expire as the real ones do."""

import base64
import http.client
import json
import re
import time
import urllib.parse

import pytest

import standin

DAY2 = "2026-03-02T08:00:00Z"


class Client:
    """A client with nothing but the standard library, which follows what it is told."""

    def __init__(self, server, **headers):
        self.server, self.headers = server, {"User-Agent": "test", **headers}

    def ask(self, target, method="GET", body=None, **headers):
        """(status, body, headers); the target is a path or a whole URL of this server."""
        if target.startswith(self.server.url):
            target = target[len(self.server.url):]
        connection = http.client.HTTPConnection(self.server.url.split("//")[1], timeout=60)
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None and not isinstance(body, str):
            body, headers["Content-Type"] = json.dumps(body), "application/json"
        connection.request(method, target, body, {**self.headers, **headers})
        answer = connection.getresponse()
        raw = answer.read()
        connection.close()
        try:
            return answer.status, json.loads(raw), answer.headers
        except ValueError:
            return answer.status, raw.decode(), answer.headers


def next_link(headers):
    found = re.search(r'<([^>]*)>; rel="next"', headers.get("Link") or "")
    return found[1] if found else None


# --- what all have ---

def test_failures_are_given_as_ordered_and_the_log_tells():
    with standin.Generic(standin.make_records(2), paging="none") as server:
        client = Client(server)
        server.fail(503, {"message": "later"}, times=2, match="items", after=1,
                    headers={"Retry-After": 3})
        answers = [client.ask("/items?x=1") for _ in range(4)]
        assert [answer[0] for answer in answers] == [200, 503, 503, 200]
        assert answers[1][1] == {"message": "later"} and answers[1][2]["Retry-After"] == "3"
        assert [asked.status for asked in server.log] == [200, 503, 503, 200]
        assert server.log[0].one("x") == "1" and len(server.pauses()) == 3
        assert len(server.asked("items", status=503)) == 2
        server.fail(200, '{"data": [', times=1, cut=5)
        with pytest.raises(http.client.IncompleteRead):
            client.ask("/items")


# --- GitHub ---

def read_github(client, target):
    found = []
    while target:
        status, body, headers = client.ask(target)
        assert status == 200, body
        found += body
        target = next_link(headers)
    return found


def test_github_pages_by_link_and_filters_by_since():
    with standin.GitHub() as server:
        client = Client(server, Authorization="Bearer gh-token")
        issues = read_github(client, "/repos/acme/app/issues?state=all&per_page=3"
                             "&sort=updated&direction=asc")
        assert [i["number"] for i in issues] == [1, 2, 3, 4, 5, 6, 7]
        assert server.log[1].path.startswith("/repositories/0/issues")
        assert server.log[1].one("per_page") == "3" and server.log[1].one("state") == "all"
        since = issues[3]["updated_at"]
        later = read_github(client, f"/repos/acme/app/issues?state=all&since={since}")
        assert {i["number"] for i in later} == {4, 5, 6, 7}
        assert {i["state"] for i in read_github(client, "/repos/acme/app/issues")} == {"open"}
        every = {i["id"]: i for name in server.repos
                 for i in read_github(client, f"/repos/{name}/issues?state=all&per_page=100")}
        assert every == server.truth_issues() and any("pull_request" in i for i in every.values())


def test_github_comments_and_what_was_deleted():
    with standin.GitHub() as server:
        client = Client(server)
        server.deleted.add(("acme/app", 2))
        found = {}
        for name, issues in server.repos.items():
            for issue in issues:
                target = f"/repos/{name}/issues/{issue['number']}/comments?per_page=2"
                if (name, issue["number"]) == ("acme/app", 2):
                    assert client.ask(target)[0] == 404
                    continue
                found.update((c["id"], c) for c in read_github(client, target))
        assert found == server.truth_comments()
        assert client.ask("/repos/acme/none/issues")[0] == 404
        assert client.ask("/repos/acme/app/issues/99/comments")[0] == 404


def test_github_refuses_and_limits():
    with standin.GitHub(moved={"old/app": "acme/app"}) as server:
        client = Client(server)
        assert client.ask("/repos/acme/app/issues", Authorization="Bearer no")[0] == 401
        status, _, headers = client.ask("/repos/old/app/issues")
        assert (status, headers["Location"]) == (301, f"{server.url}/repos/acme/app/issues")
        server.limit(after=1, reset_in=2)
        assert client.ask("/repos/acme/app/issues")[0] == 200
        status, body, headers = client.ask("/repos/acme/app/issues")
        assert status == 403 and "rate limit" in body["message"]
        assert headers["X-RateLimit-Remaining"] == "0"
        time.sleep(max(0, int(headers["X-RateLimit-Reset"]) - time.time()))
        assert client.ask("/repos/acme/app/issues")[0] == 200
        server.limit(after=0, secondary=True, retry_after=1)
        status, body, headers = client.ask("/repos/acme/app/issues")
        assert (status, headers["Retry-After"]) == (403, "1")
        assert "secondary rate limit" in body["message"]


# --- Zendesk ---

def zendesk_client(server):
    secret = base64.b64encode(b"agent@acme.example/token:zd-token").decode()
    return Client(server, Authorization=f"Basic {secret}")


def test_zendesk_exports_by_cursor_until_the_stream_ends():
    with standin.Zendesk() as server:
        client = zendesk_client(server)
        start = standin.parse_time("2026-03-01T00:00:00Z").timestamp()
        target = f"/api/v2/incremental/tickets/cursor.json?start_time={int(start)}&per_page=4"
        found, ended = {}, False
        while not ended:
            status, body, _ = client.ask(target)
            assert status == 200 and body["after_url"]
            found.update((t["id"], t) for t in body["tickets"])
            target, ended = body["after_url"], body["end_of_stream"]
        assert found == server.truth_tickets() and len(server.log) == 3
        middle = sorted(t["generated_timestamp"] for t in found.values())[5]
        _, body, _ = client.ask(f"/api/v2/incremental/tickets/cursor.json?start_time={middle}")
        assert {t["id"] for t in body["tickets"]} == set(server.truth_tickets(middle))


def test_zendesk_comments_go_on_until_has_more_is_false():
    with standin.Zendesk() as server:
        client = zendesk_client(server)
        found = {}
        for ticket in server.tickets:
            target = f"/api/v2/tickets/{ticket['id']}/comments.json?page%5Bsize%5D=2"
            if ticket["status"] == "deleted":
                assert client.ask(target)[0] == 404
                continue
            more = True
            while more:
                _, body, _ = client.ask(target)
                found.update((c["id"], c) for c in body["comments"])
                more, target = body["meta"]["has_more"], body["links"]["next"]
        assert found == server.truth_comments()


def test_zendesk_refuses_and_limits():
    with standin.Zendesk() as server:
        client = zendesk_client(server)
        target = "/api/v2/incremental/tickets/cursor.json?start_time="
        assert Client(server).ask(target + "1")[0] == 401
        status, body, _ = client.ask(target + str(int(time.time())))
        assert status == 422 and "60 seconds" in body["description"]
        assert client.ask(target)[0] == 400
        server.limit(retry_after=1)
        status, _, headers = client.ask(target + "1")
        assert (status, headers["Retry-After"]) == (429, "1")
        assert client.ask(target + "1")[0] == 200


# --- Notion ---

def read_notion(client, database, body):
    found, cursor = {}, None
    while True:
        status, answer, _ = client.ask(f"/v1/databases/{database}/query", "POST",
                                       {**body, **({"start_cursor": cursor} if cursor else {})})
        assert status == 200, answer
        found.update((page["id"], page) for page in answer["results"])
        cursor = answer["next_cursor"]
        if not answer["has_more"]:
            assert cursor is None
            return found


def test_notion_pages_by_cursor_in_the_body():
    with standin.Notion() as server:
        client = Client(server, Authorization="Bearer ntn-token",
                        **{"Notion-Version": "2022-06-28"})
        found = {}
        for database in server.databases:
            found.update(read_notion(client, database, {"page_size": 2}))
        assert found == server.truth_pages()
        first = next(iter(server.databases))
        wanted = {"filter": {"timestamp": "last_edited_time", "last_edited_time":
                             {"on_or_after": "2026-03-01T11:00:00.000Z"}}}
        later = read_notion(client, first, wanted)
        assert later == {i: p for i, p in server.truth_pages("2026-03-01T11:00:00Z").items()
                         if p in server.databases[first]} and later


def test_notion_refuses_an_expired_cursor():
    with standin.Notion() as server:
        client = Client(server, Authorization="Bearer ntn-token",
                        **{"Notion-Version": "2022-06-28"})
        target = f"/v1/databases/{next(iter(server.databases))}/query"
        cursor = client.ask(target, "POST", {"page_size": 2})[1]["next_cursor"]
        assert client.ask(target, "POST", {"start_cursor": cursor})[0] == 200
        server.expire_cursors()
        status, body, _ = client.ask(target, "POST", {"start_cursor": cursor})
        assert status == 400 and "start_cursor" in body["message"]
        assert client.ask(target, "POST", {"start_cursor": None})[0] == 400
        assert client.ask(target, "GET")[0] == 400
        assert client.ask("/v1/databases/none/query", "POST", {})[0] == 404
        assert client.ask(target, "POST", {}, Notion_Version="")[0] == 200
        bare = Client(server, Authorization="Bearer ntn-token")
        assert bare.ask(target, "POST", {})[1]["code"] == "missing_version"
        assert client.ask(target, "POST", {}, Authorization="Bearer no")[0] == 401


# --- any API ---

def read_generic(client, server, paging, query):
    """Pages as the kind says, ends as the answer says."""
    found, at, token, target = [], 0, None, None
    first = server.first
    for _ in range(30):
        entries = dict(query)
        if paging == "offset":
            entries["cursor"] = first + at
        elif paging == "page":
            entries["cursor"] = first + at
        elif token is not None:
            entries["cursor"] = token
        status, body, headers = client.ask(
            target or server.path + "?" + urllib.parse.urlencode(entries))
        assert status == 200, body
        rows = body["data"] if isinstance(body, dict) else body
        found += rows
        if paging == "none" or not rows:
            return found
        if paging in ("next_url", "relative"):
            target = body["next"]
        elif paging == "link_header":
            target = next_link(headers)
        elif paging == "token":
            token = body["next"]
        elif paging == "token_header":
            token = headers["X-Next"]
        elif paging == "last":
            token = rows[-1]["id"]
        at += len(rows) if paging == "offset" else 1
        if paging in ("next_url", "relative", "link_header") and not target:
            return found
        if paging in ("token", "token_header") and not token:
            return found
    raise AssertionError("it does not end")


@pytest.mark.parametrize("paging", ["none", "next_url", "relative", "link_header", "token",
                                    "token_header", "last", "offset", "page"])
@pytest.mark.parametrize("n", [0, 3, 7])
def test_every_kind_of_paging_brings_every_record(paging, n):
    records = standin.make_records(n)
    with standin.Generic(records, paging=paging) as server:
        found = read_generic(Client(server), server, paging, {})
        assert found == records
        assert len(server.log) >= (1 if paging == "none" else max(n // 3, 1))


def test_the_end_is_told_in_every_way():
    with standin.Generic(standin.make_records(7), paging="page",
                         ends=("more", "done", "total", "pages")) as server:
        told = [Client(server).ask(f"/items?cursor={page}")[1] for page in (1, 2, 3)]
        assert [(t["more"], t["done"], t["total"], t["pages"]) for t in told] == \
            [(True, False, 7, 3), (True, False, 7, 3), (False, True, 7, 3)]


def test_records_can_overlap_and_sizes_are_capped():
    with standin.Generic(standin.make_records(9), paging="offset", size_max=4) as server:
        server.overlap = 1
        client = Client(server)
        assert [r["number"] for r in client.ask("/items?cursor=4&limit=100")[1]["data"]] == \
            [3, 4, 5, 6, 7]


@pytest.mark.parametrize("style, since, until", [
    ("iso", "2026-03-01T02:00:00.000Z", "2026-03-01T05:00:00Z"),
    ("unix", "1772330400", "1772341200"), ("unix_ms", "1772330400000", "1772341200000"),
    ("%Y-%m-%d %H:%M", "2026-03-01 02:00", "2026-03-01 05:00")])
def test_time_is_asked_for_in_every_format(style, since, until):
    with standin.Generic(standin.make_records(9), since="from", until="to", style=style,
                         count_path="/count") as server:
        query = "?" + urllib.parse.urlencode({"from": since, "to": until})
        assert [r["number"] for r in Client(server).ask("/items" + query)[1]["data"]] == [2, 3, 4]
        assert Client(server).ask("/count" + query)[1] == {"count": 3}
        assert [r["number"] for r in server.truth(since, until).values()] == [2, 3, 4]
        server.closed = True
        assert len(Client(server).ask("/items" + query)[1]["data"]) == 4
        assert Client(server).ask("/items?from=yesterday")[0] == 400


def test_parameters_can_come_in_a_body():
    with standin.Generic(standin.make_records(5), paging="token", in_body=True,
                         since="since") as server:
        client = Client(server)
        body = {"since": "2026-03-01T01:00:00Z"}
        first = client.ask("/items", "POST", body)[1]
        second = client.ask("/items", "POST", {**body, "cursor": first["next"]})[1]
        assert [r["number"] for r in first["data"] + second["data"]] == [1, 2, 3, 4]
        assert client.ask("/items")[0] == 400


def test_every_shape_of_records():
    records = standin.make_records(2)
    with standin.Generic(records, shape="columns", at="/a/b") as server:
        columns = Client(server).ask("/items")[1]["a"]["b"]
        assert columns["id"] == ["record-0", "record-1"] and set(columns) == set(records[0])
    with standin.Generic(records, shape="one", at="") as server:
        assert Client(server).ask("/items")[1] == records[0]
    with standin.Generic(records, at="") as server:
        assert Client(server).ask("/items")[1] == records
    with standin.Generic([], missing_when_empty=True) as server:
        assert Client(server).ask("/items")[1] == {}


@pytest.mark.parametrize("way, target, headers", [
    (standin.Bearer("t"), "/items", {"Authorization": "Bearer t"}),
    (standin.Basic("u", "p"), "/items", {"Authorization": "Basic dTpw"}),
    (standin.KeyHeader("X-Key", "k"), "/items", {"X-Key": "k"}),
    (standin.KeyQuery("apikey", "k"), "/items?apikey=k", {})])
def test_every_way_in(way, target, headers):
    with standin.Generic(standin.make_records(1), auth=way) as server:
        assert Client(server, **headers).ask(target)[0] == 200
        assert Client(server).ask("/items")[0] == 401
        assert Client(server, **{name: "no" for name in headers}).ask("/items")[0] == 401


@pytest.mark.parametrize("send", ["form", "json", "basic"])
def test_oauth2_in_every_form_and_its_end(send):
    way = standin.OAuth2(send=send, life=1, scope="read", fields={"audience": "x"},
                         token_name="data/token")
    fields = {"grant_type": "client_credentials", "scope": "read", "audience": "x"}
    headers = {}
    if send == "basic":
        headers["Authorization"] = "Basic " + base64.b64encode(b"id:secret").decode()
    else:
        fields.update(client_id="id", client_secret="secret")
    if send == "json":
        body = json.dumps(fields)
        headers["Content-Type"] = "application/json"
    else:
        body = urllib.parse.urlencode(fields)
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    with standin.Generic(standin.make_records(1), auth=way) as server:
        client = Client(server)
        status, answer, _ = client.ask("/token", "POST", body, **headers)
        assert status == 200 and answer["expires_in"] == 1
        token = {"Authorization": f"Bearer {answer['data']['token']}"}
        assert client.ask("/items", **token)[0] == 200
        time.sleep(1.05)
        assert client.ask("/items", **token)[0] == 401
        wrong = body.replace("secret", "guess")
        if send == "basic":
            headers["Authorization"] = "Basic eDp5"
        assert client.ask("/token", "POST", wrong, **headers)[0] == 401
        assert client.ask("/token", "POST", body.replace("read", "write"), **headers)[0] == 400


# --- Open-Meteo ---

def test_open_meteo_answers_by_position():
    with standin.OpenMeteo() as server:
        client = Client(server)
        one = client.ask("/v1/forecast?latitude=60.17&longitude=24.94&current_weather=true")[1]
        assert isinstance(one, dict) and "location_id" not in one
        two = client.ask("/v1/forecast?latitude=60.17,48.1&longitude=24.94,11.5"
                         "&current_weather=true&timeformat=unixtime")[1]
        assert [place.get("location_id") for place in two] == [None, 1]
        assert "elevation" in two[0] and "elevation" not in two[1]
        assert two[0]["current_weather"]["time"] == \
            standin.parse_time("2026-03-10T12:00:00Z").timestamp()
        hourly = client.ask("/v1/forecast?latitude=1&longitude=2&hourly=temperature_2m,rain"
                            "&start_date=2026-03-01&end_date=2026-03-02")[1]["hourly"]
        assert set(hourly) == {"time", "temperature_2m", "rain"}
        assert {len(values) for values in hourly.values()} == {48}


def test_open_meteo_refuses_and_errs():
    with standin.OpenMeteo(key="k", bad={1: {"error": True, "reason": "no data"}}) as server:
        client = Client(server)
        assert client.ask("/v1/forecast?latitude=1&longitude=2")[1]["error"] is True
        target = "/v1/forecast?latitude=1,2,3&longitude=1,2,3&apikey=k"
        assert client.ask(target)[1][1] == {"error": True, "reason": "no data"}
        server.off = -1
        assert len(client.ask(target)[1]) == 2
        server.off = 1
        assert len(client.ask(target)[1]) == 4
        server.limit()
        status, body, _ = client.ask(target)
        assert status == 429 and "Minutely" in body["reason"]
        assert client.ask("/v1/forecast?latitude=99&longitude=1&apikey=k")[0] == 400
