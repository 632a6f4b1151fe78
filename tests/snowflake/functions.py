"""Functions that fakesnow leaves to DuckDB, which answers otherwise than Snowflake or not at all."""

import json

import fakesnow.transforms
from sqlglot import exp

import catalog

_SESSION = {"CURRENT_ROLE": "role", "CURRENT_USER": "user", "CURRENT_WAREHOUSE": "warehouse",
            "LAST_QUERY_ID": "last_query"}
_TRY_TIMESTAMP = {"TRY_TO_TIMESTAMP", "TRY_TO_TIMESTAMP_NTZ"}
# Macros of catalog.py.
_MACROS = {"IS_OBJECT": "_fs_is_object", "IS_ARRAY": "_fs_is_array", "TYPEOF": "_fs_typeof"}
_TIMES = (exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPNTZ)


def patch():
    """Sums of whole numbers stay whole: fakesnow makes all of them DOUBLE, for the sake of sums
    over text."""
    fakesnow.transforms.numeric_agg_implicit_cast = lambda node: node


def _macro(name, *arguments):
    return exp.Anonymous(this=name, expressions=list(arguments))


def _value(value):
    return exp.Null() if value is None else exp.Literal.string(str(value))


def _text_of(node):
    """A text in a VARIANT is that text: DuckDB would leave its quotes. Of col:path fakesnow knows."""
    if (node.to.this in (exp.DataType.Type.TEXT, exp.DataType.Type.VARCHAR) and
            isinstance(node.this, (exp.Column, exp.ToVariant, exp.ParseJSON, exp.Anonymous))):
        return _macro("_fs_text", node.this)
    return None


def _other(session, node):
    """What stands in the place of a function; None: it stays."""
    if isinstance(node, exp.TryCast):
        return _macro("_fs_try_timestamp", node.this) if node.to.this in _TIMES else None
    if isinstance(node, exp.Cast):
        return _text_of(node)
    if isinstance(node, exp.ParseJSON):
        if not isinstance(node.this, exp.Literal):
            node.set("this", _macro("_fs_text", node.this))
        return _macro("_fs_try_json", node.this) if node.args.get("safe") else None
    if isinstance(node, exp.ByteLength):
        return _macro("strlen", exp.cast(node.this, "TEXT"))
    name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).upper()
    if name in _SESSION:
        return _value(getattr(session, _SESSION[name]))
    if name in catalog.ACCOUNT:
        return _value(catalog.ACCOUNT[name])
    if name == "CURRENT_AVAILABLE_ROLES":
        return _value(json.dumps(sorted(session.server.roles)))
    if name == "CURRENT_SESSION":
        return _value(session.number)
    if name == "CURRENT_TRANSACTION":
        return _value(session.transaction and session.transaction.number)
    if name in _TRY_TIMESTAMP:
        return _macro("_fs_try_timestamp", node.expressions[0])
    if name == "TRY_TO_TIMESTAMP_TZ":
        return _macro("_fs_try_moment", node.expressions[0])
    if name == "OBJECT_DELETE":
        return _macro("_fs_object_delete", node.expressions[0],
                      exp.Array(expressions=node.expressions[1:]))
    if isinstance(node, exp.ObjectInsert):
        return _macro("_fs_object_insert", node.this, node.args["key"], node.args["value"])
    if name in _MACROS:
        return _macro(_MACROS[name], *(node.expressions or [node.this]))
    if name == "HASH":  # signed, as Snowflake's
        return exp.cast(exp.Mod(this=_macro("HASH", *node.expressions),
                                expression=exp.Literal.number(2 ** 62)), "BIGINT")
    return None


def _named(tree):
    """A column without a name is called as it is written."""
    for node in tree.expressions if isinstance(tree, exp.Select) else []:
        if isinstance(node, exp.Func) and not isinstance(node, exp.Cast):
            node.replace(exp.alias_(node.copy(), node.sql(dialect="snowflake").upper(),
                                    quoted=True))


def replaced(session, tree):
    """Inner functions first."""
    _named(tree)
    for node in reversed(list(tree.find_all(exp.Func))):
        other = _other(session, node)
        if other is not None and node is tree:
            return other
        if other is not None:
            node.replace(other)
    return tree
