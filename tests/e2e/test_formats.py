"""docs/FORMATS.md and the schemas that firn prints say the same as firn does."""

import json
import re
import shlex

import firn_sim
from test_load_files import WEATHER, Central, weather

MANUAL = (firn_sim.ROOT / "docs" / "FORMATS.md").read_text()
TYPES = {"string": "text", "integer": "integer", "number": "number", "boolean": "boolean",
         "object": "object"}


def schemas(firn, *more):
    done = firn("connectors", "schema", "--tables", *more)
    assert done.code == 0, done
    return json.loads(done.out)["$defs"]


def kind(column):
    if "type" not in column:
        return "json"
    name = column["type"] if isinstance(column["type"], str) else column["type"][0]
    return "time" if "pattern" in column else TYPES[name]


def fits(column, value):
    """The part of JSON Schema that these use."""
    kinds = {"string": str, "integer": int, "number": (int, float), "boolean": bool,
             "object": dict, "null": type(None)}
    names = column.get("type", list(kinds))
    names = [names] if isinstance(names, str) else names
    if not any(isinstance(value, kinds[name]) and (not isinstance(value, bool) or name == "boolean")
               for name in names):
        return False
    return "pattern" not in column or value is None or bool(re.match(column["pattern"], value))


def test_the_tables_of_the_manual_are_those_of_the_schemas(firn):
    shown = re.search(r"<!-- tables -->\n(.*)<!-- end of tables -->", MANUAL, re.DOTALL)[1]
    expected = "| table | member | type |\n| --- | --- | --- |\n"
    for table, schema in schemas(firn).items():
        for name, column in schema["properties"].items():
            key = " (key)" if name in schema["required"] else ""
            expected += f"| {table} | {name}{key} | {kind(column)} |\n"
    assert shown == expected


def test_a_schema_takes_the_row_of_the_manual_and_refuses_others(firn):
    schema = schemas(firn, "openmeteo")["CURRENT_WEATHER"]
    row = json.loads(re.search(r'\n(\{"CUSTOMER_ID".*\})\n', MANUAL)[1])
    assert list(row) and set(row) == set(schema["properties"])
    for name, column in schema["properties"].items():
        assert fits(column, row[name]), name
        assert fits(column, None) == (name not in schema["required"]), name
    for name, value in {"OBSERVED_AT": "2026-11-23T00:15:00Z", "TEMPERATURE": "cold",
                        "WEATHERCODE": 1.5, "EXTRA": []}.items():
        assert not fits(schema["properties"][name], value), name


def test_the_manuals_row_is_loaded(firn):
    central = Central(firn)
    central.land(None, name="m.ndjson", raw=re.search(r'\n(\{"CUSTOMER_ID".*\})\n', MANUAL)[1])
    assert central.load().code == 0
    assert central.sql("SELECT LOCATION_NAME FROM CURRENT_WEATHER") == [("Helsinki",)]
    assert set(WEATHER) == set(weather())


def test_a_connector_of_ones_own_has_schemas_too(firn):
    firn.write("mine.yaml", (
        "format: 1\nconnector: mine\nbase_url: https://mine.example\nauth: { none: {} }\n"
        "streams:\n  things: { path: /t, table: THINGS, key: [ID], keeps: forever, paging: none, "
        "columns: { ID: text, D: json } }\n"))
    things = schemas(firn, "./mine.yaml")["THINGS"]
    assert things["required"] == ["ID"] and things["properties"]["D"] == {"description": "/d of the "
                                                                          "API"}


def test_editors_can_read_how_each_file_is_compiled():
    entries = json.loads((firn_sim.ROOT / "compile_commands.json").read_text())
    assert {"src/cli/main.c", "sim/main.c"} <= {entry["file"] for entry in entries}
    version = (firn_sim.ROOT / "VERSION").read_text().strip()
    assert all(f'-DFIRN_VERSION="{version}"' in shlex.split(entry["command"])
               for entry in entries)
