"""What the stand-in servers share: a small HTTP server in a thread that keeps a log, can be told
to fail, and knows the ways in. Use them as context managers:

    with standin.GitHub(repos=...) as server:
        server.url                            # http://127.0.0.1:PORT
        server.fail(503, times=2, match="/issues")
        server.log                            # one Asked for each request, in order
"""

import base64
import dataclasses
import http.server
import json
import threading
import time
import urllib.parse


@dataclasses.dataclass
class Asked:
    """A request as it came, and the status of its answer."""

    method: str
    path: str
    query: dict      # name -> list of values
    headers: dict    # lower-case names
    body: object     # parsed JSON; a dict of lists for a form; else text
    at: float        # time.monotonic() when it came
    target: str      # path and query as sent
    status: int = 0

    def one(self, name, default=None):
        values = self.query.get(name)
        return values[0] if values else default


@dataclasses.dataclass
class Reply:
    body: object = None  # bytes and text go as they are, the rest as JSON
    status: int = 200
    headers: dict = dataclasses.field(default_factory=dict)
    cut: int = 0         # so many bytes of the body are promised and never sent


class StandIn:
    """Subclasses give answer(asked) -> Reply. Every request is answered under one lock, so that
    a test may change the server's data at any time with `with server.lock:`."""

    def __init__(self):
        self.log = []
        self.knocks = 0  # requests that came, also those that wait for the lock
        self.lock = threading.RLock()
        self._failures = []
        self._server = None

    # --- life ---
    def __enter__(self):
        handler = type("Handler", (_Handler,), {"owner": self})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    # --- what tests say and ask ---
    def fail(self, status, body=None, times=1, match="", headers=None, after=0, cut=0):
        """The next `times` requests (0: all) whose target or body holds `match` are answered so;
        the first `after` of them are let through. Status 200 with a body is a fault too."""
        with self.lock:
            self._failures.append({"status": status, "body": body, "times": times, "fired": 0,
                                   "match": match, "headers": headers or {}, "after": after,
                                   "cut": cut})

    def heal(self):
        with self.lock:
            self._failures.clear()

    def asked(self, match="", method=None, status=None):
        """The log's requests whose path holds `match`."""
        with self.lock:
            return [a for a in self.log if match in a.path and method in (None, a.method)
                    and status in (None, a.status)]

    def forget(self):
        with self.lock:
            self.log.clear()

    def pauses(self, match=""):
        """Seconds between the requests, one after the other."""
        times = [a.at for a in self.asked(match)]
        return [b - a for a, b in zip(times, times[1:])]

    # --- for subclasses ---
    def answer(self, asked):
        raise NotImplementedError

    def _respond(self, asked):
        with self.lock:
            self.log.append(asked)
            reply = self._failure(asked) or self.answer(asked)
            asked.status = reply.status
            return reply

    def _failure(self, asked):
        for failure in self._failures:
            if failure["match"] not in asked.target and \
                    failure["match"] not in json.dumps(asked.body):
                continue
            if failure["after"] > 0:
                failure["after"] -= 1
                continue
            if failure["times"] and failure["fired"] >= failure["times"]:
                continue
            failure["fired"] += 1
            return Reply(failure["body"], failure["status"], dict(failure["headers"]),
                         failure["cut"])
        return None


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    owner = None
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def _body(self):
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        kind = (self.headers.get("Content-Type") or "").split(";")[0]
        if kind == "application/x-www-form-urlencoded":
            return urllib.parse.parse_qs(raw, keep_blank_values=True)
        try:
            return json.loads(raw) if raw else None
        except ValueError:
            return raw

    def _serve(self):
        parts = urllib.parse.urlsplit(self.path)
        asked = Asked(self.command, urllib.parse.unquote(parts.path),
                      urllib.parse.parse_qs(parts.query, keep_blank_values=True),
                      {name.lower(): value for name, value in self.headers.items()},
                      self._body(), time.monotonic(), self.path)
        self.owner.knocks += 1
        reply = self.owner._respond(asked)
        body = reply.body
        if body is None:
            body = b""
        elif isinstance(body, str):
            body = body.encode()
        elif not isinstance(body, bytes):
            body = json.dumps(body, ensure_ascii=False).encode()
            reply.headers.setdefault("Content-Type", "application/json")
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, str(value))
        self.send_header("Content-Length", str(len(body) + reply.cut))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
        if reply.cut:
            self.close_connection = True

    do_GET = do_POST = do_HEAD = do_PUT = _serve


