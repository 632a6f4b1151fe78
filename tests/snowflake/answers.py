"""Answers in the form in which Snowflake gives them: rows of a SELECT as Arrow, those of all other
statements as JSON; and its errors, made out of what DuckDB and fakesnow complain about."""

import base64
import datetime
import re
import uuid

import duckdb
import fakesnow.arrow
import pyarrow
import pyarrow.compute as compute
import snowflake.connector.errors
from fakesnow.arrow import to_ipc, to_sf
from sqlglot.errors import ParseError

ROWS_SHOWN = 8
EPOCH = datetime.datetime(1970, 1, 1)


class SnowflakeError(Exception):
    """As Snowflake answers it: a code of six digits, an SQLSTATE, a message."""

    def __init__(self, code, sqlstate, message, gap=False):
        super().__init__(message)
        self.code, self.sqlstate, self.message = code, sqlstate, message
        self.gap = gap  # the emulator cannot do what was asked; Snowflake might

    def told(self):
        return {"code": self.code, "sqlstate": self.sqlstate, "message": self.message,
                "gap": self.gap}


def column(name, type="text", scale=0):
    sizes = {"text": {"length": 16777216, "byteLength": 16777216},
             "fixed": {"precision": 38, "scale": scale}}
    return {"name": name, "database": "", "schema": "", "table": "", "nullable": True,
            "type": type, "byteLength": None, "length": None, "precision": None, "scale": None,
            "collation": None, **sizes.get(type, {})}


class Result:
    def __init__(self, rowtype, rows=None, table=None, type_id=0, total=None):
        self.rowtype = rowtype
        self.rows = rows      # lists of cells as text or None; None where `table` has them
        self.table = table    # an Arrow table
        self.type_id = type_id
        self.put = None       # what a PUT answers
        self.query_id = str(uuid.uuid4())
        self.total = len(rows) if rows is not None else table.num_rows if total is None else total

    def shown(self):
        """The rows themselves where they are few, for the journal."""
        if self.total > ROWS_SHOWN:
            return None
        return self.rows if self.rows is not None else as_text(self.table, self.rowtype)

    def data(self):
        if self.rows is not None:
            return {"queryResultFormat": "json", "rowset": self.rows}
        # No rows are no batch at all.
        packed = b"" if self.table.num_rows == 0 else to_ipc(to_sf(in_utc(self.table),
                                                                   self.rowtype))
        return {"queryResultFormat": "arrow", "rowsetBase64": base64.b64encode(packed).decode()}


def status(text="Statement executed successfully.", type_id=0):
    return Result([column("status")], rows=[[text]], type_id=type_id)


def quoted(name):
    return '"' + name.replace('"', '""') + '"'


def listing(names, rows):
    """What SHOW and DESCRIBE answer: dictionaries, missing cells are empty."""
    cells = [[None if row.get(name, "") is None else str(row.get(name, "")) for name in names]
             for row in rows]
    return Result([column(name) for name in names], rows=cells)


def timestamps(column):
    """Seconds and nanoseconds, as Snowflake sends them. fakesnow's own makes 1970 out of NULL."""
    column = column.combine_chunks() if isinstance(column, pyarrow.ChunkedArray) else column
    us = column.cast(pyarrow.timestamp("us", column.type.tz)).cast(pyarrow.int64())
    seconds = compute.divide(us, 1_000_000)  # towards zero
    early = compute.less(us, compute.multiply(seconds, 1_000_000))
    seconds = compute.subtract(seconds, early.cast(pyarrow.int64()))
    left = compute.subtract(us, compute.multiply(seconds, 1_000_000))
    parts = [("epoch", seconds), ("fraction", compute.multiply(left, 1000).cast(pyarrow.int32()))]
    if column.type.tz:
        parts.append(("timezone", pyarrow.array([1440] * len(column), pyarrow.int32())))
    return pyarrow.StructArray.from_arrays(
        [compute.fill_null(values, 0) for _, values in parts],
        fields=[pyarrow.field(name, values.type, nullable=False) for name, values in parts],
        mask=column.is_null())


fakesnow.arrow.timestamp_to_sf_struct = timestamps


def in_utc(table):
    """fakesnow knows one time zone only."""
    for at, field in enumerate(table.schema):
        if pyarrow.types.is_timestamp(field.type) and field.type.tz not in (None, "UTC"):
            kind = pyarrow.timestamp("us", "UTC")
            table = table.set_column(at, field.with_type(kind), table.column(at).cast(kind))
    return table


def as_text(table, rowtype):
    """Arrow rows as the cells of a JSON answer."""
    return [[cell(value, kind["type"]) for value, kind in zip(row, rowtype, strict=True)]
            for row in zip(*[in_utc(table).column(i).to_pylist()
                             for i in range(table.num_columns)], strict=True)]


