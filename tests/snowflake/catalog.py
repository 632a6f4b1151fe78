"""What the emulator tells about itself: information_schema, SHOW, DESCRIBE USER, CURRENT_ACCOUNT.
Where fakesnow has an answer that is like Snowflake's, it is taken."""

import re

import external
from answers import SnowflakeError, listing, quoted, status

ACCOUNT = {"CURRENT_ACCOUNT": "XY12345", "CURRENT_ACCOUNT_NAME": "MYACCOUNT",
           "CURRENT_ORGANIZATION_NAME": "MYORG", "CURRENT_REGION": "AWS_EU_NORTH_1"}

# Of every database, in place of fakesnow's: views are tables too, and comments are told.
_VIEWS = """
CREATE OR REPLACE VIEW {db}._fs_information_schema._fs_tables AS
SELECT database_name AS "TABLE_CATALOG", schema_name AS "TABLE_SCHEMA",
    table_name AS "TABLE_NAME", 'LOADER' AS "TABLE_OWNER", 'BASE TABLE' AS "TABLE_TYPE",
    'NO' AS "IS_TRANSIENT", estimated_size AS "ROW_COUNT", 0 AS "BYTES", 1 AS "RETENTION_TIME",
    to_timestamp(0)::timestamptz AS "CREATED", to_timestamp(0)::timestamptz AS "LAST_ALTERED",
    comment AS "COMMENT"
FROM duckdb_tables()
WHERE database_name = '{db}' AND schema_name <> '_fs_information_schema'
UNION ALL
SELECT database_name, schema_name, view_name, 'LOADER', 'VIEW', NULL, NULL, NULL, NULL,
    to_timestamp(0)::timestamptz, to_timestamp(0)::timestamptz, comment
FROM duckdb_views()
WHERE database_name = '{db}' AND NOT internal AND schema_name <> '_fs_information_schema';
CREATE OR REPLACE VIEW {db}._fs_information_schema._fs_columns AS
SELECT *, CASE WHEN starts_with(DATA_TYPE, 'TIMESTAMP') OR DATA_TYPE = 'TIME' THEN 9 END
    AS "DATETIME_PRECISION"
FROM _fs_global._fs_information_schema._fs_columns WHERE table_catalog = '{db}';
CREATE TABLE IF NOT EXISTS {db}._fs_information_schema._fs_view_texts (
    schema_name VARCHAR, view_name VARCHAR, text VARCHAR);
CREATE TABLE IF NOT EXISTS {db}._fs_information_schema._fs_keys (
    schema_name VARCHAR, table_name VARCHAR, column_name VARCHAR, position BIGINT);
CREATE TABLE IF NOT EXISTS {db}._fs_information_schema._fs_temporary (
    schema_name VARCHAR, table_name VARCHAR);
CREATE OR REPLACE VIEW {db}._fs_information_schema._fs_views AS
SELECT v.database_name AS "TABLE_CATALOG", v.schema_name AS "TABLE_SCHEMA",
    v.view_name AS "TABLE_NAME", 'LOADER' AS "TABLE_OWNER", t.text AS "VIEW_DEFINITION",
    'NONE' AS "CHECK_OPTION", 'NO' AS "IS_UPDATABLE", 'NO' AS "INSERTABLE_INTO",
    'NO' AS "IS_SECURE", to_timestamp(0)::timestamptz AS "CREATED",
    to_timestamp(0)::timestamptz AS "LAST_ALTERED", v.comment AS "COMMENT"
FROM duckdb_views() AS v
LEFT JOIN {db}._fs_information_schema._fs_view_texts AS t
    ON t.schema_name = v.schema_name AND t.view_name = v.view_name
WHERE v.database_name = '{db}' AND NOT v.internal AND v.schema_name <> '_fs_information_schema';
CREATE OR REPLACE MACRO {db}._fs_typeof(x) AS (
    CASE WHEN x IS NULL THEN NULL WHEN typeof(x) <> 'JSON' THEN
        CASE typeof(x) WHEN 'BIGINT' THEN 'INTEGER' WHEN 'TIMESTAMP' THEN 'TIMESTAMP_NTZ'
            ELSE typeof(x) END
    ELSE CASE json_type(TRY_CAST(CAST(x AS VARCHAR) AS JSON))
        WHEN 'NULL' THEN 'NULL_VALUE' WHEN 'UBIGINT' THEN 'INTEGER' WHEN 'BIGINT' THEN 'INTEGER'
        ELSE json_type(TRY_CAST(CAST(x AS VARCHAR) AS JSON)) END END);
CREATE OR REPLACE MACRO {db}._fs_try_timestamp(x) AS (TRY_CAST(CAST(x AS VARCHAR) AS TIMESTAMP));
CREATE OR REPLACE MACRO {db}._fs_text(x) AS (
    CASE WHEN typeof(x) <> 'JSON' THEN CAST(x AS VARCHAR)
        ELSE CASE json_type(TRY_CAST(CAST(x AS VARCHAR) AS JSON))
        WHEN 'VARCHAR' THEN json_extract_string(TRY_CAST(CAST(x AS VARCHAR) AS JSON), '$')
        WHEN 'NULL' THEN NULL ELSE CAST(x AS VARCHAR) END END);
CREATE OR REPLACE MACRO {db}._fs_try_json(x) AS (json(TRY_CAST(x AS JSON)));
CREATE OR REPLACE MACRO {db}._fs_try_moment(x) AS (TRY_CAST(CAST(x AS VARCHAR) AS TIMESTAMPTZ));
CREATE OR REPLACE MACRO {db}._fs_object_delete(x, keys) AS (
    CASE WHEN json_type(x) = 'OBJECT' THEN to_json(map_from_entries(list_filter(
        map_entries(CAST(x AS MAP(VARCHAR, JSON))), lambda e: NOT list_contains(keys, e.key))))
    END);
CREATE OR REPLACE MACRO {db}._fs_object_insert(x, k, v) AS (
    to_json(map_concat(CAST(x AS MAP(VARCHAR, JSON)), map_from_entries(list_filter(
        [{'key': k, 'value': CAST(v AS JSON)}], lambda e: e.value IS NOT NULL)))));
CREATE OR REPLACE MACRO {db}._fs_is_object(x) AS (json_type(x) = 'OBJECT');
CREATE OR REPLACE MACRO {db}._fs_is_array(x) AS (json_type(x) = 'ARRAY');
"""


