"""The built-in views, rule by rule: each phrase of the manual's table has a test here that fails
when the rule is broken. The rows are few and made by hand, the expected results are literals."""

import pytest
import sqlglot
from sqlglot import exp

from views_store import TABLES, Store, default_lists, translate

COLUMNS = {
    "V_TOTAL_CONVERSATIONS": "TOTAL_CONVERSATIONS CONVERSATION_DATE ROUTE PRIMARY_DOMAIN",
    "V_TOTAL_INTERACTIONS": "TOTAL_INTERACTIONS UNIQUE_CONVERSATIONS INTERACTION_DATE PLATFORM "
                            "TYPE ACTOR",
    "V_ACTIVE_USERS": "ACTIVE_USERS ACTIVITY_DATE PLATFORM",
    "V_KNOWLEDGE_PERFORMANCE": "KNOWLEDGE_NAME TIMES_CITED HELPFUL_FEEDBACK UNHELPFUL_FEEDBACK "
                               "TICKETS_FILED REPORT_DATE",
    "V_DAILY_SUMMARY": "ACTIVITY_DATE TOTAL_CONVERSATIONS TOTAL_INTERACTIONS ACTIVE_USERS "
                       "KNOWLEDGE_SUCCESS KNOWLEDGE_SUCCESS_RATE",
    "V_USER_FEEDBACK": "FEEDBACK_STATUS CONVERSATION_COUNT FEEDBACK_PERCENTAGE",
    "V_PLUGIN_USAGE": "USAGE_DATE PLUGIN_NAME CALLS SERVED USED USE_RATE",
    "V_PLUGIN_LATENCY": "USAGE_DATE PLUGIN_NAME CALLS P50_SECONDS P95_SECONDS",
    "V_ADOPTION": "ACTIVITY_DATE ACTIVE_USERS ENABLED_USERS ADOPTION_RATE NEW_USERS",
    "V_CITATION_RATE": "REPORT_DATE TYPE RESOURCES CITED CITATION_RATE",
    "V_ROUTE_DOMAIN_MIX": "CONVERSATION_DATE ROUTE PRIMARY_DOMAIN CONVERSATIONS SHARE",
}
DATED = sorted(set(COLUMNS) - {"V_USER_FEEDBACK"})
MOVEWORKS = sorted(COLUMNS)


@pytest.fixture
def store():
    return Store()


def everything(store, at="2025-08-01 12:00:00"):
    """One of each, so that every view has one row."""
    store.conversation("c1", at, ROUTE="DM", PRIMARY_DOMAIN="IT")
    store.interaction("i1", "c1", at)
    store.call("p1", "c1", at, PLUGIN_UPDATE_TIME=at)
    store.resource("r1", "c1", at)
    store.user("u1", True, at)


# --- all views ---

def test_there_are_exactly_the_views_of_the_manual():
    views = translate("duckdb")
    assert [name for name in sorted(views) if name in COLUMNS] == MOVEWORKS


@pytest.mark.parametrize("view", MOVEWORKS)
def test_columns_stand_in_the_manuals_order_in_upper_case(store, view):
    everything(store)
    store.create(view)
    columns = store.db.execute(f'DESCRIBE "{view}"').fetchall()
    assert [column[0] for column in columns] == COLUMNS[view].split()


@pytest.mark.parametrize("view", MOVEWORKS)
def test_types_are_those_that_every_client_reads(store, view):
    """Counts are 64-bit integers, rates and seconds doubles: no HUGEINT, no DECIMAL."""
    store.create(view)
    for name, kind, *_ in store.db.execute(f'DESCRIBE "{view}"').fetchall():
        if name.endswith("_DATE"):
            assert kind == "DATE", name
        elif name.endswith(("_RATE", "_PERCENTAGE", "_SECONDS")) or name == "SHARE":
            assert kind == "DOUBLE", name
        else:
            assert kind in ("BIGINT", "VARCHAR"), name


@pytest.mark.parametrize("view", MOVEWORKS)
def test_a_view_over_empty_tables_is_empty(store, view):
    assert store.rows(view) == []


