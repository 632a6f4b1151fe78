"""firn ddl: what it prints is SQL as Snowflake documents it, clause by clause, and does what it
says where the emulator can run it.

The grammars below are those of Snowflake's SQL reference, as far as the statements go that are
printed; every one of them has statements that it must refuse."""

import json
import re
import sys

import duckdb
import pytest

import firn_sim

sys.path.append(str(firn_sim.ROOT / "tests" / "snowflake"))
import emulator  # noqa: E402

CONFIG = (
    "version: 1\npipeline: weather\n"
    "source: { connector: openmeteo, settings: { customer_id: \"a/b'c\", locations: [] } }\n"
    "destination: { s3: { bucket: acme-landing, prefix: raw/zone, region: eu-north-1 } }\n"
    "ddl: { database: analytics, schema: '\"My Schema\"', warehouse: wh, role: loader, "
    "integration: s3_int, stage: landing, aws_role_arn: 'arn:aws:iam::123456789012:role/snow' }\n")
TABLES = ["CUSTOMERS", "LOCATIONS", "CURRENT_WEATHER"]


@pytest.fixture
def ddl(firn):
    """Calls firn ddl; the text."""
    def call(*args, config=CONFIG):
        firn.write("firn.yaml", config)
        done = firn("ddl", *args)
        assert done.code == 0, done
        return done.out
    return call


# --- taking a script apart ---

TOKEN = re.compile(r"""\s+ | --[^\n]* | (?P<body>\$\$.*?\$\$) | (?P<text>'(?:[^']|'')*') |
                       (?P<name>"(?:[^"]|"")*") | (?P<word>[A-Za-z_][\w$]*|\$\d+) |
                       (?P<number>-?\d+) | (?P<sign>::|>=|=>|<>|[-@.,;:()=*/<>])""",
                   re.VERBOSE | re.DOTALL)


def tokens(sql):
    at, found = 0, []
    while at < len(sql):
        match = TOKEN.match(sql, at)
        assert match, f"no SQL: {sql[at:at + 60]!r}"
        if match.lastgroup:
            found.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    return found


def statements(sql):
    """Each as its tokens, without comments."""
    found = [[]]
    for token in tokens(sql):
        if token == ("sign", ";"):
            found.append([])
        else:
            found[-1].append(token)
    assert not found[-1], "the last statement has no end"
    return found[:-1]


def shape(statement):
    """As one line: names are N, texts are T, bodies are BODY."""
    words = {"name": "N", "text": "T", "body": "BODY"}
    return " ".join(words.get(kind, text) for kind, text in statement)


# --- Snowflake's grammar ---

N = r"N( \. N)*"
BOOL = r"(TRUE|FALSE)"
TYPE = r"(TEXT|VARCHAR|NUMBER|FLOAT|BOOLEAN|TIMESTAMP_NTZ|TIMESTAMP_LTZ|VARIANT)"
COMMENT = r"( COMMENT = T)?"
FORMAT = r"FILE_FORMAT = \( (FORMAT_NAME = T|TYPE = JSON) \)"
STAGE = rf"@ {N}( /( \w+)? /)?"
COPY = (rf"COPY INTO {N}( \( N( , N)* \))? FROM \( SELECT \$1( , METADATA\$\w+)* FROM @ {N} / "
        rf"\w+ / \)( FILES = \( T( , T)* \))?( PATTERN = T)?( {FORMAT})?"
        r"( ON_ERROR = (CONTINUE|SKIP_FILE|ABORT_STATEMENT))?")