def prepare(duck, database):
    duck.execute(_VIEWS.replace("{db}", database))
    # Their sessions ended with an earlier launcher.
    own = _own(database, "_fs_temporary")
    for schema, name in duck.execute(f"SELECT * FROM {own}").fetchall():
        duck.execute(f'DROP TABLE IF EXISTS "{database}"."{schema}"."{name}"')
    duck.execute(f"DELETE FROM {own}")


def remember_temporary(session, parts):
    session.duck.execute(f"INSERT INTO {_own(parts[0], '_fs_temporary')} VALUES (?, ?)", parts[1:])


# --- keys and texts, which DuckDB does not keep ---
def exists(session, parts):
    return session.duck.execute(
        "SELECT 1 FROM duckdb_tables() WHERE database_name = ? AND schema_name = ?"
        " AND table_name = ?", parts).fetchone() is not None


def _own(database, table):
    return f'"{database}"._fs_information_schema.{table}'


def remember_key(session, parts, columns):
    table = _own(parts[0], "_fs_keys")
    session.duck.execute(f"DELETE FROM {table} WHERE schema_name = ? AND table_name = ?",
                         parts[1:])
    for position, column in enumerate(columns, 1):
        session.duck.execute(f"INSERT INTO {table} VALUES (?, ?, ?, ?)",
                             [*parts[1:], column, position])


def key_of(session, parts):
    """The columns of a table's primary key, in order."""
    rows = session.duck.execute(
        f"SELECT column_name FROM {_own(parts[0], '_fs_keys')}"
        " WHERE schema_name = ? AND table_name = ? ORDER BY position", parts[1:]).fetchall()
    return [name for name, in rows]


def swap_keys(session, one, two):
    if one[:2] == two[:2]:
        session.duck.execute(
            f"UPDATE {_own(one[0], '_fs_keys')} SET table_name = CASE table_name WHEN ? THEN ?"
            " ELSE ? END WHERE schema_name = ? AND table_name IN (?, ?)",
            [one[2], two[2], one[2], one[1], one[2], two[2]])


