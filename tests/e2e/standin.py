"""Stand-ins for real APIs, with their paging, their sign-in and their traps.

    with standin.GitHub() as github, standin.Zendesk() as zendesk, standin.Notion() as notion:
        ...

Each makes a small set of data unless it is given one, keeps a log (standin_server.py), and says
by truth_...() what a table must hold. Generic and OpenMeteo are in standin_generic.py."""

import datetime
import re
import time
import uuid

from standin_generic import Generic, OpenMeteo, iso, make_records, parse_time, same
from standin_server import (Asked, Basic, Bearer, KeyHeader, KeyQuery, OAuth2, Open, Reply,
                            StandIn, with_query)

__all__ = ["Asked", "Basic", "Bearer", "Generic", "GitHub", "KeyHeader", "KeyQuery", "Notion",
           "OAuth2", "Open", "OpenMeteo", "Reply", "StandIn", "Zendesk", "iso", "make_records",
           "parse_time", "same", "with_query"]

UTC = datetime.timezone.utc


def _second(when):
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")


# --- GitHub ---

def github_repos(names=("acme/app", "acme/site"), issues=7, comments=3,
                 start="2026-03-01T08:00:00Z"):
    """name -> issues, each with its comments; one of three is a pull request, one of five closed,
    the number of comments varies from none to twice `comments`."""
    repos = {}
    for r, name in enumerate(names):
        repos[name] = []
        for n in range(1, issues + 1):
            when = parse_time(start) + datetime.timedelta(hours=6 * n + r)
            issue = {
                "id": 9000000000 + r * 1000 + n, "node_id": f"I_{r}_{n}", "number": n,
                "url": f"https://api.github.example/repos/{name}/issues/{n}",
                "title": f"Issue {n} of {name} 🐛", "state": "closed" if n % 5 == 0 else "open",
                "user": {"login": f"person{n % 3}", "id": n % 3}, "labels": [{"name": "bug"}],
                "created_at": _second(when - datetime.timedelta(days=1)),
                "updated_at": _second(when),
                "closed_at": _second(when) if n % 5 == 0 else None, "body": None}
            if n % 3 == 0:
                issue["pull_request"] = {"url": issue["url"].replace("issues", "pulls")}
            issue["_comments"] = [
                {"id": 7000000000 + r * 100000 + n * 100 + c, "body": f"comment {c}\non {n}",
                 "user": {"login": f"person{c % 4}"} if c != 2 else None,
                 "created_at": _second(when), "updated_at": _second(when)}
                for c in range(n * 2 % (2 * comments + 1))]
            repos[name].append(issue)
    return repos