PRIVILEGE = r"(USAGE|CREATE (TABLE|VIEW|STAGE|PIPE|STREAM|TASK|FILE FORMAT))"
GRAMMAR = {
    "CREATE STORAGE INTEGRATION": (
        r"CREATE STORAGE INTEGRATION IF NOT EXISTS N TYPE = EXTERNAL_STAGE STORAGE_PROVIDER = T "
        r"STORAGE_AWS_ROLE_ARN = T( STORAGE_AWS_EXTERNAL_ID = T)?( STORAGE_AWS_OBJECT_ACL = T)? "
        rf"ENABLED = {BOOL} STORAGE_ALLOWED_LOCATIONS = \( T( , T)* \)"
        rf"( STORAGE_BLOCKED_LOCATIONS = \( T( , T)* \))?{COMMENT}"),
    "CREATE FILE FORMAT": (
        rf"CREATE FILE FORMAT IF NOT EXISTS {N} TYPE = JSON( COMPRESSION = (AUTO|GZIP|NONE))?"
        rf"( STRIP_OUTER_ARRAY = {BOOL})?{COMMENT}"),
    "CREATE STAGE": (
        rf"CREATE STAGE IF NOT EXISTS {N} URL = T( STORAGE_INTEGRATION = N)?"
        rf"( DIRECTORY = \( .* \))?( {FORMAT})?{COMMENT}"),
    "CREATE TABLE": (
        rf"CREATE TABLE IF NOT EXISTS {N} \( N {TYPE}( , N {TYPE})* \){COMMENT}"),
    "CREATE STREAM": (
        rf"CREATE STREAM IF NOT EXISTS {N} ON TABLE {N}( APPEND_ONLY = {BOOL})?"
        rf"( SHOW_INITIAL_ROWS = {BOOL})?{COMMENT}"),
    "CREATE PIPE": (
        rf"CREATE PIPE IF NOT EXISTS {N}( AUTO_INGEST = {BOOL})?( ERROR_INTEGRATION = N)?"
        rf"( AWS_SNS_TOPIC = T)?( INTEGRATION = T)?{COMMENT} AS {COPY}"),
    # Without SCHEDULE and with WHEN it is a triggered task.
    "CREATE TASK": (
        rf"CREATE TASK IF NOT EXISTS {N} WAREHOUSE = N{COMMENT}"
        r" WHEN SYSTEM\$STREAM_HAS_DATA \( T \) AS EXECUTE IMMEDIATE BODY"),
    "ALTER TASK": rf"ALTER TASK {N} (RESUME|SUSPEND)",
    "CREATE ROLE": r"CREATE ROLE IF NOT EXISTS N",
    "CREATE DATABASE": r"CREATE DATABASE IF NOT EXISTS N",
    "CREATE SCHEMA": rf"CREATE SCHEMA IF NOT EXISTS {N}",
    "CREATE WAREHOUSE": (
        r"CREATE WAREHOUSE IF NOT EXISTS N( WITH)?( WAREHOUSE_SIZE = XSMALL)?"
        rf"( AUTO_SUSPEND = \d+)?( AUTO_RESUME = {BOOL})?( INITIALLY_SUSPENDED = {BOOL})?"),
    "GRANT": (
        rf"GRANT (USAGE ON (INTEGRATION|DATABASE|WAREHOUSE) N|{PRIVILEGE}( , {PRIVILEGE})* ON "
        rf"SCHEMA {N}|EXECUTE TASK ON ACCOUNT|ROLE N) TO ROLE (N|SYSADMIN)"),
    "USE": rf"USE (ROLE (N|ACCOUNTADMIN)|SCHEMA {N})",
    "DESC": r"DESC INTEGRATION N",
    "SHOW": rf"SHOW PIPES IN SCHEMA {N}",
    "SELECT": (
        r"SELECT (SYSTEM\$PIPE_STATUS \( T \)|[\w ,.()*N]+ FROM (TABLE \( INFORMATION_SCHEMA \. "
        r"(COPY_HISTORY \( TABLE_NAME => T , START_TIME => DATEADD \( T , -1 , CURRENT_TIMESTAMP "
        rf"\( \) \) \) \) WHERE STATUS <> T|TASK_HISTORY \( ERROR_ONLY => {BOOL} \) \) ORDER BY "
        rf"\w+ DESC)|{N}( GROUP BY N( , N)*)?))"),
}
REFUSED = {
    "CREATE STORAGE INTEGRATION": [(" ENABLED = TRUE", ""), ("STORAGE_PROVIDER", "PROVIDER"),
                                   ("IF NOT EXISTS N TYPE", "N TYPE"), ("( T )", "T")],
    "CREATE FILE FORMAT": [("TYPE = JSON", "TYPE JSON"), ("COMPRESSION = AUTO", "COMPRESSION")],
    "CREATE STAGE": [("URL = T", ""), ("STORAGE_INTEGRATION = N", "STORAGE_INTEGRATION = T"),
                     ("( FORMAT_NAME = T )", "FORMAT_NAME = T")],
    "CREATE TABLE": [("VARIANT", "JSONB"), (") COMMENT", ", ) COMMENT")],
    "CREATE STREAM": [("ON TABLE", "FROM TABLE"), ("APPEND_ONLY = TRUE", "APPEND_ONLY")],
    "CREATE PIPE": [("AUTO_INGEST = TRUE", "AUTO_INGEST"), ("AS COPY", "COPY"),
                    ("ON_ERROR = SKIP_FILE", "ON_ERROR = SKIP"), ("PATTERN = T", "PATTERN T"),
                    ("FROM ( SELECT", "FROM SELECT")],
    "CREATE TASK": [("WHEN", "SCHEDULE = T WHEN"), ("AS EXECUTE", "EXECUTE"),
                    ("WAREHOUSE = N COMMENT = T WHEN", "WHEN")],
    "ALTER TASK": [("RESUME", "START")],
    "CREATE ROLE": [("IF NOT EXISTS", "IF EXISTS")],
    "CREATE DATABASE": [("IF NOT EXISTS", "")],
    "CREATE SCHEMA": [("IF NOT EXISTS", "")],
    "CREATE WAREHOUSE": [("= XSMALL", "XSMALL"), ("IF NOT EXISTS", "")],
    "GRANT": [("TO ROLE", "TO"), ("ON", "OF")],
    "USE": [("USE", "USING")],
    "DESC": [("INTEGRATION", "")],
    "SHOW": [("IN SCHEMA", "SCHEMA")],
    "SELECT": [("FROM", ""), ("TABLE (", "("), ("SYSTEM$PIPE_STATUS", "SYSTEM$PIPE")],
}


