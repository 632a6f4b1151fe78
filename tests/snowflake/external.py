"""External stages over local folders: CREATE STAGE with a URL, DESCRIBE STAGE, LIST, and the COPY
that puts whole lines into a table, with the options that firn writes and no others. The setting
`buckets` says which folder a bucket is."""

import gzip
import hashlib
import os
import re
import zlib

import pyarrow
from sqlglot import exp

from answers import Result, SnowflakeError, column, listing

_NAME = r'(?:"(?:[^"]|"")+"|[\w$]+)(?:\.(?:"(?:[^"]|"")+"|[\w$]+))*'
_TEXT = r"'((?:[^'\\]|''|\\.)*)'"
_COPY = re.compile(
    rf"COPY INTO (?P<table>{_NAME}) \((?P<columns>[^)]*)\) FROM \(SELECT \$1, METADATA\$FILENAME,"
    rf" METADATA\$FILE_ROW_NUMBER FROM @(?P<stage>{_NAME})/\) FILES = \((?P<files>.*)\)"
    r" FILE_FORMAT = \((?P<format>.*)\) ON_ERROR = SKIP_FILE", re.S)
# As CSV without a separator keeps a line as it is; each default that would not is in it.
_FORMAT = {"TYPE": "CSV", "COMPRESSION": "AUTO", "FIELD_DELIMITER": "NONE",
           "RECORD_DELIMITER": r"'\n'", "SKIP_BLANK_LINES": "TRUE",
           "ESCAPE_UNENCLOSED_FIELD": "NONE", "FIELD_OPTIONALLY_ENCLOSED_BY": "NONE",
           "NULL_IF": "()", "REPLACE_INVALID_CHARACTERS": "TRUE"}
_FILES_MAX = 1000
_COLUMNS = [("file", "text"), ("status", "text"), ("rows_parsed", "fixed"),
            ("rows_loaded", "fixed"), ("error_limit", "fixed"), ("errors_seen", "fixed"),
            ("first_error", "text"), ("first_error_line", "fixed"),
            ("first_error_character", "fixed"), ("first_error_column_name", "text")]


def _whole(session, name):
    parts = [part[1:-1].replace('""', '"') if part.startswith('"') else part.upper()
             for part in re.findall(r'"(?:[^"]|"")+"|[\w$]+', name)]
    return tuple([session.connection.database, session.connection.schema][:3 - len(parts)] + parts)


def _url(session, name):
    url = session.server.external.get(_whole(session, name))
    if url is None:
        raise SnowflakeError("002003", "02000", f"SQL compilation error:\nStage '{name}' does not"
                             " exist or not authorized.")
    return url


def _place(session, url):
    """Folder of the bucket, and the key that the URL begins with."""
    bucket, _, key = url.split("://", 1)[1].partition("/")
    if bucket not in session.server.buckets:
        raise SnowflakeError("091003", "55000", f"Failure using stage area. Cause: [{bucket}: Not"
                             " Found]")
    return session.server.buckets[bucket], key


def create(session, job):
    """None: it is no external one."""
    found = re.fullmatch(rf"CREATE\s+(?:OR\s+REPLACE\s+)?STAGE\s+(?:IF\s+NOT\s+EXISTS\s+)?({_NAME})"
                         rf"\s+URL\s*=\s*{_TEXT}.*", job.text.strip(), re.I | re.S)
    if not found:
        return None
    session.server.external[_whole(session, found[1])] = found[2]
    return listing(["status"], [{"status": "Stage area successfully created."}])


def describe(session, found):
    return listing(["parent_property", "property", "property_type", "property_value",
                    "property_default"],
                   [{"parent_property": "STAGE_LOCATION", "property": "URL",
                     "property_type": "String", "property_default": "[]",
                     "property_value": f'["{_url(session, found[1])}"]'}])


def list_files(session, found):
    url = _url(session, found[1])
    folder, prefix = _place(session, url)
    prefix += found[2] or ""
    told = []
    for place, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(place, name)
            key = os.path.relpath(path, folder)
            if key.startswith(prefix):
                with open(path, "rb") as file:
                    data = file.read()
                told.append({"name": f"{url.split('://')[0]}://{os.path.basename(folder)}/{key}",
                             "size": len(data), "md5": hashlib.md5(data).hexdigest(),
                             "last_modified": "Mon, 23 Nov 2026 08:00:00 GMT"})
    told.sort(key=lambda one: one["md5"])  # in no order that means anything
    return listing(["name", "size", "md5", "last_modified"], told)


def _lines(data):
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    text = data.decode("utf-8", "replace")
    lines = [line[:-1] if line.endswith("\r") else line for line in text.split("\n")]
    return [(line, number) for number, line in enumerate(lines, 1) if line]


def _read(session, folder, prefix, path):
    """Key, lines, and why there are none."""
    key = prefix + path
    try:
        with open(os.path.join(folder, key), "rb") as file:
            return key, _lines(file.read()), None
    except FileNotFoundError:
        return key, [], f"Remote file '{key}' was not found."
    except (OSError, EOFError, zlib.error) as error:
        return key, [], f"Error while decompressing: {error}"


def copy(session, job):
    """None: it is another COPY."""
    found = _COPY.fullmatch(job.text.strip())
    if not found:
        return None
    options = dict(re.findall(r"(\w+) = ('[^']*'|\([^)]*\)|\w+)", found["format"]))
    files = [re.sub(r"\\(.)|''", lambda one: one[1] or "'", text)
             for text in re.findall(_TEXT, found["files"])]
    if options != _FORMAT or not 0 < len(files) <= _FILES_MAX:
        raise SnowflakeError("000002", "0A000", f"COPY with {options} of {len(files)} files",
                             gap=True)
    url = _url(session, found["stage"])
    folder, prefix = _place(session, url)
    rows, told = [], []
    for path in files:
        key, lines, why = _read(session, folder, prefix, path)
        rows += [(line, key, number) for line, number in lines]
        told.append([f"{url}{path}", "LOADED" if why is None else "LOAD_FAILED", str(len(lines)),
                     str(len(lines)), "1", "0" if why is None else "1", why,
                     None if why is None else "1", None, None])
    _insert(session, found, rows)
    return Result([column(*one) for one in _COLUMNS], rows=told)


def _insert(session, found, rows):
    names = [exp.to_identifier(name, quoted=True).sql(dialect="duckdb")
             for name in re.findall(r'"([^"]+)"', found["columns"])]
    table = ".".join('"' + part.replace('"', '""') + '"'
                     for part in _whole(session, found["table"]))
    cells = pyarrow.table({"a": pyarrow.array([row[0] for row in rows], pyarrow.string()),
                           "b": pyarrow.array([row[1] for row in rows], pyarrow.string()),
                           "c": pyarrow.array([row[2] for row in rows], pyarrow.int64())})
    session.duck.register("_fs_copied", cells)
    session.duck.execute(f"INSERT INTO {table} ({', '.join(names)}) SELECT a, b, c FROM _fs_copied")
    session.duck.unregister("_fs_copied")
