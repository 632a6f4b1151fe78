"""The views against the same numbers computed without SQL, out of the records as the API gives
them: random ones of the API's shapes, and the vendor's sample responses. The latter are not part of
this repository: FIRN_SAMPLES names a folder that holds conversations.json, interactions.json,
plugin-calls.json, plugin-resources.json and users.json."""

import collections
import datetime
import decimal
import fractions
import json
import os
import pathlib
import random
import zoneinfo

import pytest

from views_store import Store, TABLES, default_lists, key

SAMPLES = os.environ.get("FIRN_SAMPLES")
STREAMS = ("conversations", "interactions", "plugin-calls", "plugin-resources", "users")
# Fields whose columns have other names; all others only become upper case.
RENAMED = {
    "detail": "DETAILS", "created_time": "CREATED_AT", "last_updated_time": "LAST_UPDATED_AT",
    "access_to_bot": "HAS_ACCESS_TO_BOT", "first_interaction_time": "FIRST_INTERACTION_AT",
    "latest_interaction_time": "LAST_INTERACTION_AT",
}


# --- records ---

def sampled():
    if SAMPLES is None:
        pytest.skip("FIRN_SAMPLES does not name a folder with the vendor's samples")
    return {stream: json.loads((pathlib.Path(SAMPLES) / f"{stream}.json").read_text())["value"]
            for stream in STREAMS}


def made(seed):
    """Few ids, names and moments, so that ties, repeats and orphans are frequent."""
    pick = random.Random(seed)

    def stamp(days=5):
        moment = datetime.datetime(2025, 8, 1) + datetime.timedelta(
            days=pick.randrange(days), minutes=pick.choice([0, 1, 420, 419, 1109, 1110, 720, 1439]))
        return moment.isoformat(timespec="milliseconds") + "Z"

    def common(n):
        return {"id": f"{n:04x}", "user_id": f"u{pick.randrange(8)}", "created_time": stamp(),
                "conversation_id": f"c{pick.randrange(34)}", "last_updated_time": stamp()}

    def interaction(n):
        label = pick.choice([None, None, "feedback", "feedback", "handoff", "file_ticket"])
        said = {"feedback": ["HELPFUL", "UNHELPFUL", None], "file_ticket": ["RITM1", None],
                "handoff": ["File IT Ticket", "File an IT Ticket", "Live agent chat request"]}
        return {**common(n), "label": label, "actor": pick.choice(["bot", "user"]),
                "platform": pick.choice(["slack", "msteams"]), "type": pick.choice(["A", "B"]),
                "detail": {"detail": pick.choice(said.get(label, ["HELPFUL", None]))}}

    def call(n):
        served = pick.random() < 0.6
        record = {**common(n), "served": served, "used": served and pick.random() < 0.6,
                  "plugin_name": pick.choice(["Forms", "Knowledge Base", "Enterprise Search"])}
        waited = datetime.timedelta(milliseconds=pick.randrange(200000))
        update = moment(record["created_time"]) + waited
        return {**record, "plugin_update_time": update.isoformat()[:19] + f".{n:03d}Z"}

    def resource(n):
        return {**common(n), "resource_id": f"a{pick.randrange(6)}", "cited": pick.random() < 0.4,
                "interaction_id": f"i{pick.randrange(40)}",
                "type": pick.choice(["RESOURCE_TYPE_KNOWLEDGE"] * 3 + ["RESOURCE_TYPE_FILE"]),
                "detail": pick.choice([None, {"name": None}, {"name": ""}] +
                                      [{"name": f"name {pick.randrange(99)}"}] * 2)}

    conversations = [{"id": f"c{n}", "created_time": stamp(),
                      "route": pick.choice(["DM", "Ticket"]),
                      "primary_domain": pick.choice([None, "IT", "HR"])} for n in range(30)]
    users = [{"id": f"u{n}", "access_to_bot": pick.random() < 0.8,
              "first_interaction_time": stamp(9)} for n in range(11)]
    return dict(zip(STREAMS, (conversations, [interaction(n) for n in range(200)],
                              [call(n) for n in range(90)], [resource(n) for n in range(150)],
                              users)))


def loaded(samples):
    store = Store()
    store.db.execute("BEGIN")
    for stream, records in samples.items():
        table = "MOVEWORKS_" + stream.replace("-", "_").upper()
        for record in records:
            cells = {RENAMED.get(field, field.upper()): value.rstrip("Z")
                     if field.endswith("_time") else value for field, value in record.items()}
            store.add(table, **{name: cell for name, cell in cells.items()
                                if name in TABLES[table]})
    store.db.execute("COMMIT")
    return store


@pytest.fixture(scope="module", params=["samples", 1, 2, 3])
def both(request):
    records = sampled() if request.param == "samples" else made(request.param)
    return records, loaded(records)


# --- what is expected, out of the records ---