def rule(line):
    names = [name for name in GRAMMAR if line.startswith(name)]
    assert names, f"no grammar for: {line}"
    return max(names, key=len)


def fits(line):
    return re.fullmatch(GRAMMAR[rule(line)], line) is not None


def test_every_statement_is_as_snowflake_documents_it(ddl):
    seen = set()
    for statement in statements(ddl()):
        line = shape(statement)
        assert fits(line), line
        seen.add(rule(line))
    assert seen == set(GRAMMAR)


@pytest.mark.parametrize("kind", sorted(REFUSED))
def test_the_grammar_refuses_what_is_wrong(ddl, kind):
    lines = [shape(statement) for statement in statements(ddl())]
    lines = [line for line in lines if rule(line) == kind]
    for right, wrong in REFUSED[kind]:
        changed = [line.replace(right, wrong, 1) for line in lines if right in line]
        assert changed, (kind, right)
        for line in changed:
            assert not re.fullmatch(GRAMMAR[kind], line), line


def test_everything_may_be_run_again(ddl):
    for statement in statements(ddl()):
        line = shape(statement)
        assert "REPLACE" not in line and "DROP" not in line and "TRUNCATE" not in line
        assert not line.startswith("CREATE") or "IF NOT EXISTS" in line, line


def test_names_are_the_configurations_or_the_options(ddl):
    text = ddl()
    for name in ('"ANALYTICS"."My Schema"."MERGE_CURRENT_WEATHER"', 'WAREHOUSE = "WH"',
                 'TO ROLE "LOADER"', 'STORAGE_INTEGRATION = "S3_INT"',
                 '@"ANALYTICS"."My Schema"."LANDING"/current_weather/',
                 "'arn:aws:iam::123456789012:role/snow'", "'s3://acme-landing/raw/zone/'"):
        assert name in text, name
    other = ddl("--database", "D", "--warehouse", "W2", "--aws-role-arn", "arn:x")
    assert '"D"."My Schema"."LANDED_LOCATIONS"' in other and 'WAREHOUSE = "W2"' in other
    assert "'arn:x'" in other


def documents(text):
    """The JSON documents of the script's comments."""
    found, lines = [], [line[2:] for line in text.splitlines() if line.startswith("--")]
    for at, line in enumerate(lines):
        if line.startswith(" { "):
            for end in range(at + 1, len(lines) + 1):
                try:
                    found.append(json.loads("\n".join(lines[at:end])))
                    break
                except ValueError:
                    pass
            else:
                raise AssertionError(f"no JSON: {line}")
    return found


def test_a_collector_may_put_below_its_customer_and_nothing_else(ddl):
    policies = documents(ddl("--customers", "acme,ä b"))
    assert len(policies) == 5
    for policy, customer in zip(policies[-2:], ("acme", "%C3%A4%20b")):
        assert policy == {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Action": "s3:PutObject",
             "Resource": f"arn:aws:s3:::acme-landing/raw/zone/*/*/*/*/{customer}/*"}]}
    read, trust, notification = policies[:3]
    assert read["Statement"][0]["Resource"] == "arn:aws:s3:::acme-landing/raw/zone/*"
    assert trust["Statement"][0]["Action"] == "sts:AssumeRole"
    rules = notification["QueueConfigurations"][0]["Filter"]["Key"]["FilterRules"]
    assert rules == [{"Name": "prefix", "Value": "raw/zone/"}]