@pytest.mark.parametrize("view", DATED)
@pytest.mark.parametrize("timezone, at, day", [
    ("UTC", "2025-08-02 06:59:59.999", "2025-08-02"),
    ("US/Pacific", "2025-08-02 06:59:59.999", "2025-08-01"),  # UTC-7 in summer
    ("US/Pacific", "2025-08-02 07:00:00", "2025-08-02"),
    ("US/Pacific", "2025-01-02 07:59:59.999", "2025-01-01"),  # UTC-8 in winter
    ("Asia/Kolkata", "2025-08-01 18:29:59.999", "2025-08-01"),
    ("Asia/Kolkata", "2025-08-01 18:30:00", "2025-08-02"),
])
def test_days_are_those_of_the_configured_zone(store, view, timezone, at, day):
    everything(store, at)
    store.db.execute("SET TimeZone = 'Asia/Tokyo'")  # the client's zone changes nothing
    name = [column for column in COLUMNS[view].split() if column.endswith("_DATE")]
    assert store.rows(view, *name, timezone=timezone) == [(day,)]


@pytest.mark.parametrize("view", DATED)
def test_what_has_no_time_has_no_day_and_is_not_counted(store, view):
    everything(store, None)
    assert store.rows(view) == []


@pytest.mark.parametrize("view", MOVEWORKS)
def test_a_prefix_stands_in_front_of_tables_and_views(view):
    store = Store("acme_")
    everything(store)
    assert len(store.rows(view)) == 1
    for dialect in ("duckdb", "snowflake"):
        assert '"MOVEWORKS_' not in translate(dialect, prefix="acme_")[view][2]


@pytest.mark.parametrize("view", MOVEWORKS)
def test_appended_tables_are_read_by_their_newest_versions(store, view):
    """Every row has an older version, loaded later, with other values all over."""
    everything(store)
    expected = store.rows(view)
    for table, columns in TABLES.items():
        # The key stays; every other column is emptied or moved ten days back.
        cells = ", ".join('"ID"' if name == "ID" else f'"{name}" - INTERVAL 10 DAY'
                          if kind == "TIMESTAMP" else "NULL" for name, kind in columns.items())
        store.db.execute(f"""UPDATE "{table}" SET "LAST_UPDATED_AT" = '2025-08-09 00:00:00'""")
        store.db.execute(f'INSERT INTO "{table}" SELECT {cells} FROM "{table}"')
        store.db.execute(f"""UPDATE "{table}" SET "LOAD_TIMESTAMP" = '2025-08-20 00:00:00'
                             WHERE "LAST_UPDATED_AT" < '2025-08-09'""")
    assert store.rows(view, append=list(TABLES)) == expected
    assert store.db.execute('SELECT count(*) FROM "MOVEWORKS_USERS"').fetchone() == (2,)


def test_a_version_without_a_stamp_is_never_the_newest(store):
    store.conversation("c1", ROUTE="DM", LAST_UPDATED_AT="2025-08-02 00:00:00")
    store.conversation("c1", ROUTE="Ticket", LAST_UPDATED_AT=None)
    assert store.rows("V_TOTAL_CONVERSATIONS", "ROUTE", "TOTAL_CONVERSATIONS",
                      append=["MOVEWORKS_CONVERSATIONS"]) == [("DM", 1)]


def test_a_view_survives_a_column_that_the_table_gains(store):
    everything(store)
    store.create("V_DAILY_SUMMARY", append=list(TABLES))
    store.db.execute('ALTER TABLE "MOVEWORKS_INTERACTIONS" ADD COLUMN "LATER" VARCHAR')
    assert len(store.select('SELECT * FROM "V_DAILY_SUMMARY"')) == 1


@pytest.mark.parametrize("view", MOVEWORKS)
def test_snowflakes_text_is_snowflakes_dialect_with_every_column_quoted(view):
    for timezone in ("UTC", "US/Pacific"):
        _, tables, sql = translate("snowflake", timezone, append=["MOVEWORKS_USERS"])[view]
        tree = sqlglot.parse_one(sql, dialect="snowflake")
        assert isinstance(tree, exp.Select)
        for column in tree.find_all(exp.Column):
            assert column.this.quoted and column.name == column.name.upper(), column.sql()
        for alias in tree.find_all(exp.Alias):
            assert alias.args["alias"].quoted and alias.alias == alias.alias.upper(), alias.sql()
        read = {table.name for table in tree.find_all(exp.Table) if table.this.quoted}
        assert read == set(tables)


def test_comments_say_in_one_line_what_a_view_is():
    comments = [translate("duckdb")[view][0] for view in MOVEWORKS]
    assert all(20 < len(comment) <= 100 and comment.endswith(".") for comment in comments)
    assert len(set(comments)) == len(comments)


