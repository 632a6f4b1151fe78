"""How a statement is run in fakesnow, and what is changed for it on the way:

  - MERGE is DuckDB's own, in one statement, with the counts of both kinds and an error where a
    row is matched twice. fakesnow's own knows only plain columns in SET and VALUES.
  - A temporary stage belongs to its session, is empty when it is made anew, and its file format
    counts: COPY of Parquet works without naming it again. A file name is new on a new stage.
  - A temporary table is an ordinary one that goes with its session: COPY does not find DuckDB's.
  - Keys are declared and not enforced. Comments within CREATE and ALTER are kept.
  - CREATE VIEW keeps its text; ALTER TABLE ... SWAP WITH; COMMENT ON whatever, with quotes in it.
  - Stages over buckets: external.py.
  - Functions: functions.py.

What fakesnow cannot do comes out as a SnowflakeError marked as a gap, never as HTTP 500, which
the driver would ask again for minutes. catalog.py has what is told about tables, views, grants."""

import os
import re
import shutil

import fakesnow.copy_into
import sqlglot
from fakesnow.rowtype import describe_as_rowtype
from fakesnow.statement_type import DML_TYPE_IDS, SELECT, statement_type_id
from fakesnow.transforms import stage as fs_stage
from sqlglot import exp

import catalog
import external
import functions
from answers import Result, as_text, column, quoted, status
from kinds import is_dml


def patch(bucket):
    """Before the first connection: fakesnow's own mistakes."""
    fs_stage.LOCAL_BUCKET_PATH = bucket
    functions.patch()

    def describe_table(table, duck, database, schema):
        names = [table.catalog or database, table.db or schema, table.name]
        rows = duck.execute("DESCRIBE " + ".".join(map(quoted, names))).fetchall()
        return [(row[0], row[1]) for row in rows]
    fakesnow.copy_into._describe_table = describe_table  # noqa: SLF001


def literal(text):
    return "'" + text.replace("'", "''") + "'"


# --- names ---
def resolved(job, node):
    """The table of a statement, IDENTIFIER(?) looked up."""
    if isinstance(node, exp.Schema):
        node = node.this
    if isinstance(node, exp.Table) and isinstance(node.this, exp.DynamicIdentifier):
        name = node.this.this
        text = job.params[0] if isinstance(name, exp.Placeholder) else name.name
        node = exp.to_table(text, dialect="snowflake")
    return node if isinstance(node, exp.Table) else None


def parts(session, node):
    def one(identifier):
        if identifier is None:
            return None
        plain = identifier if isinstance(identifier, str) else identifier.name
        return plain if getattr(identifier, "quoted", False) else plain.upper()
    return [one(node.args.get("catalog")) or session.connection.database,
            one(node.args.get("db")) or session.connection.schema, one(node.this)]


def full_name(session, node):
    return ".".join(str(part) for part in parts(session, node))


def target_of(session, job):
    """The table or view that a statement changes, as DATABASE.SCHEMA.NAME; None: nothing such."""
    if not is_dml(job.kind) and job.kind.split()[-1] not in ("TABLE", "VIEW", "TRUNCATE"):
        return None
    tree = job.parse()
    node = tree.this
    if isinstance(tree, (exp.Drop, exp.TruncateTable)):
        node = (tree.args.get("tables") or tree.expressions or [tree.this])[0]
    node = resolved(job, node)
    return full_name(session, node) if node is not None else None


def tables_of(session, job):
    """All that a statement names: more than it reads, if a CTE has a table's name."""
    if job.kind != "SELECT" and not is_dml(job.kind):
        return set()
    return {full_name(session, node) for node in map(lambda n: resolved(job, n),
                                                     job.parse().find_all(exp.Table))
            if node is not None and isinstance(node.this, exp.Identifier)}


# --- running ---
def perform(session, job):
    told = catalog.answer(session, job)
    if told is None and job.kind in _EXTERNAL:
        told = _EXTERNAL[job.kind](session, job)
    if told is not None:
        return told
    tree = job.parse().copy()
    tree = functions.replaced(session, tree)
    tree = _temporary_stage(session, tree)
    handler = _HANDLERS.get(job.kind)
    if handler is not None:
        return handler(session, job, tree)
    return execute(session, job, tree)