class GitHub(StandIn):
    """Issues and their comments, by Link headers. The links lead to /repositories/ID/..., as the
    real ones do: they have to be followed as they are."""

    def __init__(self, repos=None, token="gh-token", moved=None):
        super().__init__()
        self.repos = github_repos() if repos is None else repos
        self.token = token
        self.moved = moved or {}  # old name -> new name: 301
        self.deleted = set()      # (repository, number): listed, its comments are 404
        self._limit = None

    def limit(self, after, reset_in=2, secondary=False, retry_after=None):
        """After so many more requests 403, until `reset_in` seconds later; `secondary` is the
        other limit, which says so in words and perhaps in Retry-After."""
        with self.lock:
            self._limit = [after, reset_in, secondary, retry_after, None]

    def truth_issues(self, since=None):
        low = parse_time(since) if since else None
        return {issue["id"]: self._public(issue) for issues in self.repos.values()
                for issue in issues if low is None or parse_time(issue["updated_at"]) >= low}

    def truth_comments(self):
        return {comment["id"]: comment for name, issues in self.repos.items()
                for issue in issues if (name, issue["number"]) not in self.deleted
                for comment in issue["_comments"]}

    @staticmethod
    def _public(issue):
        return {name: value for name, value in issue.items() if name != "_comments"}

    def answer(self, asked):
        refusal = self._limited()
        if refusal is not None:
            return refusal
        if not asked.headers.get("user-agent"):
            return Reply({"message": "Request forbidden by administrative rules."}, 403)
        given = asked.headers.get("authorization")
        if given is not None and given != f"Bearer {self.token}":
            return Reply({"message": "Bad credentials"}, 401)
        name, rest = self._repository(asked.path)
        if name in self.moved:
            return Reply({"message": "Moved Permanently"}, 301,
                         {"Location": f"{self.url}/repos/{self.moved[name]}{rest}"})
        if name not in self.repos:
            return Reply({"message": "Not Found"}, 404)
        if rest == "/issues":
            return self._listed(asked, name, rest, self._issues(asked, name))
        comments = re.fullmatch(r"/issues/(\d+)/comments", rest)
        issue = comments and next((i for i in self.repos[name]
                                   if i["number"] == int(comments[1])), None)
        if not issue or (name, issue["number"]) in self.deleted:
            return Reply({"message": "Not Found"}, 404)
        return self._listed(asked, name, rest, issue["_comments"])

    def _repository(self, path):
        by_name = re.match(r"/repos/([^/]+/[^/]+)(/.*)?$", path)
        if by_name:
            return by_name[1], by_name[2] or ""
        by_id = re.match(r"/repositories/(\d+)(/.*)?$", path)
        names = list(self.repos)
        if by_id and int(by_id[1]) < len(names):
            return names[int(by_id[1])], by_id[2] or ""
        return None, ""

    def _limited(self):
        if self._limit is None:
            return None
        after, reset_in, secondary, retry_after, until = self._limit
        if after > 0:
            self._limit[0] -= 1
            return None
        now = time.time()
        if until is None:
            # the header holds whole seconds: what it says must be enough
            until = self._limit[4] = int(now) + reset_in
        if now >= until:
            self._limit = None
            return None
        headers = {"Retry-After": retry_after} if retry_after is not None else {}
        if secondary:
            return Reply({"message": "You have exceeded a secondary rate limit."}, 403, headers)
        headers.update({"X-RateLimit-Remaining": 0, "X-RateLimit-Reset": until})
        return Reply({"message": "API rate limit exceeded for 127.0.0.1."}, 403, headers)

    def _issues(self, asked, name):
        found = [self._public(issue) for issue in self.repos[name]]
        state = asked.one("state", "open")
        if state != "all":
            found = [issue for issue in found if issue["state"] == state]
        if asked.one("since"):
            low = parse_time(asked.one("since"))
            found = [issue for issue in found if parse_time(issue["updated_at"]) >= low]
        field = {"updated": "updated_at", "comments": "number"}.get(asked.one("sort"), "created_at")
        found.sort(key=lambda issue: issue[field], reverse=asked.one("direction") != "asc")
        return found

    def _listed(self, asked, name, rest, found):
        size = min(int(asked.one("per_page", "30")), 100)
        page = int(asked.one("page", "1"))
        last = max((len(found) + size - 1) // size, 1)
        base = f"{self.url}/repositories/{list(self.repos).index(name)}{rest}"
        query = asked.target.partition("?")[2]
        links = []
        for rel, number in (("prev", page - 1), ("next", page + 1), ("last", last), ("first", 1)):
            wanted = page > 1 if rel in ("prev", "first") else page < last
            if wanted:
                links.append(f'<{with_query(base + "?" + query, page=number)}>; rel="{rel}"')
        headers = {"Link": ", ".join(links)} if links else {}
        headers["X-RateLimit-Remaining"] = 4999
        return Reply(found[(page - 1) * size:page * size], headers=headers)


# --- Zendesk ---

def zendesk_tickets(n=11, start="2026-03-01T08:00:00Z"):
    tickets = []
    for i in range(1, n + 1):
        when = parse_time(start) + datetime.timedelta(minutes=47 * i)
        tickets.append({
            "id": 35000 + i, "subject": f"Ticket {i}: ça ne marche pas", "priority": None,
            "status": "deleted" if i % 6 == 0 else "open", "requester_id": 900000000000 + i,
            "assignee_id": None, "tags": ["a", f"t{i}"],
            "custom_fields": [{"id": 1, "value": i % 2 == 0}],
            "created_at": _second(when - datetime.timedelta(hours=2)),
            "updated_at": _second(when), "generated_timestamp": int(when.timestamp()),
            "via": {"channel": "web"}, "due_at": None,
            "_comments": [{"id": 8000 * i + c, "author_id": 77, "public": c % 2 == 0,
                           "plain_body": f"body {c} of {i}", "created_at": _second(when)}
                          for c in range(i % 4)]})
    return tickets


class Zendesk(StandIn):
    """Incremental export by cursor, and comments. The last page of either has a link too: only
    end_of_stream and has_more say that it is the last."""

    def __init__(self, tickets=None, user="agent@acme.example", token="zd-token", bearer=None):
        super().__init__()
        self.tickets = zendesk_tickets() if tickets is None else tickets
        self.way = Bearer(bearer) if bearer else Basic(f"{user}/token", token)

    def limit(self, retry_after=1, times=1):
        self.fail(429, {"error": "APIRateLimitExceeded",
                        "description": "Number of allowed incremental ticket export API requests "
                                       "per minute exceeded"}, times,
                  headers={"Retry-After": retry_after})

    def truth_tickets(self, since=0):
        return {t["id"]: self._public(t) for t in self.tickets
                if t["generated_timestamp"] >= since}

    def truth_comments(self):
        return {c["id"]: c for t in self.tickets if t["status"] != "deleted"
                for c in t["_comments"]}

    @staticmethod
    def _public(ticket):
        return {name: value for name, value in ticket.items() if name != "_comments"}

    def answer(self, asked):
        refusal = self.way.refusal(asked, self)
        if refusal is not None:
            return refusal
        if asked.path == "/api/v2/incremental/tickets/cursor.json":
            return self._export(asked)
        comments = re.fullmatch(r"/api/v2/tickets/(\d+)/comments(?:\.json)?", asked.path)
        if comments:
            return self._comments(asked, int(comments[1]))
        return Reply({"error": "InvalidEndpoint", "description": "Not found"}, 404)

    def _export(self, asked):
        cursor, since = asked.one("cursor"), asked.one("start_time")
        if cursor is None and not (since or "").isdigit():
            return Reply({"error": "InvalidValue", "description": "start_time is missing"}, 400)
        if cursor is None and int(since) > time.time() - 60:
            return Reply({"error": "InvalidValue",
                          "description": "Too recent start_time. Use a start_time older than "
                                         "60 seconds"}, 422)
        after = (int(since), -1) if cursor is None else tuple(map(int, cursor.split(".")))
        size = int(asked.one("per_page", "1000"))
        found = sorted((t for t in self.tickets if (t["generated_timestamp"], t["id"]) > after),
                       key=lambda t: (t["generated_timestamp"], t["id"]))
        page = found[:size]
        if page:
            after = (page[-1]["generated_timestamp"], page[-1]["id"])
        mark = f"{after[0]}.{after[1]}"
        link = f"{self.url}{asked.path}?cursor={mark}&per_page={size}"
        return Reply({"tickets": [self._public(t) for t in page], "after_url": link,
                      "before_url": None, "after_cursor": mark, "before_cursor": None,
                      "end_of_stream": len(found) <= size})

    def _comments(self, asked, ticket_id):
        ticket = next((t for t in self.tickets if t["id"] == ticket_id), None)
        if ticket is None or ticket["status"] == "deleted":
            return Reply({"error": "RecordNotFound", "description": "Not found"}, 404)
        size = int(asked.one("page[size]", "100"))
        start = int(asked.one("page[after]", "0"))
        end = start + size
        link = (f"{self.url}{asked.path}?page%5Bafter%5D={end}&page%5Bsize%5D={size}"
                if ticket["_comments"] else None)
        return Reply({"comments": ticket["_comments"][start:end],
                      "meta": {"has_more": end < len(ticket["_comments"]),
                               "after_cursor": str(end), "before_cursor": None},
                      "links": {"next": link, "prev": None}})


# --- Notion ---

def notion_databases(sizes=(7, 3), start="2026-03-01T08:00:00Z"):
    databases = {}
    for d, size in enumerate(sizes):
        pages = []
        for i in range(size):
            when = parse_time(start) + datetime.timedelta(minutes=61 * i + d)
            page_id = str(uuid.UUID(int=(d + 1) << 100 | i))
            pages.append({
                "object": "page", "id": page_id, "created_time": iso(when),
                "last_edited_time": iso(when.replace(second=0, microsecond=0)),
                "archived": i % 4 == 3, "url": f"https://notion.example/{page_id}",
                "properties": {"Name": {"type": "title", "title": [{"plain_text": f"№ {i}"}]}}})
        databases[str(uuid.UUID(int=d + 1))] = pages
    return databases


class Notion(StandIn):
    """Queries of databases, by POST. A cursor is good until expire_cursors()."""

    def __init__(self, databases=None, token="ntn-token"):
        super().__init__()
        self.databases = notion_databases() if databases is None else databases
        self.way = Bearer(token)
        self._cursors = {}  # cursor -> (database, start)

    def expire_cursors(self):
        with self.lock:
            self._cursors.clear()

    def limit(self, retry_after=1, times=1):
        self.fail(429, {"object": "error", "status": 429, "code": "rate_limited",
                        "message": "You have been rate limited. Please try again in a few "
                                   "minutes."}, times, headers={"Retry-After": retry_after})

    def truth_pages(self, since=None):
        low = parse_time(since) if since else None
        return {page["id"]: page for pages in self.databases.values() for page in pages
                if low is None or parse_time(page["last_edited_time"]) >= low}

    @staticmethod
    def _error(code, message, status=400):
        return Reply({"object": "error", "status": status, "code": code, "message": message},
                     status)

    def answer(self, asked):
        if self.way.refusal(asked, self) is not None:
            return self._error("unauthorized", "API token is invalid.", 401)
        if "notion-version" not in asked.headers:
            return self._error("missing_version", "Notion-Version header should be defined.")
        query = re.fullmatch(r"/v1/databases/([^/]+)/query", asked.path)
        if not query or query[1] not in self.databases:
            return self._error("object_not_found", "Could not find database.", 404)
        if asked.method != "POST" or not isinstance(asked.body, dict):
            return self._error("invalid_json", "Error parsing JSON body.")
        return self._query(asked.body, query[1])

    def _query(self, body, database):
        start = 0
        if "start_cursor" in body:
            known = self._cursors.get(body["start_cursor"]) \
                if isinstance(body["start_cursor"], str) else None
            if known is None or known[0] != database:
                return self._error("validation_error", "The start_cursor provided is invalid: "
                                   f"{body['start_cursor']}")
            start = known[1]
        size = body.get("page_size", 100)
        if not isinstance(size, int) or not 1 <= size <= 100:
            return self._error("validation_error", "body.page_size should be <= 100")
        found = sorted(self.databases[database], key=lambda page: page["last_edited_time"])
        wanted = body.get("filter", {}).get("last_edited_time", {}).get("on_or_after")
        if wanted is not None:
            low = parse_time(wanted)
            found = [p for p in found if parse_time(p["last_edited_time"]) >= low]
        more = start + size < len(found)
        cursor = str(uuid.uuid4()) if more else None
        if more:
            self._cursors[cursor] = (database, start + size)
        return Reply({"object": "list", "results": found[start:start + size],
                      "next_cursor": cursor, "has_more": more, "type": "page_or_database"})
