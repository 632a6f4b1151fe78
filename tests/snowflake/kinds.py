"""What kind of statement a text is, by its first words: "MERGE", "CREATE TABLE", "ALTER SESSION".
The launcher decides by it what a statement does to a transaction, the checks what may stand in
one. Knows Snowflake's words only as far as a loader needs them."""

import re

# A comment may stand in front of a statement, and between its words.
_SKIP = r"(?:\s|--[^\n]*(?:\n|$)|//[^\n]*(?:\n|$)|/\*.*?\*/)"
_BLANK = re.compile(_SKIP + "+", re.S)
_WORD = re.compile(r"[A-Za-z_]+")

DML = {"INSERT", "UPDATE", "DELETE", "MERGE", "COPY"}
TRANSACTION = {"BEGIN", "COMMIT", "ROLLBACK"}
# They wait for others that changed the table and have not committed; INSERT and COPY only add.
LOCKING = {"UPDATE", "DELETE", "MERGE"}

_MODIFIERS = {"OR", "REPLACE", "ALTER", "LOCAL", "GLOBAL", "TEMP", "TEMPORARY", "VOLATILE",
              "TRANSIENT", "SECURE", "RECURSIVE", "MATERIALIZED", "HYBRID", "DYNAMIC"}
_TWO_WORDS = {"ALTER", "DROP", "UNDROP", "SHOW", "DESCRIBE", "USE", "TRUNCATE"}
_SAME = {"START": "BEGIN", "DESC": "DESCRIBE", "WITH": "SELECT", "END": "COMMIT", "LS": "LIST",
         "RM": "REMOVE"}
_DDL = {"CREATE", "ALTER", "DROP", "UNDROP", "COMMENT", "TRUNCATE", "GRANT", "REVOKE"}


def words(text, count=8):
    """The first words in upper case; stops at what is no word."""
    found, at = [], 0
    while len(found) < count:
        blank = _BLANK.match(text, at)
        at = blank.end() if blank else at
        word = _WORD.match(text, at)
        if not word:
            break
        found.append(word[0].upper())
        at = word.end()
    return found


def kind_of(text):
    found = words(text)
    if not found:
        return "SELECT" if text.lstrip().startswith("(") else "EMPTY"
    first = _SAME.get(found[0], found[0])
    rest = found[1:]
    if first == "CREATE":
        while rest and rest[0] in _MODIFIERS:
            rest.pop(0)
        return f"CREATE {rest[0]}" if rest else "CREATE"
    if first in _TWO_WORDS and rest:
        if first == "SHOW" and rest[0] == "TERSE":
            rest.pop(0)
        if first == "TRUNCATE":
            return first
        return f"{first} {rest[0]}" if rest else first
    return first


def is_dml(kind):
    return kind in DML


def is_ddl(kind):
    """DDL: it commits a transaction that is open, and is its own."""
    return kind.split()[0] in _DDL and kind != "ALTER SESSION"
