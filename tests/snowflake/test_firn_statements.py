"""What firn says to Snowflake, out of the emulator's record: what no emulator can refuse. Order,
borders of transactions, the words of each statement, how many of them, and what the session is
told with the login."""

import logging
import re

import grammar
import pytest
import sqlglot
from piping import END, MARCH, Snow, e2e, firn_sim

logging.getLogger("sqlglot").setLevel(logging.ERROR)
START = "2026-03-25"
# The driver's own for one array.
INGEST = ["SELECT", "CREATE STAGE", "PUT", "COPY", "SELECT"]


@pytest.fixture(scope="module")
def march():
    with firn_sim.start("--interactions", 300, "--page-size", 100, *MARCH) as running:
        yield running


@pytest.fixture(scope="module")
def said(shared, march, tmp_path_factory):
    """Everything that firn can be made to say: loads of new, known and refused rows, views, looks,
    checks, a reset. Its statements are in `said.all`."""
    shared.settings(schemas=["STAGING"])
    pipe = Snow(e2e.Firn(tmp_path_factory.mktemp("said")), march, shared,
                keys={"staging_schema": "STAGING"})
    for args in (["check"], ["initial-load", "--from", START, "--to", END],
                 ["initial-load", "--from", START, "--to", END, "--again"], ["check"],
                 ["query", "SELECT DETAILS FROM MOVEWORKS_USERS LIMIT 1"], ["validate"],
                 ["status", "--deep"], ["views"], ["reset", "--yes"]):
        done = pipe(*args)
        assert done.code in (0, 1, 2), done
    pipe.read('ALTER TABLE "MOVEWORKS_USERS" DROP COLUMN "EMAIL_ADDR"')
    assert pipe.load(START, END).code == 0
    pipe.all, pipe.logins = pipe.statements(), shared.logins(pipe.since)
    pipe.uploads = shared.uploads(pipe.since)
    pipe.committed = [one for one in pipe.transactions() if len(one) > 2]
    return pipe


def test_everything_is_said_in_statements_that_snowflake_s_grammar_knows(said):
    kinds, others = set(), set()
    for one in said.all:
        tree = None
        if one["kind"] not in grammar._KINDS:
            tree = sqlglot.parse_one(one["text"], read="snowflake")
            assert not isinstance(tree, sqlglot.exp.Command), one["text"]
            assert not list(tree.find_all(sqlglot.exp.Command)), one["text"]
            kinds.add(one["kind"])
        else:
            grammar.check(one["text"], one["kind"])
            others.add(one["kind"])
        assert ";" not in re.sub(r"'(?:[^']|'')*'", "", one["text"]), one["text"]
    assert {"MERGE", "CREATE TABLE", "CREATE VIEW", "SELECT", "ALTER TABLE", "DROP TABLE",
            "USE SCHEMA"} <= kinds
    assert {"CREATE STAGE", "COPY", "PUT", "ALTER SESSION", "SHOW GRANTS"} == others


@pytest.mark.parametrize("text", [
    "CREATE OR REPLACE STAGE", "CREATE STAGE S FILE_FORMAT = (TYPE = PARKET)",
    "CREATE STAGE S FILE_FORMAT = (TYPE = PARQUET USE_LOGICAL_TYPE = YES)",
    "CREATE STAGE S FILE_FORMAT = (TYPE = PARQUET", "CREATE OR REPLACE STAGE IF NOT EXISTS S",
    "CREATE STAGE S FILE_FORMAT = (TYPE = PARQUET) FILE_FORMAT = (TYPE = PARQUET)",
    "COPY INTO T", "COPY INTO T FROM S", "COPY INTO IDENTIFIER(x) FROM @S",
    "COPY INTO T FROM @S MATCH_BY_COLUMN_NAME = ANY_CASE", "COPY INTO T FROM @S ON_ERROR",
    "PUT /tmp/x @S", "PUT 'file:///tmp/x' S", "PUT 'file:///tmp/x' @S OVERWRITE = 1",
    "PUT 'file:///tmp/x' @S OVERWRITE", "ALTER SESSION SET AUTOCOMMIT", "ALTER SESSION AUTOCOMMIT",
    "ALTER SESSION SET AUTOCOMIT = true", "SHOW GRANTS TO ROLE", "SHOW GRANTS TO ROLE A B",
    "SHOW GRANTS TO ROLL A", "UNLOAD T", "PUT 'file:///tmp/x' @S; DROP TABLE T"])
def test_the_grammar_refuses_what_is_not_in_the_reference(text):
    with pytest.raises(grammar.Refused):
        grammar.check(text)


def test_the_grammar_takes_what_is_in_the_reference():
    for text in ("CREATE STAGE IF NOT EXISTS A.B.\"c\" FILE_FORMAT = (TYPE = PARQUET"
                 " COMPRESSION=SNAPPY) COMMENT = 'it''s'", "CREATE TEMP STAGE S",
                 "COPY INTO IDENTIFIER('T') FROM @~/x/y FILE_FORMAT = (TYPE = PARQUET) PURGE=TRUE",
                 "PUT file:///tmp/x @A.B OVERWRITE = TRUE PARALLEL = 4",
                 "alter session set autocommit = true", 'SHOW GRANTS TO ROLE "a b"'):
        grammar.check(text)