def remember_view(session, parts, text):
    table = _own(parts[0], "_fs_view_texts")
    session.duck.execute(f"DELETE FROM {table} WHERE schema_name = ? AND view_name = ?", parts[1:])
    session.duck.execute(f"INSERT INTO {table} VALUES (?, ?, ?)", [*parts[1:], text])


# --- what sqlglot cannot read, or fakesnow not tell ---
_NAME = r'((?:"(?:[^"]|"")+"|[\w$]+)(?:\.(?:"(?:[^"]|"")+"|[\w$]+))*)'


def _plain(name):
    """The last part of a name."""
    last = re.findall(r'"(?:[^"]|"")+"|[\w$]+', name)[-1]
    return last[1:-1].replace('""', '"') if last.startswith('"') else last.upper()


_GRANT_COLUMNS = ["created_on", "privilege", "granted_on", "name", "granted_to", "grantee_name",
                  "grant_option", "granted_by"]


def _owned(session, role):
    """Who makes a table or a view owns it; what an earlier launcher made is the usual role's."""
    rows = session.duck.execute(
        "SELECT 'TABLE', schema_name, table_name FROM duckdb_tables() WHERE database_name = $1"
        " AND NOT starts_with(table_name, '_fs_') UNION ALL SELECT 'VIEW', schema_name, view_name"
        " FROM duckdb_views() WHERE database_name = $1 AND NOT internal",
        [session.connection.database]).fetchall()
    for kind, *name in rows:
        full = ".".join([session.connection.database, *name])
        if (session.server.owners.get(full, session.server.default_role) == role and
                name[0] in session.server.schemas):
            shown = ".".join(part if re.fullmatch(r"[A-Z_][A-Z0-9_$]*", part) else quoted(part)
                             for part in full.split("."))
            yield {"privilege": "OWNERSHIP", "granted_on": kind, "name": shown,
                   "grantee_name": role}


def _grants_to_role(session, found):
    role = _plain(found[1])
    rows = [grant for grant in session.server.grants if grant["grantee_name"] == role]
    rows += _owned(session, role)
    if not rows and role not in session.server.roles:
        raise SnowflakeError("002003", "02000", f"SQL compilation error:\nRole '{role}' does not"
                             " exist or not authorized.")
    return listing(_GRANT_COLUMNS, [{"grant_option": "false", "granted_to": "ROLE",
                                     "granted_by": "SECURITYADMIN", **row} for row in rows])


def _grants_on(session, found):
    kind, name = found[1].upper().replace(" ", "_"), _plain(found[2])
    rows = [grant for grant in session.server.grants
            if grant["granted_on"] == kind and _plain(grant["name"]) == name]
    return listing(_GRANT_COLUMNS, [{"grant_option": "false", "granted_to": "ROLE",
                                     "granted_by": "SECURITYADMIN", **row} for row in rows])


def _grants_to_user(session, found):
    user = _plain(found[1]) if found.lastindex else session.user
    return listing(["created_on", "role", "granted_to", "grantee_name", "granted_by"],
                   [{"role": role, "granted_to": "USER", "grantee_name": user,
                     "granted_by": "SECURITYADMIN"} for role in sorted(session.server.roles)])


def _describe_user(session, found):
    name = _plain(found[1])
    user = session.server.users.get(name)
    if user is None and name != session.user:
        raise SnowflakeError("002003", "02000", f"SQL compilation error:\nUser '{name}' does not"
                             " exist or not authorized.")
    facts = {"NAME": name, "LOGIN_NAME": name, "TYPE": "SERVICE", "DISABLED": "false",
             "DEFAULT_ROLE": session.role, "DEFAULT_WAREHOUSE": session.warehouse,
             "RSA_PUBLIC_KEY_FP": user and user.fingerprint, "RSA_PUBLIC_KEY_2_FP": None}
    return listing(["property", "value", "default", "description"],
                   [{"property": key, "value": "null" if value is None else value,
                     "default": "null"} for key, value in facts.items()])