# --- ways in: each is called with the request; None: come in, else the refusal ---

class Open:
    def refusal(self, asked, server):
        return None

    def paths(self):
        return {}


class Bearer(Open):
    def __init__(self, token):
        self.token = token

    def refusal(self, asked, server):
        if asked.headers.get("authorization") == f"Bearer {self.token}":
            return None
        return Reply({"message": "Bad credentials"}, 401)


class Basic(Open):
    def __init__(self, user, password):
        self.expected = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()

    def refusal(self, asked, server):
        if asked.headers.get("authorization") == self.expected:
            return None
        return Reply({"error": "Couldn't authenticate you"}, 401)


class KeyHeader(Open):
    def __init__(self, name, value):
        self.name, self.value = name.lower(), value

    def refusal(self, asked, server):
        good = asked.headers.get(self.name) == self.value
        return None if good else Reply({"message": "key"}, 401)


class KeyQuery(Open):
    def __init__(self, name, value):
        self.name, self.value = name, value

    def refusal(self, asked, server):
        good = asked.query.get(self.name) == [self.value]
        return None if good else Reply({"reason": "key"}, 401)


class OAuth2(Open):
    """Client credentials, sent as `form`, as `json`, or as a form with `basic` sign-in. Tokens end
    after `life` seconds; `life_told` is what expires_in says (None: nothing)."""

    def __init__(self, send="form", client_id="id", client_secret="secret", path="/token",
                 life=3600, life_told=-1, scope=None, fields=None, token_name="access_token"):
        self.send, self.path, self.life = send, path, life
        self.client_id, self.client_secret = client_id, client_secret
        self.life_told = life if life_told == -1 else life_told
        self.scope, self.fields, self.token_name = scope, fields or {}, token_name
        self.tokens = {}

    def revoke(self):
        self.tokens = {token: 0 for token in self.tokens}

    def paths(self):
        return {self.path: self.give}

    def refusal(self, asked, server):
        scheme, _, token = asked.headers.get("authorization", "").partition(" ")
        if scheme == "Bearer" and self.tokens.get(token, 0) > time.monotonic():
            return None
        return Reply({"message": "The token is missing, wrong or has ended"}, 401)

    def give(self, asked, server):
        body = asked.body if isinstance(asked.body, dict) else {}
        if self.send != "json":
            body = {name: values[0] for name, values in body.items()
                    if isinstance(values, list)}
        client = (body.get("client_id"), body.get("client_secret"))
        if self.send == "basic":
            expected = Basic(self.client_id, self.client_secret)
            good = expected.refusal(asked, server) is None and client == (None, None)
        else:
            good = client == (self.client_id, self.client_secret)
        if asked.method != "POST" or body.get("grant_type") != "client_credentials" or \
                body.get("scope") != self.scope or \
                any(body.get(name) != value for name, value in self.fields.items()):
            return Reply({"error": "invalid_request"}, 400)
        if not good:
            return Reply({"error": "invalid_client"}, 401)
        token = f"granted-{len(self.tokens) + 1}"
        self.tokens[token] = time.monotonic() + self.life
        answer = {"token_type": "Bearer"}
        put(answer, self.token_name, token)
        if self.life_told is not None:
            answer["expires_in"] = self.life_told
        return Reply(answer)


# --- small helpers ---

def put(answer, place, value):
    """put({}, "data/items", [1]) -> {"data": {"items": [1]}}; the place "" replaces the whole."""
    names = place.strip("/").split("/") if place.strip("/") else []
    if not names:
        return value
    inner = answer
    for name in names[:-1]:
        inner = inner.setdefault(name, {})
    inner[names[-1]] = value
    return answer


def with_query(url, **changes):
    """The URL with query entries replaced, or taken away where the value is None."""
    parts = urllib.parse.urlsplit(url)
    query = dict(urllib.parse.parse_qsl(parts.query, keep_blank_values=True))
    for name, value in changes.items():
        if value is None:
            query.pop(name, None)
        else:
            query[name] = str(value)
    return urllib.parse.urlunsplit(parts._replace(query=urllib.parse.urlencode(query)))