def test_the_lists_have_the_names_that_tenants_use_by_default():
    assert default_lists() == {
        "knowledge_plugins": ["Knowledge Base", "Enterprise Search"],
        "ticket_plugins": ["File IT Ticket", "File an IT Ticket"],
    }


@pytest.mark.parametrize("counted, of, percentage", [
    (1, 3, 33.33), (2, 3, 66.67), (1, 1, 100.0), (0, 7, 0.0),
    (1, 32, 3.13),   # 3.125: half away from zero
    (1, 20000, 0.01),  # 0.005
    (201, 20000, 1.01),  # 1.005, which as a double lies below
])
def test_percentages_have_two_digits_rounded_half_away_from_zero(store, counted, of, percentage):
    store.db.execute(f"""
        INSERT INTO "MOVEWORKS_PLUGIN_RESOURCES" ("ID", "TYPE", "CITED", "CREATED_AT")
        SELECT n, 'T', n < {counted}, TIMESTAMP '2025-08-01 12:00:00' FROM range({of}) AS t(n)""")
    assert store.rows("V_CITATION_RATE", "CITATION_RATE") == [(percentage,)]


# --- V_TOTAL_CONVERSATIONS, V_ROUTE_DOMAIN_MIX ---

def mixed(store):
    store.conversation("c1", "2025-08-01 00:00:00", ROUTE="DM", PRIMARY_DOMAIN="IT")
    store.conversation("c2", "2025-08-01 23:59:59.999", ROUTE="DM", PRIMARY_DOMAIN="IT")
    store.conversation("c3", "2025-08-01 12:00:00", ROUTE="DM", PRIMARY_DOMAIN="HR")
    store.conversation("c4", "2025-08-01 12:00:00", ROUTE="Notification")
    store.conversation("c5", "2025-08-02 00:00:00", ROUTE="DM", PRIMARY_DOMAIN="IT")


def test_conversations_are_counted_by_day_route_and_domain(store):
    mixed(store)
    assert store.rows("V_TOTAL_CONVERSATIONS") == [
        (1, "2025-08-01", "DM", "HR"),
        (1, "2025-08-01", "Notification", None),
        (1, "2025-08-02", "DM", "IT"),
        (2, "2025-08-01", "DM", "IT"),
    ]


def test_share_is_the_percentage_of_the_days_conversations(store):
    mixed(store)
    assert store.rows("V_ROUTE_DOMAIN_MIX") == [
        ("2025-08-01", "DM", "HR", 1, 25.0),
        ("2025-08-01", "DM", "IT", 2, 50.0),
        ("2025-08-01", "Notification", None, 1, 25.0),
        ("2025-08-02", "DM", "IT", 1, 100.0),
    ]


# --- V_TOTAL_INTERACTIONS, V_ACTIVE_USERS ---

def test_interactions_are_counted_by_day_platform_type_and_actor(store):
    for id, conversation, at, platform, type, actor in [
        ("i1", "c1", "2025-08-01 10:00:00", "slack", "T", "user"),
        ("i2", "c1", "2025-08-01 10:00:00", "slack", "T", "user"),
        ("i3", "c2", "2025-08-01 10:00:00", "slack", "T", "user"),
        ("i4", "c1", "2025-08-01 10:00:00", "slack", "T", "bot"),
        ("i5", "c1", "2025-08-01 10:00:00", "slack", "U", "user"),
        ("i6", "c1", "2025-08-01 10:00:00", "msteams", "T", "user"),
        ("i7", "c1", "2025-08-02 10:00:00", "slack", "T", "user"),
    ]:
        store.interaction(id, conversation, at, PLATFORM=platform, TYPE=type, ACTOR=actor)
    assert store.rows("V_TOTAL_INTERACTIONS") == [
        (1, 1, "2025-08-01", "msteams", "T", "user"),
        (1, 1, "2025-08-01", "slack", "T", "bot"),
        (1, 1, "2025-08-01", "slack", "U", "user"),
        (1, 1, "2025-08-02", "slack", "T", "user"),
        (3, 2, "2025-08-01", "slack", "T", "user"),
    ]