def execute(session, job, tree):
    """Through fakesnow's cursor, as its own server would."""
    cursor = session.connection.cursor()
    if job.describe:
        described = cursor._describe_only(tree.sql(dialect="snowflake"))
        if described is not None:
            return Result(describe_as_rowtype(described), rows=[],
                          type_id=statement_type_id(tree))
    rows = [job.params] if job.batch is None else job.batch
    type_id = statement_type_id(tree)
    total = 0
    for params in rows:
        _execute(cursor, tree.copy(), list(params) if params is not None else None)
        total += cursor.rowcount or 0
    last = cursor._last_transformed
    rowtype = describe_as_rowtype(cursor._describe_last_sql())
    if job.batch is not None and type_id in DML_TYPE_IDS:
        return Result(rowtype, rows=[[str(total)]], type_id=type_id)
    table = cursor._arrow_table
    if type_id == SELECT:
        result = Result(rowtype, table=table, type_id=type_id)
    else:
        result = Result(rowtype, rows=as_text(table, rowtype), type_id=type_id)
    if last is not None and last.args.get("put_stage_data"):
        result.put = (last, last.args["put_stage_data"])
    return result


def _execute(cursor, tree, params):
    cursor.check_db_and_schema(tree)
    for statement in cursor._transform_explode(tree):
        transformed = cursor._transform(statement, params)
        cursor._execute(transformed, params if transformed.find(exp.Placeholder) else None)


def transformed(session, tree, params):
    """fakesnow's changes for DuckDB, as SQL."""
    tree = session.connection.cursor()._transform(tree, params)
    return tree.sql(dialect="duckdb")


# --- stages ---
def _temporary_stage(session, tree):
    """@STAGE of a temporary one becomes this session's own."""
    for node in tree.find_all(exp.Var):
        found = re.fullmatch(r"@([^/]+)(/.*)?", str(node.this))
        if found and found[1].upper() in session.stages:
            node.set("this", f"@{found[1].upper()}_{session.number}{found[2] or ''}")
    return tree


def _create_stage(session, job, tree):
    properties = tree.args.get("properties")
    temporary = properties is not None and properties.find(exp.TemporaryProperty)
    form = properties.find(exp.FileFormatProperty) if properties is not None else None
    parquet = form is not None and "PARQUET" in form.sql(dialect="snowflake").upper()
    table = tree.this
    name = table.name.upper()
    if temporary:
        session.stages[name] = parquet
        table.set("this", exp.to_identifier(f"{name}_{session.number}"))
    result = execute(session, job, tree)
    database, schema, own = parts(session, table)
    session.duck.execute(f"DELETE FROM {database}._fs_information_schema._fs_load_history"
                         " WHERE starts_with(FILE_NAME, ?)",
                         [f"{fs_stage.LOCAL_BUCKET_PATH}/{database}/{schema}/{own}/"])
    return result


def _copy(session, job, tree):
    named = {param.name.upper() for param in tree.args.get("params") or []}
    source = tree.args["files"][0].sql(dialect="snowflake")
    own = [name for name in session.stages if source.upper().startswith(f"@{name}_")]
    if own and session.stages[own[0]] and "FILE_FORMAT" not in named:
        extra = sqlglot.parse_one("COPY INTO t FROM @s FILE_FORMAT = (TYPE = PARQUET)",
                                  read="snowflake").args["params"]
        tree.set("params", [*(tree.args.get("params") or []), *extra])
    return execute(session, job, tree)


def drop_temporary(session):
    for name in session.temporary_tables:
        session.duck.execute("DROP TABLE IF EXISTS " + ".".join(map(quoted, name)))
    for name in session.stages:
        folder = os.path.join(fs_stage.LOCAL_BUCKET_PATH, str(session.connection.database),
                              str(session.connection.schema), f"{name}_{session.number}")
        shutil.rmtree(folder, ignore_errors=True)


