"""What the tests of collectors share: a pipeline from the stand-in for Open-Meteo into a folder
(or whatever `destination` says), and what has been landed there."""

import gzip
import hashlib
import json
import re

PLACES = [("Helsinki", 60.17, 24.94), ("Turku", 60.45, 22.27), ("Oulu", 65.01, 25.47)]
NAME = re.compile(r"[0-9a-f]{16}-(\d{13})-(\d{10})-(\d+)-([0-9a-f]{32})\.ndjson\.gz")


class Collector:
    """`rest` are more lines of the configuration."""

    def __init__(self, firn, server, places=PLACES, customer="acme", pipeline="weather",
                 destination="{ folder: landing }", rest="", budget="5s"):
        self.firn, self.server, self.pipeline = firn, server, pipeline
        self.write(places, customer, destination, rest, budget)

    def write(self, places=PLACES, customer="acme", destination="{ folder: landing }", rest="",
              budget="5s", url=None):
        locations = "".join(
            f"      - {{ name: {json.dumps(name, ensure_ascii=False)}, latitude: {latitude}, longitude: {longitude} }}"
            "\n" for name, latitude, longitude in places)
        self.firn.write("firn.yaml", (
            f"version: 1\npipeline: {self.pipeline}\nsource:\n  connector: openmeteo\n"
            f"  base_url: {url or self.server.url}\n  retry_budget: {budget}\n  settings:\n"
            f"    customer_id: {json.dumps(customer, ensure_ascii=False)}\n    locations:\n{locations}"
            f"destination: {destination}\n{rest}"))

    def __call__(self, *args, **keywords):
        return self.firn(*args, **keywords)

    def landed(self, table, root="landing"):
        """Rows of all landed files of a table; each file is checked against its name."""
        rows = []
        for path in sorted(self.firn.path(root).glob(f"{table}/*/*/*/*/[!.]*")):
            found = NAME.fullmatch(path.name)
            assert found, path
            data = path.read_bytes()
            assert hashlib.sha256(data).hexdigest()[:32] == found[4], path
            lines = gzip.decompress(data).decode().splitlines()
            assert len(lines) == int(found[3]), path
            rows += [json.loads(line) for line in lines]
        return rows

    def readings(self):
        """(location, time of reading) -> how often it was landed."""
        found = {}
        for row in self.landed("current_weather"):
            key = row["LOCATION_NAME"], row["FETCHED_AT"]
            found[key] = found.get(key, 0) + 1
        return found

    def waiting(self):
        return sorted(self.firn.path(f"spool/{self.pipeline}/ready").glob("*/*/*"))

    def unfinished(self):
        return sorted(self.firn.path(f"spool/{self.pipeline}/tmp").glob("*"))

    def under_way(self):
        """When the collection began that the state says has not come to its end; None: none."""
        path = self.firn.path(f".firn/{self.pipeline}/state.json")
        begun = json.loads(path.read_text()).get("collecting") if path.exists() else None
        return begun if begun is not None and begun > 0 else None

    def status(self):
        done = self.firn("status", "--json")
        return json.loads(done.out), done.code

    def gaps(self):
        return [gap for stream in self.status()[0]["streams"] for gap in stream["gaps"]]

    def log(self):
        return "".join(p.read_text() for p in sorted(self.firn.path("logs").glob("*.log")))