def test_an_active_user_counts_once_a_day_and_platform(store):
    store.interaction("i1", USER_ID="u1", PLATFORM="slack")
    store.interaction("i2", USER_ID="u1", PLATFORM="slack", ACTOR="bot")
    store.interaction("i3", USER_ID="u2", PLATFORM="slack", ACTOR="bot")
    store.interaction("i4", USER_ID="u1", PLATFORM="msteams")
    store.interaction("i5", at="2025-08-02 12:00:00", USER_ID="u1", PLATFORM="slack")
    store.interaction("i6", USER_ID=None, PLATFORM="slack")
    store.interaction("i7", USER_ID=None, PLATFORM="movewebchat")
    assert store.rows("V_ACTIVE_USERS") == [
        (1, "2025-08-01", "msteams"),
        (1, "2025-08-02", "slack"),
        (2, "2025-08-01", "slack"),
    ]


# --- V_KNOWLEDGE_PERFORMANCE ---

KNOWLEDGE = "V_KNOWLEDGE_PERFORMANCE"


def test_only_cited_resources_of_type_knowledge_are_articles(store):
    store.resource("r1", RESOURCE_ID="a1")
    store.resource("r2", RESOURCE_ID="a2", CITED=False)
    store.resource("r3", RESOURCE_ID="a3", CITED=None)
    store.resource("r4", RESOURCE_ID="a4", TYPE="RESOURCE_TYPE_FILE")
    store.resource("r5", RESOURCE_ID="a5", TYPE="RESOURCE_TYPE_INTERNAL_KNOWLEDGE")
    store.resource("r6", RESOURCE_ID=None)
    assert store.rows(KNOWLEDGE) == [("a1", 1, 0, 0, 0, "2025-08-01")]


def test_two_articles_of_one_name_are_two_rows(store):
    store.resource("r1", RESOURCE_ID="a1", DETAILS={"name": "VPN"}, INTERACTION_ID="i1")
    store.resource("r2", RESOURCE_ID="a2", DETAILS={"name": "VPN"}, INTERACTION_ID="i1")
    store.resource("r3", RESOURCE_ID="a2", DETAILS={"name": "VPN"}, INTERACTION_ID="i2")
    assert store.rows(KNOWLEDGE, "KNOWLEDGE_NAME", "TIMES_CITED") == [("VPN", 1), ("VPN", 2)]


def test_one_article_under_two_names_is_one_row_a_day(store):
    store.resource("r1", RESOURCE_ID="a1", DETAILS={"name": "VPN"}, INTERACTION_ID="i1")
    store.resource("r2", RESOURCE_ID="a1", DETAILS={"name": "VPN 2"}, INTERACTION_ID="i2",
                   at="2025-08-01 13:00:00")
    store.resource("r3", RESOURCE_ID="a1", DETAILS={"name": "VPN 3"}, INTERACTION_ID="i3",
                   at="2025-08-02 13:00:00")
    assert store.rows(KNOWLEDGE, "KNOWLEDGE_NAME", "TIMES_CITED", "REPORT_DATE") == [
        ("VPN 2", 2, "2025-08-01"), ("VPN 3", 1, "2025-08-02")]


@pytest.mark.parametrize("details", [None, {}, {"name": None}, {"name": ""}, [], "VPN"])
def test_an_article_without_any_name_is_called_by_its_id(store, details):
    store.resource("r1", RESOURCE_ID="a1", DETAILS=details)
    assert store.rows(KNOWLEDGE, "KNOWLEDGE_NAME") == [("a1",)]


def test_a_missing_name_is_the_newest_known_for_that_id(store):
    """By the resource's CREATED_AT, not by the order of loading; uncited ones know it too."""
    store.resource("r1", RESOURCE_ID="a1", DETAILS={"name": None}, at="2025-08-02 12:00:00")
    store.resource("r2", RESOURCE_ID="a1", DETAILS={"name": "newest"}, at="2025-08-04 12:00:00",
                   CITED=False, LAST_UPDATED_AT="2025-08-05 00:00:00")
    store.resource("r3", RESOURCE_ID="a1", DETAILS={"name": "older"}, at="2025-08-03 12:00:00",
                   CITED=False, LAST_UPDATED_AT="2025-08-09 00:00:00")
    store.resource("r4", RESOURCE_ID="a2", DETAILS={"name": "another"}, at="2025-08-09 12:00:00",
                   CITED=False)
    assert store.rows(KNOWLEDGE, "KNOWLEDGE_NAME") == [("newest",)]


