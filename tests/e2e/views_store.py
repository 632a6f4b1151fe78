"""A DuckDB in memory with the tables that have views, and the built-in views as the C code translates them.

Every view is asked twice: by its DuckDB text, and by its Snowflake text after sqlglot has read that
as Snowflake's dialect and written it as DuckDB's. Both must give the same rows.
FIRN_BUILD names another build folder than build/."""

import json
import os
import pathlib
import re
import subprocess

import duckdb
import sqlglot
from sqlglot import exp

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("FIRN_BUILD", ROOT / "build"))
VIEW_SQL = BUILD / "tests" / "view_sql"

STAMPS = {"CREATED_AT": "TIMESTAMP", "LAST_UPDATED_AT": "TIMESTAMP"}
ALWAYS = {"EXTRA": "JSON", "LOAD_TIMESTAMP": "TIMESTAMP"}
TABLES = {
    "MOVEWORKS_CONVERSATIONS": {
        "ID": "VARCHAR", "USER_ID": "VARCHAR", "ROUTE": "VARCHAR", "PRIMARY_DOMAIN": "VARCHAR",
        "TYPE": "VARCHAR", "DETAILS": "JSON", **STAMPS, **ALWAYS},
    "MOVEWORKS_INTERACTIONS": {
        "ID": "VARCHAR", "CONVERSATION_ID": "VARCHAR", "USER_ID": "VARCHAR", "ACTOR": "VARCHAR",
        "TYPE": "VARCHAR", "PLATFORM": "VARCHAR", "LABEL": "VARCHAR",
        "PARENT_INTERACTION_ID": "VARCHAR", "DETAILS": "JSON", **STAMPS, **ALWAYS},
    "MOVEWORKS_PLUGIN_CALLS": {
        "ID": "VARCHAR", "CONVERSATION_ID": "VARCHAR", "INTERACTION_ID": "VARCHAR",
        "USER_ID": "VARCHAR", "PLUGIN_NAME": "VARCHAR", "PLUGIN_STATUS": "VARCHAR",
        "SERVED": "BOOLEAN", "USED": "BOOLEAN", "PLUGIN_UPDATE_TIME": "TIMESTAMP", **STAMPS,
        **ALWAYS},
    "MOVEWORKS_PLUGIN_RESOURCES": {
        "ID": "VARCHAR", "CONVERSATION_ID": "VARCHAR", "INTERACTION_ID": "VARCHAR",
        "PLUGIN_CALL_ID": "VARCHAR", "USER_ID": "VARCHAR", "TYPE": "VARCHAR",
        "RESOURCE_ID": "VARCHAR", "CITED": "BOOLEAN", "DETAILS": "JSON", **STAMPS, **ALWAYS},
    "MOVEWORKS_USERS": {
        "ID": "VARCHAR", "FIRST_NAME": "VARCHAR", "LAST_NAME": "VARCHAR", "EMAIL_ADDR": "VARCHAR",
        "USER_PREFERRED_LANGUAGE": "VARCHAR", "HAS_ACCESS_TO_BOT": "BOOLEAN",
        "EXTERNAL_IDS": "JSON", "FIRST_INTERACTION_AT": "TIMESTAMP",
        "LAST_INTERACTION_AT": "TIMESTAMP", "LAST_UPDATED_AT": "TIMESTAMP", **ALWAYS},
}
WEATHER = {
    "CURRENT_WEATHER": {
        "CUSTOMER_ID": "VARCHAR", "LOCATION_ID": "VARCHAR", "OBSERVED_AT": "TIMESTAMP",
        "FETCHED_AT": "TIMESTAMP", "LOCATION_NAME": "VARCHAR", "LATITUDE": "DOUBLE",
        "LONGITUDE": "DOUBLE", "ELEVATION": "DOUBLE", "TEMPERATURE": "DOUBLE",
        "WINDSPEED": "DOUBLE", "WINDDIRECTION": "DOUBLE", "WEATHERCODE": "BIGINT",
        "IS_DAY": "BIGINT", "UTC_OFFSET_SECONDS": "BIGINT", "TIMEZONE": "VARCHAR",
        "GENERATIONTIME_MS": "DOUBLE", **ALWAYS},
}
ALL = {**TABLES, **WEATHER}


def default_lists():
    """views/moveworks/settings.yaml, whose lists are written on one line each."""
    text = (ROOT / "views" / "moveworks" / "settings.yaml").read_text(encoding="utf-8")
    return {name: values.split(", ") for name, values in
            re.findall(r"^(\w+): \[(.*)\]$", text, re.MULTILINE)}


