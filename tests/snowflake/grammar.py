"""Snowflake's own statements that sqlglot does not read as trees, as Snowflake's reference has
them, clause by clause. Only the clauses that a loader may need are known: all else is refused.

    grammar.check("PUT 'file:///tmp/x' @STAGE OVERWRITE = TRUE")    # raises Refused, or returns

References: docs.snowflake.com/en/sql-reference/sql/ create-stage, copy-into-table, put,
alter-session, show-grants, use-schema."""

import re

_PART = r'(?:"(?:[^"]|"")+"|[A-Za-z_][\w$]*)'
NAME = rf"{_PART}(?:\.{_PART}){{0,2}}"
TEXT = r"'(?:[^'\\]|''|\\.)*'"
BOOL = r"(?:TRUE|FALSE)"
STAGE = rf"@(?:{NAME}|~)(?:/[\w./-]*)?"
TABLE = rf"(?:IDENTIFIER\(\s*(?:\?|{TEXT})\s*\)|(?!IDENTIFIER\(){NAME})"

# formatTypeOptions of TYPE = PARQUET
_PARQUET = {"COMPRESSION": r"(?:AUTO|LZO|SNAPPY|NONE)", "SNAPPY_COMPRESSION": BOOL,
            "BINARY_AS_TEXT": BOOL, "USE_LOGICAL_TYPE": BOOL, "TRIM_SPACE": BOOL,
            "USE_VECTORIZED_SCANNER": BOOL, "REPLACE_INVALID_CHARACTERS": BOOL}
# copyOptions
_COPY = {"ON_ERROR": r"(?:CONTINUE|SKIP_FILE|ABORT_STATEMENT)", "PURGE": BOOL, "FORCE": BOOL,
         "MATCH_BY_COLUMN_NAME": r"(?:CASE_SENSITIVE|CASE_INSENSITIVE|NONE)",
         "LOAD_UNCERTAIN_FILES": BOOL, "TRUNCATECOLUMNS": BOOL, "ENFORCE_LENGTH": BOOL}
_PUT = {"PARALLEL": r"\d+", "AUTO_COMPRESS": BOOL, "OVERWRITE": BOOL,
        "SOURCE_COMPRESSION": r"(?:AUTO_DETECT|GZIP|BZ2|BROTLI|ZSTD|DEFLATE|RAW_DEFLATE|NONE)"}
# Parameters that a session may set, with what they may be.
_SESSION = {"AUTOCOMMIT": BOOL, "TIMEZONE": TEXT, "QUERY_TAG": TEXT, "LOCK_TIMEOUT": r"\d+"}


class Refused(Exception):
    pass


class _Words:
    def __init__(self, text):
        self.text, self.at = text.strip(), 0

    def take(self, pattern):
        found = re.compile(rf"\s*({pattern})(?![\w$])" if pattern[-1].isalnum() else
                           rf"\s*({pattern})", re.I).match(self.text, self.at)
        if found:
            self.at = found.end()
        return found and found[1]

    def need(self, *patterns):
        for pattern in patterns:
            if not self.take(pattern):
                raise Refused(f"expected {pattern} at: {self.text[self.at:][:80]}")

    def options(self, known, until=None):
        seen = set()
        while not (until and self.take(until)) and (until or self.at < len(self.text)):
            name = self.take(r"[A-Za-z_]+")
            if name is None or name.upper() not in known or name.upper() in seen:
                raise Refused(f"no option here: {self.text[self.at:][:80]} after {name}")
            seen.add(name.upper())
            value = known[name.upper()]
            self.need("=")
            value(self) if callable(value) else self.need(value)

    def end(self):
        if self.text[self.at:].strip() not in ("", ";"):
            raise Refused(f"too much: {self.text[self.at:][:80]}")


def _file_format(words):
    words.need(r"\(", "TYPE", "=", "PARQUET")
    words.options(_PARQUET, r"\)")


def _create_stage(words):
    words.need("CREATE")
    replaced = words.take("OR") and not words.need("REPLACE")
    words.take("TEMPORARY") or words.take("TEMP")
    words.need("STAGE")
    if words.take("IF"):
        words.need("NOT", "EXISTS")
        if replaced:
            raise Refused("OR REPLACE and IF NOT EXISTS exclude each other")
    words.need(NAME)
    words.options({"FILE_FORMAT": _file_format, "COMMENT": TEXT})


def _copy(words):
    words.need("COPY", "INTO", TABLE, "FROM", STAGE)
    words.options({**_COPY, "FILE_FORMAT": _file_format, "PATTERN": TEXT})


def _put(words):
    words.need("PUT", rf"(?:'file://[^']+'|file://\S+)", STAGE)
    words.options(_PUT)


def _alter_session(words):
    words.need("ALTER", "SESSION", "SET")
    words.options(_SESSION)


def _show_grants(words):
    words.need("SHOW", "GRANTS", "TO", "ROLE", NAME)


_KINDS = {"CREATE STAGE": _create_stage, "COPY": _copy, "PUT": _put,
          "ALTER SESSION": _alter_session, "SHOW GRANTS": _show_grants}


def check(text, kind=None):
    from kinds import kind_of
    kind = kind or kind_of(text)
    if kind not in _KINDS:
        raise Refused(f"no statement of this kind is known: {kind}")
    words = _Words(text)
    _KINDS[kind](words)
    words.end()