def test_a_name_of_its_own_goes_before_a_newer_one_of_another_day(store):
    store.resource("r1", RESOURCE_ID="a1", DETAILS={"name": "then"}, at="2025-08-01 12:00:00")
    store.resource("r2", RESOURCE_ID="a1", DETAILS={"name": "now"}, at="2025-08-05 12:00:00")
    assert store.rows(KNOWLEDGE, "REPORT_DATE", "KNOWLEDGE_NAME") == [
        ("2025-08-01", "then"), ("2025-08-05", "now")]


def test_a_day_with_a_name_keeps_it_where_a_later_citation_has_none(store):
    store.resource("r1", RESOURCE_ID="a1", DETAILS={"name": "kept"}, at="2025-08-01 12:00:00")
    store.resource("r2", RESOURCE_ID="a1", DETAILS={"name": None}, at="2025-08-01 13:00:00")
    store.resource("r3", RESOURCE_ID="a1", DETAILS={"name": "later"}, at="2025-08-02 12:00:00")
    assert store.rows(KNOWLEDGE, "REPORT_DATE", "KNOWLEDGE_NAME") == [
        ("2025-08-01", "kept"), ("2025-08-02", "later")]


def test_a_name_that_only_an_uncited_resource_of_that_day_has_is_not_its_own(store):
    store.resource("r1", RESOURCE_ID="a1", DETAILS={"name": "cited"}, at="2025-08-01 12:00:00")
    store.resource("r2", RESOURCE_ID="a1", DETAILS={"name": "uncited"}, CITED=False,
                   at="2025-08-01 13:00:00")
    assert store.rows(KNOWLEDGE, "KNOWLEDGE_NAME") == [("cited",)]


def test_of_two_names_of_one_moment_the_same_one_is_always_taken(store):
    for id, name in [("r2", "B"), ("r3", "A"), ("r1", "C")]:
        store.resource(id, RESOURCE_ID="a1", DETAILS={"name": name}, at="2025-08-02 12:00:00")
        store.resource("u" + id, RESOURCE_ID="a2", DETAILS={"name": name}, CITED=False)
    store.resource("r9", RESOURCE_ID="a2", DETAILS=None)
    assert store.rows(KNOWLEDGE, "REPORT_DATE", "KNOWLEDGE_NAME") == [
        ("2025-08-01", "A"), ("2025-08-02", "A")]


def test_other_types_that_use_the_same_id_give_no_name(store):
    store.resource("r1", RESOURCE_ID="0", DETAILS=None)
    store.resource("r2", RESOURCE_ID="0", DETAILS={"name": "error.txt"}, TYPE="RESOURCE_TYPE_FILE")
    assert store.rows(KNOWLEDGE, "KNOWLEDGE_NAME") == [("0",)]


def test_times_cited_counts_distinct_interactions(store):
    """Chunks of one article in one answer are one citation."""
    store.resource("r1", INTERACTION_ID="i1")
    store.resource("r2", INTERACTION_ID="i1")
    store.resource("r3", INTERACTION_ID="i2")
    store.resource("r4", INTERACTION_ID="i3", CITED=False)
    assert store.rows(KNOWLEDGE, "TIMES_CITED") == [(2,)]


def test_feedback_columns_count_distinct_conversations(store):
    """c1 is helpful twice; c2 both ways; c3 unhelpful twice; c4 neither; c5 cited nothing."""
    for n, conversation in enumerate(["c1", "c1", "c2", "c3", "c3", "c4"]):
        store.resource(f"r{n}", conversation, INTERACTION_ID=f"i{n}")
    for n, (conversation, rating) in enumerate([
        ("c1", "HELPFUL"), ("c1", "HELPFUL"), ("c2", "HELPFUL"), ("c2", "UNHELPFUL"),
        ("c3", "UNHELPFUL"), ("c3", "UNHELPFUL"), ("c4", "NEUTRAL"), ("c4", None),
        ("c5", "HELPFUL"), ("c5", "UNHELPFUL"),
    ]):
        store.feedback(f"f{n}", conversation, rating)
    assert store.rows(KNOWLEDGE) == [("a1", 6, 2, 2, 0, "2025-08-01")]


def test_feedback_is_that_label_only(store):
    store.resource("r1", "c1")
    store.interaction("i1", "c1", LABEL="mw_form", DETAILS={"detail": "HELPFUL"})
    store.interaction("i2", "c1", LABEL=None, DETAILS={"detail": "UNHELPFUL"})
    store.interaction("i3", "c1", LABEL="file_ticket", DETAILS={"detail": "HELPFUL"})
    assert store.rows(KNOWLEDGE, "HELPFUL_FEEDBACK", "UNHELPFUL_FEEDBACK") == [(0, 0)]