def _parameters(session, found):
    pattern = found[1].replace("%", ".*") if found.lastindex else ".*"
    rows = [{"key": name, "value": str(value).lower() if isinstance(value, bool) else value,
             "level": "SESSION"} for name, value in sorted(session.parameters.items())
            if re.fullmatch(pattern, name, re.I)]
    return listing(["key", "value", "default", "level", "description", "type"], rows)


def _warehouses(session, found):
    pattern = found[1].replace("_", ".").replace("%", ".*") if found.lastindex else ".*"
    rows = [{"name": name, "state": "STARTED", "type": "STANDARD", "size": "X-Small",
             "auto_suspend": 60, "auto_resume": "true",
             "is_current": "Y" if name == session.warehouse else "N"}
            for name in sorted(session.server.warehouses) if re.fullmatch(pattern, name, re.I)]
    return listing(["name", "state", "type", "size", "is_current", "auto_suspend", "auto_resume"],
                   rows)


def _roles(session, found):
    return listing(["created_on", "name", "is_current", "owner"],
                   [{"name": role, "is_current": "Y" if role == session.role else "N"}
                    for role in sorted(session.server.roles)])


def _locks(session, found):
    return listing(["resource", "type", "transaction", "transaction_started_on", "status"],
                   [{"resource": table, "type": "PARTITIONS", "transaction": number,
                     "status": "HOLDING"}
                    for table, number in session.server.locks.told().items()])


def _primary_keys(session, found):
    parts = [session.connection.database, session.connection.schema, _plain(found[2])]
    return listing(["created_on", "database_name", "schema_name", "table_name", "column_name",
                    "key_sequence", "constraint_name", "rely", "comment"],
                   [{"database_name": parts[0], "schema_name": parts[1], "table_name": parts[2],
                     "column_name": name, "key_sequence": position, "rely": "false"}
                    for position, name in enumerate(key_of(session, parts), 1)])


def _views(session, found):
    like = found["like"]
    rows = session.duck.execute(
        "SELECT v.view_name, v.database_name, v.schema_name, v.comment, t.text FROM duckdb_views()"
        f" AS v LEFT JOIN {_own(session.connection.database, '_fs_view_texts')} AS t"
        " ON t.schema_name = v.schema_name AND t.view_name = v.view_name WHERE NOT v.internal"
        " AND v.database_name = ? AND v.schema_name = ? AND v.view_name ILIKE ? ORDER BY 1",
        [session.connection.database, _plain(found["in"]) if found["in"] else
         session.connection.schema, like or "%"]).fetchall()
    return listing(["created_on", "name", "reserved", "database_name", "schema_name", "owner",
                    "comment", "text", "is_secure", "is_materialized", "owner_role_type"],
                   [dict(zip(("name", "database_name", "schema_name", "comment", "text"), row,
                             strict=True), owner="LOADER", is_secure="false",
                         is_materialized="false", owner_role_type="ROLE") for row in rows])


def _tables(session, found):
    rows = session.duck.execute(
        "SELECT table_name, database_name, schema_name, coalesce(comment, ''), estimated_size"
        " FROM duckdb_tables() WHERE database_name = ? AND schema_name = ? AND table_name ILIKE ?"
        " ORDER BY 1", [session.connection.database, _plain(found["in"]) if found["in"] else
                        session.connection.schema, found["like"] or "%"]).fetchall()
    return listing(["created_on", "name", "database_name", "schema_name", "kind", "comment",
                    "cluster_by", "rows", "bytes", "owner", "retention_time", "owner_role_type"],
                   [dict(zip(("name", "database_name", "schema_name", "comment", "rows"), row,
                             strict=True), kind="TABLE", owner="LOADER", retention_time=1,
                         owner_role_type="ROLE") for row in rows])


def schemas(duck, database, like="%"):
    rows = duck.execute(
        "SELECT schema_name FROM duckdb_schemas() WHERE database_name = ? AND schema_name ILIKE ?"
        " AND schema_name NOT IN ('main', 'information_schema', 'pg_catalog',"
        " '_fs_information_schema') ORDER BY 1", [database, like]).fetchall()
    return [name for name, in rows]


