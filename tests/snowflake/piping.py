"""What the tests of firn over the emulator share: a pipeline from the simulated API into a schema
of its own, read back with Snowflake's own connector, and compared with what the simulator says
must be in it.

    pipe = Snow(firn, sim, snow)
    assert pipe.load("2026-03-01", "2026-03-31").code == 0
    pipe.check_truth()
    pipe.statements()       # of this pipe alone
"""

import importlib.util
import itertools
import json
import re
import sys

import emulator
import snowflake.connector

E2E = emulator.ROOT / "tests" / "e2e"
sys.path.append(str(E2E))

import firn_sim  # noqa: E402
from loading import JSON_COLUMNS, TABLES, Pipe  # noqa: E402

_spec = importlib.util.spec_from_file_location("e2e_conftest", E2E / "conftest.py")
e2e = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(e2e)

MARCH = ("--until", "2026-03-31", "--frozen")
START, END = "2026-03-01", "2026-03-31"
_numbers = itertools.count(1)


class Snow(Pipe):
    """`snow`: the emulator. `keys` are those of destination.snowflake, `beside` lines beside it in
    `destination`, `schema` one that is there already; all else is loading.Pipe's."""

    def __init__(self, firn, sim, snow, keys=None, beside="", schema=None, **rest):
        self.snow, self.keys, self.beside = snow, keys or {}, beside
        self.schema = schema or f"T{next(_numbers)}"
        if schema is None:
            snow.settings(schemas=[self.schema])
        self.since = snow.mark()
        super().__init__(firn, sim, **rest)

    def write(self, *args, **keywords):
        super().write(*args, **keywords)
        text = self.firn.path("firn.yaml").read_text()
        block = self.snow.destination(**{"schema": self.schema, **self.keys})
        text, n = re.subn(r"destination: \{ duckdb: .* \}\n", lambda _: block + self.beside, text)
        assert n == 1
        self.firn.write("firn.yaml", text)

    # --- read back ---
    def read(self, sql, schema=None):
        """All rows, as dictionaries."""
        with snowflake.connector.connect(
                account="MYORG-MYACCOUNT", user=emulator.READER, password="reader",
                host="127.0.0.1", port=self.snow.port, protocol="http",
                database=self.snow.database, schema=schema or self.schema, login_timeout=20,
                network_timeout=20, session_parameters={"TIMEZONE": "UTC"}) as connection:
            return connection.cursor(snowflake.connector.DictCursor).execute(sql).fetchall()

    def sql(self, text):
        return [tuple(row.values()) for row in self.read(text)]

    def rows(self, table):
        found = {}
        for row in self.read(f'SELECT * FROM "{table}"'):
            row.pop("LOAD_TIMESTAMP")
            for column in JSON_COLUMNS | {"EXTRA"}:
                if row.get(column) is not None:
                    row[column] = json.loads(row[column])
            assert row["ID"] not in found, f"{table}: {row['ID']} is there twice"
            found[row["ID"]] = row
        return found

    def copy_of(self, *entities):
        return {entity: self.rows(TABLES[entity]) for entity in entities}

    def stamps(self, table):
        """When each row was last written."""
        return dict(self.sql(f'SELECT "ID", "LOAD_TIMESTAMP" FROM "{table}"'))

    def columns(self, table):
        return {row["column_name"]: json.loads(row["data_type"])["type"]
                for row in self.read(f'SHOW COLUMNS IN TABLE "{table}"')}

    # --- what was said ---
    def statements(self, **only):
        return self.snow.statements(self.since, **only)

    def transactions(self):
        return self.snow.transactions(self.since)

    def forget(self):
        self.since = self.snow.mark()
        self.sim.forget()

    def one_line(self, done, code=1):
        """How it failed: with this code, one error, and no word of a bug."""
        assert done.code == code, done
        errors = [line for line in done.err.splitlines() if line.startswith("firn: error")]
        assert len(errors) <= 1 or code == 1, done
        return done.err


def counts(done, word):
    """The numbers in front of `word` in firn's table of streams."""
    return [int(n.replace(",", "")) for n in re.findall(rf"([\d,]+) {word}\b", done.out)]


__all__ = ["END", "MARCH", "START", "Pipe", "Snow", "TABLES", "counts", "e2e", "firn_sim"]
