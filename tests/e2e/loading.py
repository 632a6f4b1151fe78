"""What the tests of loads share: a pipeline from the simulated API into a DuckDB file, and the
comparison of its tables with what the simulator says must be in them.

    pipe = Pipe(firn, sim)
    assert pipe("run").code == 0
    pipe.check_truth()
"""

import datetime
import json
import re

import duckdb

import firn_sim

# API field -> column, where they are not the same but for case (product: Tables).
NAMES = {"detail": "DETAILS", "created_time": "CREATED_AT", "last_updated_time": "LAST_UPDATED_AT",
         "access_to_bot": "HAS_ACCESS_TO_BOT", "first_interaction_time": "FIRST_INTERACTION_AT",
         "latest_interaction_time": "LAST_INTERACTION_AT",
         "plugin_update_time": "PLUGIN_UPDATE_TIME"}
TABLES = {"conversations": "MOVEWORKS_CONVERSATIONS", "interactions": "MOVEWORKS_INTERACTIONS",
          "plugin-calls": "MOVEWORKS_PLUGIN_CALLS",
          "plugin-resources": "MOVEWORKS_PLUGIN_RESOURCES", "users": "MOVEWORKS_USERS"}
JSON_COLUMNS = {"DETAILS", "EXTERNAL_IDS"}
UTC = datetime.timezone.utc


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(UTC).replace(
        tzinfo=None)


def expected_row(record):
    """The record as its table must hold it."""
    row = {}
    for field, value in record.items():
        column = NAMES.get(field, field.upper())
        if value is not None and (column.endswith("_AT") or column.endswith("_TIME")):
            value = moment(value)
        row[column] = value
    return row


class Pipe:
    """`source` and `rest` are more lines of the configuration; `streams` a list of names."""

    def __init__(self, firn, sim, source="", rest="", streams=None, auth=None, parallel=4,
                 budget="1m", pause="0s", wait="1s", base=None, duckdb_file="moveworks.duckdb"):
        self.firn, self.sim = firn, sim
        self.file = firn.path(duckdb_file)
        self.write(source, rest, streams, auth, parallel, budget, pause, wait, base)

    def write(self, source="", rest="", streams=None, auth=None, parallel=4, budget="1m",
              pause="0s", wait="1s", base=None):
        """The built-in connector, but for its waits: a test has no minute to spare."""
        text = (firn_sim.ROOT / "connectors" / "moveworks.yaml").read_text()
        text = re.sub(r"pause: 2s", f"pause: {pause}", text)
        text = re.sub(r"for: [69]0s", f"for: {wait}", text)
        self.firn.write("moveworks.yaml", text)
        self.firn.write("firn.yaml", (
            "version: 1\npipeline: moveworks\nsource:\n  connector: ./moveworks.yaml\n"
            f"  base_url: {base or self.sim.base}\n"
            f"  auth: {auth or '{ bearer: ${FIRN_TEST_TOKEN} }'}\n"
            f"  parallel: {parallel}\n  retry_budget: {budget}\n"
            + (f"  streams: [{', '.join(streams)}]\n" if streams else "")
            + f"{source}destination: {{ duckdb: {self.file.name} }}\n{rest}"))

    def __call__(self, *args, **keywords):
        return self.firn(*args, **keywords)

    def load(self, start, end, *args, **keywords):
        return self.firn("initial-load", "--from", start, "--to", end, *args, **keywords)

    # --- the warehouse, by DuckDB's own package ---
    def sql(self, text):
        with duckdb.connect(str(self.file), read_only=True) as connection:
            return connection.execute(text).fetchall()

    def one(self, text):
        rows = self.sql(text)
        assert len(rows) == 1 and len(rows[0]) == 1, rows
        return rows[0][0]

    def rows(self, table):
        """All rows by ID; EXTRA and JSON parsed, LOAD_TIMESTAMP left out."""
        with duckdb.connect(str(self.file), read_only=True) as connection:
            result = connection.execute(f'SELECT * FROM "{table}"')
            names = [column[0] for column in result.description]
            rows = [dict(zip(names, row)) for row in result.fetchall()]
        found = {}
        for row in rows:
            row.pop("LOAD_TIMESTAMP")
            for column in JSON_COLUMNS | {"EXTRA"}:
                if row.get(column) is not None:
                    row[column] = json.loads(row[column])
            assert row["ID"] not in found, f"{table}: {row['ID']} is there twice"
            found[row["ID"]] = row
        return found

    def check_truth(self, entities=TABLES, filter=None):
        for entity in entities:
            expected = {record["id"]: expected_row(record)
                        for record in self.sim.truth(entity, filter=filter)}
            found = self.rows(TABLES[entity])
            assert found.keys() == expected.keys(), (
                f"{entity}: {len(found)} of {len(expected)}; "
                f"missing {sorted(expected.keys() - found.keys())[:5]}, "
                f"too many {sorted(found.keys() - expected.keys())[:5]}")
            for key, row in expected.items():
                have = {name: value for name, value in found[key].items() if value is not None}
                want = {name: value for name, value in row.items() if value is not None}
                assert have == want, f"{entity} {key}"

    def copy(self):
        """All tables of the API as they are, to be compared later."""
        return {table: self.rows(table) for table in TABLES.values()}

    def windows(self, stream):
        return self.sql("SELECT WINDOW_FROM, WINDOW_UNTIL, ROWS_LOADED, ROWS_COUNTED "
                        f"FROM FIRN_WINDOWS WHERE STREAM = '{stream}' ORDER BY 1")

    def watermark(self, stream):
        return self.one(f"SELECT WATERMARK FROM FIRN_STATE WHERE STREAM = '{stream}'")

    # --- this machine ---
    def state(self):
        return json.loads((self.firn.path(".firn/moveworks/state.json")).read_text())

    def status(self):
        done = self.firn("status", "--json")
        return json.loads(done.out), done.code

    def log(self):
        return "".join(path.read_text() for path in sorted(self.firn.path("logs").glob("*.log")))

    def requests(self, entity=None, **only):
        entries = self.sim.log(**only)
        return [e for e in entries if entity is None or e.get("entity") == entity]