# --- MERGE ---
def _merge(session, job, tree):
    whens = tree.args["whens"].expressions
    for when in whens:
        then = when.args["then"]
        if isinstance(then, exp.Update):
            for change in then.expressions:
                change.this.set("table", None)
    kinds = []
    for when in whens:
        then = when.args["then"]
        kinds.append("UPDATE" if isinstance(then, exp.Update) else
                     "INSERT" if isinstance(then, exp.Insert) else "DELETE")
    sql = transformed(session, tree, job.params) + " RETURNING merge_action"
    done = session.duck.execute(sql, job.params).to_arrow_table().column(0).value_counts()
    found = {row["values"]: row["counts"] for row in done.to_pylist()}
    told = [(kind, f"number of rows {word}") for kind, word in
            (("INSERT", "inserted"), ("UPDATE", "updated"), ("DELETE", "deleted"))
            if kind in kinds]
    return Result([column(name, "fixed") for _, name in told],
                  rows=[[str(found.get(kind, 0)) for kind, _ in told]],
                  type_id=statement_type_id(tree), total=1)


# --- tables and views ---
def _comment(session, kind, node, text):
    name = ".".join(map(quoted, parts(session, node)))
    session.duck.execute(f"COMMENT ON {kind} {name} IS "
                         f"{'NULL' if text is None else literal(text)}")


def _comment_column(session, node, name, text):
    whole = ".".join(map(quoted, [*parts(session, node), name]))
    session.duck.execute(f"COMMENT ON COLUMN {whole} IS "
                         f"{'NULL' if text is None else literal(text)}")


def _named(identifier):
    return identifier.name if identifier.args.get("quoted") else identifier.name.upper()


def _column_comments(definitions):
    """Takes them out: column, text."""
    found = []
    for definition in definitions:
        for constraint in list(definition.args.get("constraints") or []):
            if isinstance(constraint.args.get("kind"), exp.CommentColumnConstraint):
                found.append((_named(definition.this), constraint.args["kind"].this.name))
                constraint.pop()
    return found


_KEYS = (exp.PrimaryKeyColumnConstraint, exp.UniqueColumnConstraint, exp.Reference,
         exp.CheckColumnConstraint)


def _take_keys(schema):
    """Takes the constraints out: the columns of the primary key."""
    key = []
    for item in list(schema.expressions):
        inner = item.expressions if isinstance(item, exp.Constraint) else [item]
        for one in inner:
            if isinstance(one, exp.PrimaryKey):
                key = [_named(column) for column in one.expressions]
        if isinstance(item, (exp.PrimaryKey, exp.Constraint, exp.ForeignKey,
                             exp.UniqueColumnConstraint)):
            item.pop()
            continue
        for constraint in list(item.args.get("constraints") or []):
            if isinstance(constraint.args.get("kind"), _KEYS):
                if isinstance(constraint.args["kind"], exp.PrimaryKeyColumnConstraint):
                    key = [_named(item.this)]
                constraint.pop()
    for item in schema.expressions:
        if isinstance(item, exp.ColumnDef) and _named(item.this) in key and not any(
                isinstance(c.args.get("kind"), exp.NotNullColumnConstraint)
                for c in item.args.get("constraints") or []):
            item.append("constraints", exp.ColumnConstraint(kind=exp.NotNullColumnConstraint()))
    return key


def _take_properties(tree, *kinds):
    """Takes them out of a CREATE; the text of a comment."""
    properties, comment = tree.args.get("properties"), None
    for one in list(properties.expressions) if properties is not None else []:
        if isinstance(one, exp.SchemaCommentProperty):
            comment = one.this.name
            one.pop()
        elif isinstance(one, kinds):
            one.pop()
    if properties is not None and not properties.expressions:
        tree.set("properties", None)
    return comment