def percent(part, whole):
    if not whole:
        return 0.0
    exact = fractions.Fraction(100 * part, whole) * 100
    return float((exact.numerator * 2 + exact.denominator) // (exact.denominator * 2)) / 100


def percentile(values, fraction):
    values = sorted(values)
    at = fractions.Fraction(fraction) * (len(values) - 1)
    low = int(at)
    high = min(low + 1, len(values) - 1)
    exact = values[low] + (values[high] - values[low]) * (at - low)
    return float(round(decimal.Decimal(exact.numerator) / exact.denominator, 6))


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def microseconds(begin, end):
    return (moment(end) - moment(begin)) // datetime.timedelta(microseconds=1)


def detail(record, member):
    return record["detail"].get(member) if isinstance(record["detail"], dict) else None


class Truth:
    """One method a view: its rows, out of lists and dictionaries."""

    def __init__(self, samples, zone):
        self.zone = zoneinfo.ZoneInfo(zone)
        self.conversations, self.interactions, self.calls, self.resources, self.users = (
            samples[stream] for stream in STREAMS)
        self.lists = default_lists()

    def day(self, record, field="created_time"):
        return str(moment(record[field]).astimezone(self.zone).date())

    def groups(self, records, *fields):
        groups = collections.defaultdict(list)
        for record in records:
            groups[(self.day(record), *(record[field] for field in fields))].append(record)
        return groups.items()

    def rated(self, rating):
        return {i["conversation_id"] for i in self.interactions
                if i["label"] == "feedback" and detail(i, "detail") == rating}

    def ticketed(self):
        return {i["conversation_id"] for i in self.interactions if i["label"] == "file_ticket"
                or i["label"] == "handoff" and detail(i, "detail") in self.lists["ticket_plugins"]}

    def v_total_conversations(self):
        return [(len(group), day, route, domain) for (day, route, domain), group
                in self.groups(self.conversations, "route", "primary_domain")]

    def v_total_interactions(self):
        return [(len(group), len({i["conversation_id"] for i in group}), *names) for names, group
                in self.groups(self.interactions, "platform", "type", "actor")]

    def v_active_users(self):
        return [(len({i["user_id"] for i in group}), *names) for names, group
                in self.groups(self.interactions, "platform")]

    def name_of(self, article, cited):
        for candidates in (cited, [r for r in self.resources if r["resource_id"] == article
                                   and r["type"] == "RESOURCE_TYPE_KNOWLEDGE"]):
            named = [(r["created_time"], r["id"], detail(r, "name")) for r in candidates
                     if detail(r, "name")]
            if named:
                return max(named)[2]
        return article

    def v_knowledge_performance(self):
        cited = [r for r in self.resources if r["cited"] and r["type"] == "RESOURCE_TYPE_KNOWLEDGE"]
        outcomes = self.rated("HELPFUL"), self.rated("UNHELPFUL"), self.ticketed()
        rows = []
        for (day, article), group in self.groups(cited, "resource_id"):
            conversations = {r["conversation_id"] for r in group}
            rows.append((self.name_of(article, group), len({r["interaction_id"] for r in group}),
                         *(len(conversations & outcome) for outcome in outcomes), day))
        return rows

    def v_daily_summary(self):
        helped = {p["conversation_id"] for p in self.calls
                  if p["used"] and p["plugin_name"] in self.lists["knowledge_plugins"]}
        conversations = dict(self.groups(self.conversations))
        interactions = dict(self.groups(self.interactions))
        rows = []
        for day in conversations.keys() | interactions.keys():
            begun, said = conversations.get(day, []), interactions.get(day, [])
            success = sum(c["id"] in helped for c in begun)
            rows.append((*day, len(begun), len(said), len({i["user_id"] for i in said}), success,
                         percent(success, len(begun))))
        return rows

    def v_user_feedback(self):
        helpful, unhelpful = self.rated("HELPFUL"), self.rated("UNHELPFUL")
        counts = collections.Counter(
            "Helpful" if c["id"] in helpful else "Unhelpful" if c["id"] in unhelpful
            else "No feedback submitted" for c in self.conversations)
        return [(status, n, percent(n, counts.total())) for status, n in counts.items()]

    def v_plugin_usage(self):
        rows = []
        for names, group in self.groups(self.calls, "plugin_name"):
            served, used = sum(p["served"] for p in group), sum(p["used"] for p in group)
            rows.append((*names, len(group), served, used, percent(used, served)))
        return rows

    def v_plugin_latency(self):
        rows = []
        for names, group in self.groups(self.calls, "plugin_name"):
            seconds = [fractions.Fraction(microseconds(p["created_time"], p["plugin_update_time"]),
                                          1000000) for p in group]
            rows.append((*names, len(group), percentile(seconds, "1/2"),
                         percentile(seconds, "19/20")))
        return rows

    def v_adoption(self):
        enabled = sum(u["access_to_bot"] for u in self.users)
        rows = []
        for (day,), group in self.groups(self.interactions):
            active = len({i["user_id"] for i in group})
            new = sum(self.day(u, "first_interaction_time") == day for u in self.users)
            rows.append((day, active, enabled, percent(active, enabled), new))
        return rows

    def v_citation_rate(self):
        rows = []
        for names, group in self.groups(self.resources, "type"):
            cited = sum(r["cited"] for r in group)
            rows.append((*names, len(group), cited, percent(cited, len(group))))
        return rows

    def v_route_domain_mix(self):
        totals = {day: len(group) for day, group in self.groups(self.conversations)}
        return [(*names, len(group), percent(len(group), totals[names[:1]])) for names, group
                in self.groups(self.conversations, "route", "primary_domain")]


VIEWS = [name.upper() for name in vars(Truth) if name.startswith("v_")]


@pytest.mark.parametrize("timezone", ["UTC", "US/Pacific", "Asia/Kolkata"])
@pytest.mark.parametrize("view", VIEWS)
def test_the_view_is_right_to_the_row(both, view, timezone):
    records, store = both
    expected = getattr(Truth(records, timezone), view.lower())()
    assert store.rows(view, timezone=timezone) == sorted(expected, key=key)


def test_all_records_were_loaded(both):
    for stream, records in both[0].items():
        table = "MOVEWORKS_" + stream.replace("-", "_").upper()
        assert both[1].db.execute(f'SELECT count(*) FROM "{table}"').fetchone() == (len(records),)
