"""Starts build/firn-sim for a test and talks to its /sim/ side.

    with firn_sim.start("--interactions", "2000", "--until", "2026-03-31") as sim:
        sim.base                     # http://127.0.0.1:PORT/export/v1/records
        sim.fault("status", code=429, entity="users", times=1)
        sim.advance("1d")
        sim.log()                    # what was asked
        sim.truth("users")           # what a table must hold
"""

import http.client
import json
import os
import pathlib
import ssl
import subprocess
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("FIRN_SIM", str(ROOT / "build" / "firn-sim"))
TOKEN = "test-token"


class Answer:
    """Status, headers and body of one HTTP answer."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def text(self):
        return self.body.decode()


class Sim:
    def __init__(self, process, url, ca=None):
        self.process = process
        self.base = url
        self.ca = ca
        self.parts = urllib.parse.urlsplit(url)
        self.host = self.parts.netloc
        self.port = self.parts.port
        self.root = f"{self.parts.scheme}://{self.host}"

    def connection(self, timeout=20):
        if self.parts.scheme == "https":
            context = ssl.create_default_context(cafile=self.ca)
            return http.client.HTTPSConnection(
                self.parts.hostname, self.port, timeout=timeout, context=context)
        return http.client.HTTPConnection(self.parts.hostname, self.port, timeout=timeout)

    def request(self, method, target, body=None, headers=None, timeout=20):
        """`target` is a path with its query, or a whole URL of this server."""
        if target.startswith(self.root):
            target = target[len(self.root):]
        connection = self.connection(timeout)
        try:
            connection.request(method, target, body=body, headers=headers or {})
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def get(self, target, token=TOKEN, headers=None, timeout=20):
        headers = dict(headers or {})
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        if not target.startswith(("/", "http")):
            target = f"{self.parts.path}/{target}"
        return self.request("GET", target, headers=headers, timeout=timeout)

    @staticmethod
    def query(**options):
        """query(filter="...", top=3) -> "?%24filter=...&%24top=3" """
        pairs = [("$" + name, str(value)) for name, value in options.items()]
        return "?" + urllib.parse.urlencode(pairs, quote_via=urllib.parse.quote)

    def pages(self, entity, **options):
        """All answers, following the links."""
        target = entity + (self.query(**options) if options else "")
        while target is not None:
            answer = self.get(target)
            assert answer.status == 200, (target, answer.status, answer.body[:300])
            page = answer.json
            yield page
            target = page.get("@odata.nextLink")

    def records(self, entity, **options):
        return [record for page in self.pages(entity, **options)
                for record in page.get("value", [])]

    def count(self, entity, filter=None):
        answer = self.get(f"{entity}/$count" + (self.query(filter=filter) if filter else ""))
        assert answer.status == 200, answer.body
        return int(answer.text)

    # --- the simulator itself ---
    def _sim(self, method, path, body=None):
        answer = self.request(method, "/sim/" + path,
                              body=None if body is None else json.dumps(body))
        assert answer.status == 200, (path, answer.body)
        return answer

    def fault(self, kind, **parameters):
        self._sim("POST", "faults", {"kind": kind, **parameters})

    def faults(self):
        return self._sim("GET", "faults").json

    def heal(self):
        self._sim("DELETE", "faults")

    def log(self, **only):
        """The requests seen; log(entity="users", status=200) picks."""
        return [entry for entry in self._sim("GET", "log").json
                if all(entry[name] == value for name, value in only.items())]

    def forget(self):
        self._sim("DELETE", "log")

    def stats(self):
        return self._sim("GET", "stats").json

    def clock(self):
        return self._sim("GET", "clock").json["now"]

    def set_clock(self, **wanted):
        return self._sim("POST", "clock", wanted).json["now"]

    def advance(self, duration):
        return self.set_clock(advance=duration)

    def revoke_tokens(self, life=None):
        self._sim("DELETE", "tokens" + (f"?life={life}" if life else ""))

    def days(self, entity=None):
        return [day for day in self._sim("GET", "days").json
                if entity is None or day["entity"] == entity]

    def truth(self, entity, filter=None, gone=False):
        """The records that a correct loader has in its table."""
        options = {}
        if filter:
            options["$filter"] = filter
        if gone:
            options["gone"] = "true"
        query = "?" + urllib.parse.urlencode(options, quote_via=urllib.parse.quote)
        lines = self._sim("GET", f"truth/{entity}{query if options else ''}").body
        return [json.loads(line) for line in lines.splitlines()]

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        code = self.stop()
        self.process.stdout.close()
        assert code == 0, f"firn-sim ended with {code}"


def start(*options, port=0):
    """A running simulator; its base URL is printed when it is ready."""
    process = subprocess.Popen([PROGRAM, "--port", str(port), *map(str, options)],
                               stdout=subprocess.PIPE, text=True)
    line = process.stdout.readline().split()
    if not line:
        process.stdout.close()
        raise RuntimeError(f"firn-sim did not start; exit code {process.wait(timeout=10)}")
    return Sim(process, *line)


def run(*options, **keywords):
    """Runs it to its end."""
    return subprocess.run([PROGRAM, *map(str, options)], capture_output=True, text=True,
                          timeout=60, **keywords)


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.02)