def translate(dialect, timezone="UTC", prefix="", lists=None, append=(), report=False):
    """{view: (comment, tables, SQL)}"""
    assert VIEW_SQL.exists(), "first: make build/tests/view_sql"
    args = [str(VIEW_SQL), "--timezone", timezone, "--prefix", prefix]
    args += ["--snowflake"] if dialect == "snowflake" else []
    args += ["--report"] if report else []
    for name, values in {**default_lists(), **(lists or {})}.items():
        args += ["--empty", name]
        for value in values:
            args += ["--list", f"{name}={value}"]
    for table in append:
        args += ["--append", prefix + table]
    done = subprocess.run(args, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    fields = done.stdout.decode().split("\0")[:-1]
    return {fields[i]: (fields[i + 1], fields[i + 2].split(), fields[i + 3])
            for i in range(0, len(fields), 4)}


def cast_of_json(node):
    """In Snowflake the cast of a member to VARCHAR takes its quotes off and makes JSON's null NULL;
    sqlglot writes a cast that does neither."""
    if isinstance(node, exp.Cast) and isinstance(node.this, exp.JSONExtract):
        assert node.to.this == exp.DataType.Type.VARCHAR
        return exp.JSONExtractScalar(this=node.this.this, expression=node.this.expression)
    return node


def as_duckdb(snowflake):
    tree = sqlglot.parse_one(snowflake, read="snowflake")
    return tree.transform(cast_of_json).sql(dialect="duckdb")


def key(row):
    return [(cell is None, str(cell)) for cell in row]


class Store:
    def __init__(self, prefix=""):
        self.db = duckdb.connect()
        self.prefix = prefix
        for table, columns in ALL.items():
            columns = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            self.db.execute(f'CREATE TABLE "{prefix}{table}" ({columns})')

    def add(self, table, **cells):
        cells = {name: json.dumps(value) if ALL[table][name] == "JSON" and value is not None
                 else value for name, value in cells.items()}
        names = ", ".join(f'"{name}"' for name in cells)
        self.db.execute(f'INSERT INTO "{self.prefix}{table}" ({names}) VALUES '
                        f'({", ".join("?" * len(cells))})', list(cells.values()))

    def weather(self, at, **more):
        self.add("CURRENT_WEATHER", OBSERVED_AT=at,
                 **{"CUSTOMER_ID": "acme", "LOCATION_ID": "hel", **more})

    def conversation(self, id, at="2025-08-01 12:00:00", **more):
        self.add("MOVEWORKS_CONVERSATIONS", ID=id, CREATED_AT=at, **more)

    def interaction(self, id, conversation="c1", at="2025-08-01 12:00:00", **more):
        self.add("MOVEWORKS_INTERACTIONS", ID=id, CONVERSATION_ID=conversation, CREATED_AT=at,
                 **{"USER_ID": "u1", "PLATFORM": "slack", "ACTOR": "user", **more})

    def feedback(self, id, conversation, rating, **more):
        self.interaction(id, conversation, LABEL="feedback", DETAILS={"detail": rating}, **more)

    def call(self, id, conversation="c1", at="2025-08-01 12:00:00", **more):
        self.add("MOVEWORKS_PLUGIN_CALLS", ID=id, CONVERSATION_ID=conversation, CREATED_AT=at,
                 **{"PLUGIN_NAME": "Forms", "SERVED": True, "USED": True, **more})

    def resource(self, id, conversation="c1", at="2025-08-01 12:00:00", **more):
        self.add("MOVEWORKS_PLUGIN_RESOURCES", ID=id, CONVERSATION_ID=conversation, CREATED_AT=at,
                 **{"TYPE": "RESOURCE_TYPE_KNOWLEDGE", "RESOURCE_ID": "a1", "CITED": True,
                    "INTERACTION_ID": "i1", **more})

    def user(self, id, access=True, first=None, **more):
        self.add("MOVEWORKS_USERS", ID=id, HAS_ACCESS_TO_BOT=access, FIRST_INTERACTION_AT=first,
                 **more)

    def create(self, view, **options):
        sql = translate("duckdb", prefix=self.prefix, **options)[view][2]
        self.db.execute(f'CREATE OR REPLACE VIEW "{self.prefix}{view}" AS {sql}')

    def select(self, sql):
        cursor = self.db.execute(sql)
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row)) for row in sorted(cursor.fetchall(), key=key)]

    def rows(self, view, *columns, **options):
        """The view's rows as tuples of these columns (none named: of all), dates as text."""
        self.create(view, **options)
        rows = self.select(f'SELECT * FROM "{self.prefix}{view}"')
        snowflake = translate("snowflake", prefix=self.prefix, **options)[view][2]
        assert self.select(as_duckdb(snowflake)) == rows, "Snowflake's text gives other rows"
        return sorted((tuple(str(row[name]) if name.endswith("_DATE") else row[name]
                             for name in columns or row) for row in rows), key=key)