def _create_table(session, job, tree):
    node = resolved(job, tree.this)
    temporary = tree.find(exp.TemporaryProperty) is not None
    comment = _take_properties(tree, exp.TemporaryProperty, exp.TransientProperty, exp.Property)
    key, comments = [], []
    if isinstance(tree.this, exp.Schema):
        key = _take_keys(tree.this)
        comments = _column_comments(tree.this.expressions)
    if tree.args.get("exists") and catalog.exists(session, parts(session, node)):
        return status(f"{node.name} already exists, statement succeeded.")
    result = execute(session, job, tree)
    if temporary:
        session.temporary_tables.add(tuple(parts(session, node)))
        catalog.remember_temporary(session, parts(session, node))
    session.server.owners[full_name(session, node)] = session.role
    catalog.remember_key(session, parts(session, node), key)
    for name, text in comments:
        _comment_column(session, node, name, text)
    if comment is not None:
        _comment(session, "TABLE", node, comment)
    return result


def _describe_table(session, job, tree):
    """fakesnow's answer, with the keys and the comments."""
    result = execute(session, job, tree)
    names = [column["name"] for column in result.rowtype]
    node = tree.this if isinstance(tree.this, exp.Table) else exp.to_table(tree.this.name)
    database, schema, name = parts(session, resolved(job, node) or node)
    key = catalog.key_of(session, [database, schema, name])
    comments = dict(session.duck.execute(
        "SELECT column_name, comment FROM duckdb_columns() WHERE database_name = ? AND"
        " schema_name = ? AND table_name = ?", [database, schema, name]).fetchall())
    table = result.rows if result.rows is not None else as_text(result.table, result.rowtype)
    for row in table:
        row[names.index("comment")] = comments.get(row[0])
        row[names.index("primary key")] = "Y" if row[0] in key else "N"
    return Result(result.rowtype, rows=table)


def _truncate(session, job, tree):
    node = resolved(job, tree.expressions[0])
    if tree.args.get("exists") and not catalog.exists(session, parts(session, node)):
        return status()
    tree.set("exists", False)
    return execute(session, job, tree)


def _create_view(session, job, tree):
    node = resolved(job, tree.this)
    comment = _take_properties(tree, exp.CopyGrantsProperty)
    result = execute(session, job, tree)
    session.server.owners[full_name(session, node)] = session.role
    catalog.remember_view(session, parts(session, node), job.text)
    if comment is not None:
        _comment(session, "VIEW", node, comment)
    return result


def _alter_table(session, job, tree):
    actions = tree.args.get("actions") or []
    if actions and isinstance(actions[0], exp.SwapTable):
        return _swap(session, tree, actions[0].this)
    comments = _column_comments([one for one in actions if isinstance(one, exp.ColumnDef)])
    result = execute(session, job, tree)
    for name, text in comments:
        _comment_column(session, tree.this, name, text)
    return result


def _swap(session, tree, other):
    one, two = parts(session, tree.this), parts(session, other)
    between = "_FS_SWAP"
    session.duck.execute("BEGIN")
    try:
        for old, new in ((one, between), (two, one[2]), ([*one[:2], between], two[2])):
            session.duck.execute(f"ALTER TABLE {'.'.join(map(quoted, old))}"
                                 f" RENAME TO {quoted(new)}")
        catalog.swap_keys(session, one, two)
        session.duck.execute("COMMIT")
    except Exception:
        session.duck.execute("ROLLBACK")
        raise
    return status()


def _comment_on(session, job, tree):
    kind = str(tree.args["kind"]).upper()
    text = tree.expression.name if isinstance(tree.expression, exp.Literal) else None
    if kind == "COLUMN":
        column = tree.this
        table = exp.Table(this=column.args["table"], db=column.args.get("db"),
                          catalog=column.args.get("catalog"))
        _comment_column(session, table, _named(column.this), text)
    elif kind in ("TABLE", "VIEW"):
        _comment(session, kind, tree.this, text)
    else:
        return execute(session, job, tree)
    return status()


_EXTERNAL = {"CREATE STAGE": external.create, "COPY": external.copy}
_HANDLERS = {"CREATE STAGE": _create_stage, "COPY": _copy, "MERGE": _merge,
             "CREATE TABLE": _create_table, "CREATE VIEW": _create_view,
             "ALTER TABLE": _alter_table, "TRUNCATE": _truncate,
             "DESCRIBE TABLE": _describe_table, "COMMENT": _comment_on}