def test_feedback_of_a_later_day_belongs_to_the_articles_of_its_conversation(store):
    store.resource("r1", "c1", at="2025-08-01 12:00:00")
    store.feedback("f1", "c1", "HELPFUL", at="2025-08-03 12:00:00")
    assert store.rows(KNOWLEDGE, "REPORT_DATE", "HELPFUL_FEEDBACK") == [("2025-08-01", 1)]


@pytest.mark.parametrize("label, detail, tickets", [
    ("file_ticket", "RITM0010536", 1),  # the ticket's number
    ("file_ticket", None, 1),
    ("handoff", "File IT Ticket", 1),
    ("handoff", "File an IT Ticket", 1),
    ("handoff", "Live agent chat request", 0),
    ("handoff", "file it ticket", 0),
    ("handoff", None, 0),
    ("mw_form", "File IT Ticket", 0),
    (None, "File IT Ticket", 0),
])
def test_a_ticket_is_file_ticket_or_a_handoff_of_ticket_plugins(store, label, detail, tickets):
    store.resource("r1", "c1")
    store.interaction("i1", "c1", LABEL=label, DETAILS={"detail": detail})
    assert store.rows(KNOWLEDGE, "TICKETS_FILED") == [(tickets,)]


def test_tickets_filed_counts_distinct_conversations(store):
    for n, conversation in enumerate(["c1", "c1", "c2", "c3"]):
        store.resource(f"r{n}", conversation, INTERACTION_ID=f"i{n}")
    for n, conversation in enumerate(["c1", "c1", "c2", "c4"]):
        store.interaction(f"t{n}", conversation, LABEL="file_ticket")
    assert store.rows(KNOWLEDGE, "TICKETS_FILED") == [(2,)]


def test_which_handoffs_are_tickets_is_the_configurations(store):
    store.resource("r1", "c1")
    store.interaction("i1", "c1", LABEL="handoff", DETAILS={"detail": r"Bob's \ ticket"})
    assert store.rows(KNOWLEDGE, "TICKETS_FILED") == [(0,)]
    lists = {"ticket_plugins": [r"Bob's \ ticket"]}
    assert store.rows(KNOWLEDGE, "TICKETS_FILED", lists=lists) == [(1,)]


# --- V_DAILY_SUMMARY ---

SUMMARY = "V_DAILY_SUMMARY"


def test_the_summary_counts_conversations_interactions_and_distinct_users(store):
    store.conversation("c1")
    store.conversation("c2")
    store.interaction("i1", "c1", USER_ID="u1", PLATFORM="slack")
    store.interaction("i2", "c1", USER_ID="u1", PLATFORM="msteams")
    store.interaction("i3", "c2", USER_ID="u2")
    store.interaction("i4", "c2", USER_ID=None)
    assert store.rows(SUMMARY) == [("2025-08-01", 2, 4, 2, 0, 0.0)]


def test_a_day_on_which_no_conversation_began_has_a_row_with_zeros(store):
    store.conversation("c1", "2025-08-01 23:59:00")
    store.interaction("i1", "c1", "2025-08-01 23:59:00")
    store.interaction("i2", "c1", "2025-08-02 00:01:00")
    assert store.rows(SUMMARY) == [
        ("2025-08-01", 1, 1, 1, 0, 0.0), ("2025-08-02", 0, 1, 1, 0, 0.0)]


def test_a_conversation_without_interactions_counts(store):
    store.conversation("c1")
    assert store.rows(SUMMARY) == [("2025-08-01", 1, 0, 0, 0, 0.0)]


def test_knowledge_success_is_the_percentage_of_the_days_conversations(store):
    """c1 used one twice, c2 another, c3 was only served, c4 used none of them."""
    for id in ("c1", "c2", "c3", "c4", "c5", "c6"):
        store.conversation(id)
    store.call("p1", "c1", PLUGIN_NAME="Knowledge Base")
    store.call("p2", "c1", PLUGIN_NAME="Knowledge Base")
    store.call("p3", "c2", PLUGIN_NAME="Enterprise Search")
    store.call("p4", "c3", PLUGIN_NAME="Enterprise Search", USED=False)
    store.call("p5", "c3", PLUGIN_NAME="Enterprise Search", USED=None)
    store.call("p6", "c4", PLUGIN_NAME="Forms")
    assert store.rows(SUMMARY, "TOTAL_CONVERSATIONS", "KNOWLEDGE_SUCCESS",
                      "KNOWLEDGE_SUCCESS_RATE") == [(6, 2, 33.33)]