def test_the_customer_is_the_configurations(ddl):
    assert documents(ddl())[-1]["Statement"][0]["Resource"].endswith("/a%2Fb%27c/*")


def test_encryption_by_kms_asks_for_its_rights(ddl):
    text = ddl(config=CONFIG.replace("region:", "encryption: { kms_key_id: 'arn:k' }, region:"))
    assert [len(policy["Statement"]) for policy in documents(text) if "Statement" in policy] == [
        3, 1, 2]


# --- what the emulator can run ---

@pytest.fixture(scope="module")
def snowflake(tmp_path_factory):
    with emulator.start(tmp_path_factory.mktemp("snowflake")) as running:
        yield running


def task_statements(text, table):
    body = re.search(rf'CREATE TASK IF NOT EXISTS \S+"MERGE_{table}".*?\$\$\nBEGIN\n(.*?)\$\$',
                     text, re.DOTALL)[1]
    return [part.strip() for part in body.split(";\n")]


def run(snowflake, text, table, rows):
    """The task's MERGE, with a table in the stream's place."""
    stream = f'"ANALYTICS"."MOVEWORKS"."NEW_{table}"'
    snowflake.rows(f'CREATE OR REPLACE TABLE {stream} ("RECORD" VARIANT, "FILE_NAME" VARCHAR, '
                   '"FILE_ROW_NUMBER" NUMBER)')
    for number, (file, row) in enumerate(rows):
        literal = json.dumps(row).replace("'", "''")
        snowflake.rows(f"INSERT INTO {stream} SELECT PARSE_JSON('{literal}'), '{file}', {number}")
    merge = [part for part in task_statements(text, table) if "MERGE INTO" in part][0]
    # Snowflake wants letters of a format in quotes, the emulator does not know such quotes.
    return snowflake.rows(merge[merge.index("MERGE"):].replace('"T"', "T").replace('"Z"', "Z"))


def test_the_merge_keeps_the_newest_row_of_a_key(ddl, snowflake):
    text = ddl("--database", "ANALYTICS", "--schema", "MOVEWORKS")
    for statement in text.split(";\n"):
        if 'CREATE TABLE IF NOT EXISTS "ANALYTICS"."MOVEWORKS"."CURRENT_WEATHER"' in statement:
            snowflake.rows(statement[statement.index("CREATE"):])
    def row(hour, temperature, **more):
        return {"CUSTOMER_ID": "acme", "LOCATION_ID": "hel",
                "OBSERVED_AT": "2026-11-23T00:00:00.000000Z", "TEMPERATURE": temperature,
                "FETCHED_AT": f"2026-11-23T{hour:02}:00:00.000000Z", "EXTRA": None, **more}
    def table():
        return snowflake.rows('SELECT "CUSTOMER_ID", "TEMPERATURE" FROM '
                              '"ANALYTICS"."MOVEWORKS"."CURRENT_WEATHER" ORDER BY 1')
    run(snowflake, text, "CURRENT_WEATHER", [
        ("a", row(1, 1.5)), ("a", row(3, 3.5)), ("b", row(2, 2.5)),
        ("b", row(1, 9, CUSTOMER_ID=None)), ("b", row(1, 8, OBSERVED_AT="soon"))])
    assert [tuple(found) for found in table()] == [("acme", 3.5)]
    run(snowflake, text, "CURRENT_WEATHER", [("c", row(2, 0.5))])
    assert [tuple(found) for found in table()] == [("acme", 3.5)]
    run(snowflake, text, "CURRENT_WEATHER", [("c", row(4, 4.5)),
                                             ("c", row(1, 7.5, CUSTOMER_ID="b"))])
    assert [tuple(found) for found in table()] == [("acme", 4.5), ("b", 7.5)]


# --- other destinations ---

def test_the_sql_of_a_warehouse_makes_its_tables(ddl):
    text = ddl(config="version: 1\npipeline: p\nsource: { connector: moveworks }\n"
                      "destination: { duckdb: x.duckdb }\n")
    db = duckdb.connect()
    db.execute(text)
    tables = {name for name, in db.execute("SELECT table_name FROM information_schema.tables")
              .fetchall()}
    assert {"FIRN_STATE", "FIRN_FILES", "MOVEWORKS_USERS"} <= tables
    assert "CURRENT_WEATHER" not in tables


def test_a_folder_needs_no_sql(firn):
    firn.write("firn.yaml", "version: 1\npipeline: p\ndestination: { folder: out }\n")
    done = firn("ddl")
    assert done.code == 2 and "firn load" in done.err, done