def _schemas(session, found):
    rows = schemas(session.duck, _plain(found["in"]) if found["in"] else
                   session.connection.database, found["like"] or "%")
    return listing(["created_on", "name", "is_default", "is_current", "database_name", "owner"],
                   [{"name": name, "is_default": "N", "owner": "LOADER",
                     "is_current": "Y" if name == session.connection.schema else "N",
                     "database_name": session.connection.database} for name in rows])


# --- what changes them ---
def _use(session, found):
    kind, name = found[1].lower(), _plain(found[2])
    if name not in (session.server.warehouses if kind == "warehouse" else session.server.roles):
        raise SnowflakeError("002043", "02000", "SQL compilation error:\nObject does not exist, or"
                             " operation cannot be performed.")
    setattr(session, kind, name)
    return status()


def _grant(session, found):
    for privilege in found[2].upper().split(","):
        row = {"privilege": " ".join(privilege.split()), "name": found[4].replace('"', ""),
               "granted_on": "_".join(found[3].upper().split()), "grantee_name": _plain(found[5])}
        told = [one for one in session.server.grants if one != row]
        session.server.grants = told if found[1].upper() == "REVOKE" else [*told, row]
    return status()


_ANSWERS = [(re.compile(pattern + r"\s*;?\s*", re.I | re.S), answer) for pattern, answer in (
    (rf"SHOW\s+GRANTS\s+TO\s+ROLE\s+{_NAME}", _grants_to_role),
    (rf"SHOW\s+GRANTS\s+TO\s+USER\s+{_NAME}", _grants_to_user),
    (r"SHOW\s+GRANTS", _grants_to_user),
    (rf"SHOW\s+GRANTS\s+ON\s+(\w+(?:\s+\w+)?)\s+{_NAME}", _grants_on),
    (rf"DESC(?:RIBE)?\s+USER\s+{_NAME}", _describe_user),
    (r"SHOW\s+PARAMETERS(?:\s+LIKE\s+'([^']*)')?(?:\s+(?:IN|FOR)\s+SESSION)?", _parameters),
    (r"SHOW\s+WAREHOUSES(?:\s+LIKE\s+'([^']*)')?", _warehouses),
    (r"SHOW\s+ROLES", _roles),
    (r"SHOW\s+LOCKS(?:\s+IN\s+ACCOUNT)?", _locks),
    (rf"DESC(?:RIBE)?\s+STAGE\s+{_NAME}", external.describe),
    (rf"(?:LIST|LS)\s+@{_NAME}(?:/(\S*))?", external.list_files),
    (rf"SHOW\s+PRIMARY\s+KEYS\s+IN\s+(TABLE\s+)?{_NAME}", _primary_keys),
    (rf"SHOW\s+VIEWS(?:\s+LIKE\s+'(?P<like>[^']*)')?(?:\s+IN\s+(?:SCHEMA\s+)?(?P<in>{_NAME}))?",
     _views),
    (r"SHOW\s+(?:TERSE\s+)?TABLES(?:\s+LIKE\s+'(?P<like>[^']*)')?"
     rf"(?:\s+IN\s+(?:SCHEMA\s+)?(?P<in>{_NAME}))?", _tables),
    (r"SHOW\s+(?:TERSE\s+)?SCHEMAS(?:\s+LIKE\s+'(?P<like>[^']*)')?"
     rf"(?:\s+IN\s+(?:DATABASE\s+)?(?P<in>{_NAME}))?", _schemas),
    (rf"USE\s+(WAREHOUSE|ROLE)\s+{_NAME}", _use),
    (r"(GRANT|REVOKE)\s+([A-Z ,]+?)\s+ON\s+((?:(?:ALL|FUTURE)\s+\w+\s+IN\s+)?\w+)"
     rf"\s+{_NAME}\s+(?:TO|FROM)\s+ROLE\s+{_NAME}", _grant),
)]


def answer(session, job):
    """What is told here; None: it is run."""
    if job.kind.split()[0] not in ("SHOW", "DESCRIBE", "USE", "GRANT", "REVOKE", "LIST"):
        return None
    for pattern, tell in _ANSWERS:
        found = pattern.fullmatch(job.text.strip())
        if found:
            return tell(session, found)
    return None