def test_the_day_of_a_success_is_the_conversations(store):
    store.conversation("c1", "2025-08-01 23:59:00")
    store.conversation("c2", "2025-08-02 12:00:00")
    store.call("p1", "c1", "2025-08-02 00:01:00", PLUGIN_NAME="Knowledge Base")
    assert store.rows(SUMMARY, "ACTIVITY_DATE", "KNOWLEDGE_SUCCESS", "KNOWLEDGE_SUCCESS_RATE") == [
        ("2025-08-01", 1, 100.0), ("2025-08-02", 0, 0.0)]


def test_which_plugins_are_knowledge_is_the_configurations(store):
    store.conversation("c1")
    store.call("p1", "c1", PLUGIN_NAME="Docs, 'old'")
    lists = {"knowledge_plugins": ["Docs, 'old'"]}
    assert store.rows(SUMMARY, "KNOWLEDGE_SUCCESS") == [(0,)]
    assert store.rows(SUMMARY, "KNOWLEDGE_SUCCESS", lists=lists) == [(1,)]


def test_empty_lists_match_nothing(store):
    store.conversation("c1")
    store.call("p1", "c1", PLUGIN_NAME="Knowledge Base")
    store.call("p2", "c1", PLUGIN_NAME=None)
    store.call("p3", "c1", PLUGIN_NAME="")
    store.resource("r1", "c1")
    store.interaction("i1", "c1", LABEL="handoff", DETAILS={"detail": "File IT Ticket"})
    store.interaction("i2", "c1", LABEL="handoff", DETAILS={"detail": None})
    store.interaction("i3", "c1", LABEL="handoff", DETAILS={"detail": ""})
    lists = {"knowledge_plugins": [], "ticket_plugins": []}
    assert store.rows(SUMMARY, "KNOWLEDGE_SUCCESS", "KNOWLEDGE_SUCCESS_RATE",
                      lists=lists) == [(0, 0.0)]
    assert store.rows(KNOWLEDGE, "TICKETS_FILED", lists=lists) == [(0,)]


# --- V_USER_FEEDBACK ---

FEEDBACK = "V_USER_FEEDBACK"


def test_every_conversation_has_one_status_and_helpful_wins(store):
    """c1 helpful; c2 both, the unhelpful one last; c3 unhelpful twice; c4 other feedback; c5 no
    feedback; c6 no interaction at all; c7 has no time."""
    for id in ("c1", "c2", "c3", "c4", "c5", "c6"):
        store.conversation(id)
    store.conversation("c7", None)
    store.feedback("f1", "c1", "HELPFUL")
    store.feedback("f2", "c2", "HELPFUL")
    store.feedback("f3", "c2", "UNHELPFUL", at="2025-08-02 12:00:00")
    store.feedback("f4", "c3", "UNHELPFUL")
    store.feedback("f5", "c3", "UNHELPFUL")
    store.feedback("f6", "c4", "NEUTRAL")
    store.interaction("i1", "c5", LABEL="mw_form", DETAILS={"detail": "HELPFUL"})
    store.feedback("f7", "elsewhere", "HELPFUL")
    assert store.rows(FEEDBACK) == [
        ("Helpful", 2, 28.57), ("No feedback submitted", 4, 57.14), ("Unhelpful", 1, 14.29)]


def test_without_any_feedback_all_conversations_are_without(store):
    store.conversation("c1")
    store.conversation("c2")
    store.interaction("i1", "c1")
    assert store.rows(FEEDBACK) == [("No feedback submitted", 2, 100.0)]


# --- V_PLUGIN_USAGE, V_PLUGIN_LATENCY ---

