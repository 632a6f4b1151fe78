"""firn completion: manual pages and the schema, out of the tables that also read and check."""

import json
import re
import shutil
import subprocess

import pytest

PAGES = {"manual": "firn.1", "config-manual": "firn.yaml.5"}


@pytest.mark.parametrize("checker", [["mandoc", "-T", "lint"],
                                     ["groff", "-mdoc", "-Tutf8", "-ww"]])
@pytest.mark.parametrize("page", PAGES)
def test_manual_pages_are_without_fault(firn, page, checker):
    if shutil.which(checker[0]) is None:
        pytest.skip(f"{checker[0]} is not installed")
    done = firn("completion", page)
    assert done.code == 0 and done.out.isascii(), done
    firn.write(PAGES[page], done.out)
    ended = subprocess.run([*checker, PAGES[page]], cwd=firn.folder, capture_output=True,
                           text=True)
    assert ended.returncode == 0 and ended.stderr == "", ended
    assert checker[0] != "mandoc" or ended.stdout == "", ended


def resolve(schema, node):
    while "$ref" in node:
        node = schema["$defs"][node["$ref"].rsplit("/", 1)[1]]
    return node


def schema_paths(schema, node, path=""):
    """As the manual writes them: source.streams.<name>.exclude"""
    node = resolve(schema, node)
    for other in node.get("anyOf", []):
        yield from schema_paths(schema, other, path)
    for name, below in node.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        yield here
        yield from schema_paths(schema, below, here)
    if isinstance(node.get("additionalProperties"), dict):
        yield from schema_paths(schema, node["additionalProperties"], path + ".<name>")
    if "items" in node:
        yield from schema_paths(schema, node["items"], path)


def fits(schema, node, value):
    """As much of JSON Schema as the schema uses."""
    node = resolve(schema, node)
    if "anyOf" in node:
        return any(fits(schema, other, value) for other in node["anyOf"])
    kinds = {"string": str, "integer": int, "number": (int, float), "boolean": bool,
             "object": dict, "array": list, "null": type(None)}
    types = node.get("type", [])
    types = [types] if isinstance(types, str) else types
    if types and not any(isinstance(value, kinds[t]) and
                         (t == "boolean" or not isinstance(value, bool)) for t in types):
        return False
    if "enum" in node and value not in node["enum"]:
        return False
    if isinstance(value, str) and not re.search(node.get("pattern", ""), value):
        return False
    if isinstance(value, (int, float)) and not (
            node.get("minimum", value) <= value <= node.get("maximum", value)):
        return False
    if isinstance(value, list):
        return all(fits(schema, node.get("items", {}), one) for one in value)
    if isinstance(value, dict):
        known, more = node.get("properties", {}), node.get("additionalProperties", True)
        return set(node.get("required", [])) <= set(value) and all(
            fits(schema, known[name], one) if name in known
            else more is not False and (more is True or fits(schema, more, one))
            for name, one in value.items())
    return True


@pytest.fixture
def schema(firn):
    return json.loads(firn("completion", "schema").out)


def test_manual_and_schema_name_the_same_keys(firn, schema):
    page = firn("completion", "config-manual").out
    manual = re.findall(r"^\.It Cm (\S+)$", page, re.M)
    assert len(manual) > 40 and len(manual) == len(set(manual))
    assert set(manual) == {path for path in schema_paths(schema, schema)}


CONFIGURATION = {
    "version": 1, "pipeline": "p",
    "source": {"connector": "moveworks", "auth": {"bearer": "${TOKEN}"}, "parallel": 4,
               "lookback": "1d", "streams": {"users": {"exclude": ["EMAIL_ADDR"]}}},
    "destination": {"duckdb": "p.duckdb", "write": "append"}, "log": {"keep_days": 7}}


def changed(path, value):
    config = json.loads(json.dumps(CONFIGURATION))
    at = config
    for name in path.split(".")[:-1]:
        at = at.setdefault(name, {})
    at[path.split(".")[-1]] = value
    return config


@pytest.mark.parametrize("path, value, good", [
    ("version", 1, True), ("version", 2, False), ("source.parallel", 65, False),
    ("source.parallel", "many", False),
    ("source.lookback", "1 day", False), ("source.lookback", "36h", True),
    ("source.base_url", "ftp://x", False), ("source.strems", ["users"], False),
    ("source.streams", ["users"], True), ("source.streams", {"users": None}, True),
    ("destination.write", "merge", False), ("destination.create_views", "yes", False),
    ("destination.create_views", False, True), ("log.keep_days", -1, False),
    ("views", {"timezone": "UTC", "ticket_plugins": ["a"]}, True)])
def test_the_schema_says_what_firn_says(firn, schema, path, value, good):
    config = changed(path, value)
    assert fits(schema, schema, config) == good
    firn.write("firn.yaml", json.dumps(config))
    done = firn("status", env={"TOKEN": "t0ken"})
    assert (done.code != 2) == good, done


def test_the_schema_takes_a_reference_for_every_scalar(firn, schema):
    assert fits(schema, schema, changed("source.parallel", "${PARALLEL}"))
    assert fits(schema, schema, changed("destination.create_views", "${VIEWS}"))


def test_what_is_not_known_is_a_mistake(firn):
    done = firn("completion", "ksh")
    assert done.code == 2 and "bash|zsh|fish|manual|config-manual|schema" in done.err, done