def test_transactions_hold_dml_alone_in_this_order(said):
    loads = [one for one in said.committed if any(each["kind"] == "MERGE" for each in one)]
    assert len(loads) == 3 and len(said.committed) == 4  # two, another, and the reset before it
    for transaction in loads:
        assert [one["kind"] for one in transaction[:1] + transaction[-1:]] == ["BEGIN", "COMMIT"]
        targets = []
        for one in transaction[1:-1]:
            assert one["kind"] == "MERGE" and not one["error"], one["text"]
            targets.append(re.match(r'MERGE INTO "(\w+)"', one["text"])[1])
        state = ["FIRN_WINDOWS", "FIRN_STATE", "FIRN_RUNS"]
        assert targets[-3:] == state and not set(targets[:-3]) & set(state)
        assert len(set(targets)) == len(targets)


def test_nothing_but_merges_stands_between_the_first_merge_and_commit(said):
    """By the order of the record alone, whatever transaction the emulator took a statement for:
    also in the transactions that were rolled back."""
    inside, seen = {}, 0
    for one in said.all:
        if one["kind"] in ("COMMIT", "ROLLBACK"):
            inside.pop(one["session"], None)
        elif one["kind"] == "MERGE":
            inside[one["session"]] = True
            seen += 1
        else:
            assert one["session"] not in inside, one["text"]
    assert seen and not inside


def test_no_transaction_is_ended_by_ddl_or_left_open(said):
    assert not [one["text"] for one in said.all if one.get("committed") == "implicit"]
    assert said.snow.sessions() == []


def test_rows_are_counted_before_the_transaction_begins(said):
    """Ingest has lost rows in silence before."""
    checked, staged = set(), set()
    for one in said.all:
        found = re.search(r'"(_FIRN_STAGE_\w+)"', one["text"])
        name = found and found[1]
        if one["kind"] == "CREATE TABLE" and name:
            assert name not in staged and one["text"].startswith("CREATE TEMPORARY TABLE")
            staged.add(name)
        elif one["kind"] == "SELECT" and name and "SELECT COUNT(*)" in one["text"]:
            assert one["transaction"] is None
            checked.add(name)
        elif one["kind"] == "MERGE" and name:
            assert name in checked, one["text"]
    assert staged and checked == staged
    dropped = {re.search(r'"(_FIRN_STAGE_\w+)"', one["text"])[1] for one in said.all
               if one["kind"] == "DROP TABLE"}
    assert dropped == staged


def test_a_batch_costs_no_more_statements_than_it_must(firn, march, snow):
    pipe = Snow(firn, march, snow, streams=["conversations"], beside="  create_views: false\n")
    assert pipe.load("2026-03-01", "2026-03-10").code == 0
    pipe.forget()
    assert pipe.load("2026-03-11", "2026-03-20").code == 0
    kinds = [one["kind"] for one in pipe.statements()]
    begin = kinds.index("CREATE TABLE")
    assert kinds[:begin] == ["SELECT"] * begin and begin <= 3, kinds
    assert kinds[begin:] == [
        "CREATE TABLE", *INGEST, "SELECT", "BEGIN", "ALTER SESSION", "MERGE", "MERGE", "MERGE",
        "MERGE", "COMMIT", "BEGIN", "COMMIT", "ALTER SESSION", "DROP TABLE"], kinds
    targets = [re.match(r'MERGE INTO "(\w+)"', one["text"])[1]
               for one in pipe.statements(kinds={"MERGE"})]
    assert targets == ["MOVEWORKS_CONVERSATIONS", "FIRN_WINDOWS", "FIRN_STATE", "FIRN_RUNS"]


def test_sessions_are_told_what_a_loader_needs(said):
    assert said.logins
    for login in said.logins:
        parameters = login["parameters"]
        assert parameters["QUERY_TAG"] == "firn moveworks", parameters
        assert parameters["TIMEZONE"] == "UTC" and parameters["LOCK_TIMEOUT"] in (600, "600")
        assert str(parameters["ABORT_DETACHED_QUERY"]).lower() == "true"
        assert parameters["TIMESTAMP_TYPE_MAPPING"] == "TIMESTAMP_NTZ"
        assert str(parameters["QUOTED_IDENTIFIERS_IGNORE_CASE"]).lower() == "false"
        assert str(parameters["STATEMENT_TIMEOUT_IN_SECONDS"]) == "7200"
        assert login["namespace"] == {"database": "ANALYTICS", "schema": said.schema,
                                      "warehouse": "LOADING", "role": "LOADER"}


def test_one_array_is_one_file_one_upload_and_one_copy(said):
    copies = [one for one in said.all if one["kind"] == "COPY"]
    puts = [one for one in said.all if one["kind"] == "PUT"]
    assert len(copies) == len(puts) == len(said.uploads) > 0


def test_customers_text_is_in_no_statement(said):
    """Rows come in by Arrow: no text of theirs is quoted into SQL."""
    names = {record["email_addr"] for record in said.sim.truth("users")} - {None, ""}
    assert names and not [one["text"] for one in said.all
                          if any(name in one["text"] for name in names)]


def test_the_log_tells_what_was_used_of_the_warehouse(said):
    assert re.search(r"Snowflake.*\d+ statements", said.log()), said.log()[-2000:]