def test_plugin_usage_counts_calls_served_and_used(store):
    store.call("p1", PLUGIN_NAME="Forms", SERVED=True, USED=True)
    store.call("p2", PLUGIN_NAME="Forms", SERVED=True, USED=False)
    store.call("p3", PLUGIN_NAME="Forms", SERVED=True, USED=False)
    store.call("p4", PLUGIN_NAME="Forms", SERVED=False, USED=False)
    store.call("p5", PLUGIN_NAME="Forms", SERVED=None, USED=None)
    store.call("p6", PLUGIN_NAME="Docs", SERVED=False, USED=False)
    store.call("p7", at="2025-08-02 12:00:00", PLUGIN_NAME="Forms")
    assert store.rows("V_PLUGIN_USAGE") == [
        ("2025-08-01", "Docs", 1, 0, 0, 0.0),
        ("2025-08-01", "Forms", 5, 3, 1, 33.33),
        ("2025-08-02", "Forms", 1, 1, 1, 100.0),
    ]


def test_latency_is_the_continuous_percentile_of_seconds(store):
    for n, update in enumerate(["12:00:01.000", "12:00:02.500", "12:00:10.000", "12:01:40.000"]):
        store.call(f"p{n}", PLUGIN_UPDATE_TIME=f"2025-08-01 {update}")
    store.call("p8", PLUGIN_NAME="Forms", PLUGIN_UPDATE_TIME=None)
    store.call("p9", PLUGIN_NAME="Docs", PLUGIN_UPDATE_TIME="2025-08-03 12:00:00.000001")
    store.call("p10", PLUGIN_NAME="Mail", PLUGIN_UPDATE_TIME=None)
    # between 2.5 and 10: 6.25; at place 0.95 * 3 = 2.85 between 10 and 100: 86.5
    assert store.rows("V_PLUGIN_LATENCY") == [
        ("2025-08-01", "Docs", 1, 172800.000001, 172800.000001),
        ("2025-08-01", "Forms", 5, 6.25, 86.5),
        ("2025-08-01", "Mail", 1, None, None),
    ]


# --- V_ADOPTION ---

def test_adoption_is_active_users_against_those_with_access(store):
    for n in range(1, 7):
        store.user(f"u{n}", access=n <= 3)
    store.user("u7", access=None)
    store.interaction("i1", USER_ID="u1")
    store.interaction("i2", USER_ID="u1")
    store.interaction("i3", USER_ID="u2")
    store.interaction("i4", USER_ID=None)
    store.interaction("i5", at="2025-08-02 12:00:00", USER_ID="u1")
    assert store.rows("V_ADOPTION") == [
        ("2025-08-01", 2, 3, 66.67, 0), ("2025-08-02", 1, 3, 33.33, 0)]


def test_new_users_are_those_whose_first_interaction_is_on_that_day(store):
    """u3 came before the loaded days, u4 never; a day without interactions gets no row."""
    store.user("u1", first="2025-08-01 00:00:00")
    store.user("u2", first="2025-08-01 23:59:59.999")
    store.user("u3", first="2024-08-01 12:00:00")
    store.user("u4", first=None)
    store.user("u5", first="2025-08-02 00:00:00", access=False)
    for n, day in enumerate(["01", "02", "03"]):
        store.interaction(f"i{n}", at=f"2025-08-{day} 12:00:00", USER_ID="u3")
    assert store.rows("V_ADOPTION", "ACTIVITY_DATE", "NEW_USERS") == [
        ("2025-08-01", 2), ("2025-08-02", 1), ("2025-08-03", 0)]


def test_without_anybody_enabled_adoption_is_0(store):
    store.interaction("i1")
    assert store.rows("V_ADOPTION") == [("2025-08-01", 1, 0, 0.0, 0)]


# --- V_CITATION_RATE ---

def test_citation_rate_is_the_percentage_of_the_days_resources_of_a_type(store):
    for n, (type, cited, day) in enumerate([
        ("RESOURCE_TYPE_FILE", True, "01"), ("RESOURCE_TYPE_FILE", False, "01"),
        ("RESOURCE_TYPE_FILE", None, "01"), ("RESOURCE_TYPE_FILE", True, "02"),
        ("RESOURCE_TYPE_FORM", False, "01"),
    ]):
        store.resource(f"r{n}", at=f"2025-08-{day} 12:00:00", TYPE=type, CITED=cited)
    assert store.rows("V_CITATION_RATE") == [
        ("2025-08-01", "RESOURCE_TYPE_FILE", 3, 1, 33.33),
        ("2025-08-01", "RESOURCE_TYPE_FORM", 1, 0, 0.0),
        ("2025-08-02", "RESOURCE_TYPE_FILE", 1, 1, 100.0),
    ]