def cell(value, kind):
    if value is None:
        return None
    if kind == "boolean":
        return "true" if value else "false"
    if kind.startswith("timestamp"):
        us = (value.replace(tzinfo=None) - EPOCH) // datetime.timedelta(microseconds=1)
        text = f"{us // 1_000_000}.{us % 1_000_000:06d}000"
        return text + " 1440" if kind == "timestamp_tz" else text
    return str(value)


# --- errors ---
def _object(found):
    return ("002003", "42S02", "SQL compilation error:\nObject '{}' does not exist or not"
            " authorized.".format(found[1]))


def _column(found):
    return ("000904", "42000", "SQL compilation error: error line 1 at position 0\ninvalid"
            " identifier '{}'".format(found[1]))


_TRANSLATIONS = [
    (r"Column with name \"?([^\"\s]+)\"? already exists",
     lambda f: ("001430", "42601", f"SQL compilation error:\ncolumn '{f[1]}' already exists")),
    (r"(?:Table|View|Macro|Type|Index) with name \"?([^\"\s]+)\"? already exists",
     lambda f: ("002002", "42710", f"SQL compilation error:\nObject '{f[1]}' already exists.")),
    (r"(?:Table|View) with name \"?([^\"\s]+)\"? does not exist", _object),
    (r"Schema with name \"?([^\"\s]+)\"? does not exist|schema \"([^\"]+)\" not found",
     lambda f: ("002003", "02000", f"SQL compilation error:\nSchema '{f[1] or f[2]}' does not"
                " exist or not authorized.")),
    (r"Function with name \"?([^\"\s]+)\"? does not exist",
     lambda f: ("002140", "42601", f"SQL compilation error:\nUnknown function {f[1].upper()}")),
    (r"Referenced column \"([^\"]+)\" not found", _column),
    (r"does not have a column (?:named|with name) \"([^\"]+)\"", _column),
    (r"Referenced table \"([^\"]+)\" not found", _column),
    (r"[Cc]ould not convert string ['\"](.*?)['\"] to (?:U?INT\d+|DECIMAL|DOUBLE|FLOAT)",
     lambda f: ("100038", "22018", f"Numeric value '{f[1]}' is not recognized")),
    (r"[Cc]ould not convert string ['\"](.*?)['\"] to BOOL",
     lambda f: ("100037", "22018", f"Boolean value '{f[1]}' is not recognized")),
    (r"(?:timestamp|date)(?: field)? (?:format|value)[^\"]*\"(.*?)\"",
     lambda f: ("100035", "22007", f"Timestamp '{f[1]}' is not recognized")),
    (r"Malformed JSON[^.]*",
     lambda f: ("100069", "22P02", f"Error parsing JSON: {f[0]}")),
    (r"NOT NULL constraint failed: (\S+)",
     lambda f: ("100072", "22000", "NULL result in a non-nullable column")),
    (r"cannot affect the same target row more than once",
     lambda f: ("100090", "42P18", "Duplicate row detected during DML action\nRow Values: []")),
    (r"too small to be a Parquet file",
     lambda f: ("100194", "22000", "Error parsing the parquet file: Invalid: Parquet file size is"
                " 0 bytes")),
    (r"INTERRUPT", lambda f: ("000604", "57014", "SQL execution canceled")),
]


def translated(error):
    """The SnowflakeError for whatever was raised."""
    if isinstance(error, SnowflakeError):
        return error
    text = re.sub("\x1b\\[[0-9;]*m", "", str(error))
    for pattern, make in _TRANSLATIONS:
        found = re.search(pattern, text)
        if found:
            return SnowflakeError(*make(found))
    if isinstance(error, snowflake.connector.errors.Error) and error.errno and error.errno > 0:
        message = re.sub("\x1b\\[[0-9;]*m", "", error.raw_msg or error.msg)
        if error.errno == 1003:
            message = "SQL compilation error:\n" + message.replace("SQL compilation error:\n", "")
        gap = error.errno == 9999 or bool(re.search(r"(Parser|Catalog|Binder) Error", message))
        return SnowflakeError(f"{error.errno:06d}", error.sqlstate, message, gap)
    if isinstance(error, ParseError):
        return SnowflakeError("001003", "42000", f"SQL compilation error:\n{text}")
    kind = "DuckDB" if isinstance(error, duckdb.Error) else type(error).__name__
    return SnowflakeError("000603", "XX000", f"SQL execution internal error:\nthe emulator cannot"
                          f" do this ({kind}: {text})", gap=True)
