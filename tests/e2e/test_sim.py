"""The simulated Moveworks API itself: what other tests build on must stand."""

import collections
import datetime
import gzip
import json
import os
import re
import socket
import statistics
import subprocess
import time

import pytest

import firn_sim

ENTITIES = ["conversations", "interactions", "plugin-calls", "plugin-resources", "users"]
UNTIL = ["--until", "2026-03-31"]
DAY = datetime.timedelta(days=1)


def between(start, end, field="last_updated_time"):
    return f"{field} ge '{start}' and {field} lt '{end}'"


@pytest.fixture(scope="module")
def shared():
    """One that no test changes."""
    with firn_sim.start(*UNTIL, "--interactions", 3000, "--page-size", 200) as sim:
        yield sim


@pytest.fixture(scope="module")
def everything(shared):
    return {entity: shared.records(entity) for entity in ENTITIES}


@pytest.fixture
def sim():
    """One that a test may change."""
    with firn_sim.start(*UNTIL, "--interactions", 2000, "--page-size", 100) as sim:
        yield sim


# --- always the same ---

def test_same_options_give_the_same_bytes_in_any_order_of_asking():
    targets = [f"{entity}{query}" for entity in ENTITIES
               for query in ("", "?$orderby=id", "?$orderby=id%20desc&$top=3", "/$count")]

    def ask(order):
        with firn_sim.start(*UNTIL, "--interactions", 2000) as sim:
            return {target: sim.get(target, headers={"Host": "api.example"}).body
                    for target in order}

    assert ask(targets) == ask(list(reversed(targets)))


def test_another_seed_is_another_organisation(shared):
    with firn_sim.start(*UNTIL, "--interactions", 3000, "--seed", 2) as other:
        ids = {record["id"] for record in other.records("interactions")}
    assert ids.isdisjoint(record["id"] for record in shared.records("interactions"))


# --- questions and pages ---

@pytest.mark.parametrize("entity", ENTITIES)
def test_pages_hold_every_record_once(shared, everything, entity):
    records = everything[entity]
    assert len(records) == len({record["id"] for record in records}) == shared.count(entity)
    sizes = [len(page["value"]) for page in shared.pages(entity)]
    assert all(size == 200 for size in sizes[:-1]) and 0 < sizes[-1] <= 200


def test_the_link_is_absolute_opaque_and_on_the_host_that_was_asked(shared):
    page = shared.get("interactions", headers={"Host": "api.example:99"}).json
    assert list(page) == ["@odata.context", "value", "@odata.nextLink"]
    assert re.fullmatch(r"http://api\.example:99/export/v1/records/interactions"
                        r"\?\$skiptoken=[A-Za-z0-9_-]+", page["@odata.nextLink"])
    assert "@odata.nextLink" not in list(shared.pages("interactions"))[-1]


def test_a_link_with_other_options_or_a_changed_token_is_refused(shared):
    link = shared.get("interactions").json["@odata.nextLink"]
    assert shared.get(link).status == 200
    assert shared.get(link + "&$top=5").status == 400
    assert shared.get(link[:-1] + ("A" if link[-1] != "A" else "B")).status == 400


def test_an_empty_answer_has_no_value(shared):
    page = shared.get("users" + shared.query(filter="last_updated_time gt "
                                             "'2030-01-01T00:00:00Z'")).json
    assert list(page) == ["@odata.context"]


def test_the_older_path_answers_too(shared):
    answer = shared.get("/export/v1beta2/records/users")
    assert answer.json["@odata.context"].endswith("/export/v1beta2/records/$metadata#users")


@pytest.mark.parametrize("entity", ENTITIES)
def test_filters_count_to_the_boundary(shared, everything, entity):
    stamps = sorted(record["last_updated_time"] for record in everything[entity])
    middle = stamps[len(stamps) // 2]
    for operator, expected in {
            "ge": sum(s >= middle for s in stamps), "gt": sum(s > middle for s in stamps),
            "le": sum(s <= middle for s in stamps), "lt": sum(s < middle for s in stamps),
            "eq": stamps.count(middle)}.items():
        text = f"last_updated_time {operator} '{middle}'"
        assert shared.count(entity, text) == expected, operator
        assert len(shared.records(entity, filter=text)) == expected, operator


@pytest.mark.parametrize("entity", ENTITIES[:4])
def test_a_filter_on_created_time_cuts_through_a_day(shared, everything, entity):
    times = sorted(record["created_time"] for record in everything[entity])
    low, high = times[len(times) // 3], times[len(times) // 2]
    got = shared.records(entity, filter=between(low, high, "created_time"))
    assert sorted(record["created_time"] for record in got) == \
        [t for t in times if low <= t < high]


@pytest.mark.parametrize("text", [
    "id eq 'x'", "last_updated_time ge 2026-03-01T00:00:00Z", "last_updated_time ge '2026-03-01'",
    "last_updated_time ge '2026-03-01T00:00:00'", "last_updated_time ne '2026-03-01T00:00:00Z'",
    "last_updated_time ge '2026-03-01T00:00:00Z' or last_updated_time lt '2026-03-01T00:00:00Z'",
    "last_updated_time ge '2026-03-01T00:00:00Z", "last_updated_time", "and", "(", "",
    "created_time ge '2026-03-01T00:00:00Z'"])
def test_other_filters_are_refused_with_a_message(shared, text):
    answer = shared.get("users" + shared.query(filter=text))
    assert answer.status == 400
    assert set(answer.json) == {"code", "message"} and answer.json["message"]


def test_parentheses_and_offsets_are_understood(shared):
    plain = between("2026-03-10T00:00:00Z", "2026-03-12T00:00:00Z")
    other = ("(last_updated_time ge '2026-03-10T02:00:00+02:00') and "
             "(last_updated_time lt '2026-03-12T00:00:00.000000Z')")
    assert shared.count("interactions", plain) == shared.count("interactions", other) > 0


@pytest.mark.parametrize("query", ["$top=-1", "$top=x", "$skip=1.5", "$orderby=label",
                                   "$select=nothing", "$count=maybe", "$expand=users"])
def test_other_options_are_refused(shared, query):
    assert shared.get("interactions?" + query).status == 400


@pytest.mark.parametrize("entity", ENTITIES)
def test_order_by_id_is_that_of_the_text(shared, everything, entity):
    ids = sorted(record["id"] for record in everything[entity])
    assert [record["id"] for record in shared.records(entity, orderby="id")] == ids
    assert [record["id"] for record in shared.records(entity, orderby="id desc")] == ids[::-1]
    assert [record["id"] for record in everything[entity]] != ids


@pytest.mark.parametrize("entity", ENTITIES[:4])
def test_order_by_created_time(shared, entity):
    times = [record["created_time"] for record in shared.records(entity, orderby="created_time")]
    assert times == sorted(times)


def test_top_skip_count_and_select(shared, everything):
    ids = sorted(record["id"] for record in everything["interactions"])
    got = shared.records("interactions", orderby="id", top=450, skip=100)
    assert [record["id"] for record in got] == ids[100:550]
    assert shared.records("interactions", top=0) == []
    assert shared.get("interactions?$count=true").json["@odata.count"] == 3000
    record = shared.get("interactions?$select=id,detail&$top=1").json["value"][0]
    assert list(record) == ["detail", "id"]


def test_unknown_resources_and_methods_are_refused(shared):
    assert shared.get("tickets").status == 404
    assert shared.get("users/1").status == 404
    headers = {"Authorization": "Bearer test-token"}
    answer = shared.request("POST", "/export/v1/records/users", body="{}", headers=headers)
    assert answer.status == 405 and set(answer.json) == {"code", "message"}


# --- the records ---

def test_records_are_about_as_large_as_real_ones(shared):
    for entity, expected in {"conversations": 180, "interactions": 613, "plugin-calls": 316,
                             "plugin-resources": 746, "users": 1154}.items():
        sizes = [len(json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode())
                 for record in shared.records(entity)]
        assert expected * 0.9 < statistics.mean(sizes) < expected * 1.1, entity


def test_the_fields_are_those_of_the_api(everything):
    fields = {
        "conversations": "created_time id last_updated_time primary_domain route user_id",
        "interactions": "actor conversation_id created_time detail id label last_updated_time "
                        "parent_interaction_id platform type user_id",
        "plugin-calls": "conversation_id created_time id interaction_id last_updated_time "
                        "plugin_name plugin_update_time served used user_id",
        "plugin-resources": "cited conversation_id created_time detail id interaction_id "
                            "last_updated_time plugin_call_id resource_id type user_id",
        "users": "access_to_bot email_addr external_ids first_interaction_time first_name id "
                 "last_name last_updated_time latest_interaction_time user_preferred_language",
    }
    for entity, names in fields.items():
        kinds = collections.Counter(tuple(record) for record in everything[entity])
        assert kinds.most_common(1)[0][0] == tuple(names.split())
        others = {name for kind in kinds for name in kind} - set(names.split())
        assert others == ({"type", "detail"} if entity == "conversations" else set())
    for entity in ENTITIES:
        for record in everything[entity]:
            for name, value in record.items():
                if name.endswith("_time") and value is not None:
                    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", value)


def test_everything_refers_to_what_exists(everything):
    by_id = {entity: {record["id"]: record for record in everything[entity]}
             for entity in ENTITIES}
    for record in everything["conversations"]:
        assert record["user_id"] in by_id["users"]
    for record in everything["interactions"]:
        talk = by_id["conversations"][record["conversation_id"]]
        assert talk["user_id"] == record["user_id"]
        assert talk["created_time"] <= record["created_time"]
        assert (record["parent_interaction_id"] is None) == (record["actor"] == "user")
        if record["actor"] == "bot":
            parent = by_id["interactions"][record["parent_interaction_id"]]
            assert parent["actor"] == "user"
            assert parent["conversation_id"] == record["conversation_id"]
            assert parent["created_time"] <= record["created_time"]
    for entity in ("plugin-calls", "plugin-resources"):
        for record in everything[entity]:
            cause = by_id["interactions"][record["interaction_id"]]
            assert cause["actor"] == "user"
            assert cause["conversation_id"] == record["conversation_id"]
            assert cause["created_time"] <= record["created_time"]
    for record in everything["plugin-resources"]:
        if record["plugin_call_id"] is not None:
            call = by_id["plugin-calls"][record["plugin_call_id"]]
            assert call["interaction_id"] == record["interaction_id"]
    for record in everything["plugin-calls"]:
        assert record["plugin_update_time"] >= record["created_time"]


def share(records, condition):
    return sum(map(condition, records)) / len(records)


def test_nulls_and_values_are_mixed_as_in_real_data(everything):
    talks, said = everything["conversations"], everything["interactions"]
    calls, found = everything["plugin-calls"], everything["plugin-resources"]
    users = everything["users"]
    assert 0.06 < share(talks, lambda r: r["primary_domain"] is None) < 0.14
    assert 0.44 < share(said, lambda r: r["parent_interaction_id"] is None) < 0.55
    assert 0.96 < share(said, lambda r: r["label"] is None) < 0.995
    assert {r["label"] for r in said} >= {"file_ticket", "feedback", "handoff", "mw_form"}
    assert {r["type"] for r in said if r["label"]} == {"INTERACTION_TYPE_UIFORM_SUBMISSION"}
    assert {r["platform"] for r in said} == {"msteams", "slack", "movewebchat"}
    assert not any(r["used"] and not r["served"] for r in calls)
    assert 0.43 < share(found, lambda r: r["plugin_call_id"] is None) < 0.51
    assert 0.13 < share(found, lambda r: r["detail"] is None) < 0.19
    assert 0.09 < share(found, lambda r: r["cited"]) < 0.15
    assert len({r["type"] for r in found}) >= 12
    with_type = [r for r in talks if r.get("type")]
    assert with_type and all(r["route"] == "Notification" for r in with_type)
    assert any(r["access_to_bot"] is False and r["external_ids"] is None for r in users)


def test_ids_are_as_awkward_as_real_ones(everything):
    short = [r["id"] for entity in ENTITIES[:3] for r in everything[entity]]
    assert all(re.fullmatch(r"[A-Za-z0-9_-]{12}", i) for i in short)
    assert {"-", "_"} <= {i[0] for i in short}
    numbers = [int(r["id"]) for r in everything["users"]]
    assert all(2**53 < n < 2**64 for n in numbers)
    assert 0.2 < sum(n >= 2**63 for n in numbers) / len(numbers) < 0.6
    assert all(re.fullmatch(r"[0-9a-f]{32}", r["id"]) for r in everything["plugin-resources"])


def test_texts_are_as_awkward_as_real_ones(everything):
    text = "".join(json.dumps(r, ensure_ascii=False) for entity in ENTITIES
                   for r in everything[entity])
    for part in ("\u200b", "\ufeff", "\u00a0", "“", "🎉", "日本語", "\\\\", '\\"', "**", "\\n",
                 "\\t", "<br/>"):
        assert part in text, repr(part)
    assert not re.search("[\x00-\x1f]", text)


# --- publishing ---

def stamp_days(sim, entity):
    """data day -> stamps, by what the records say"""
    days = collections.defaultdict(set)
    for record in sim.records(entity):
        days[record["created_time"][:10]].add(record["last_updated_time"])
    return days


def test_a_day_is_told_the_day_after_with_one_stamp_an_entity(shared):
    seen = {entity: stamp_days(shared, entity) for entity in ENTITIES[:4]}
    hours = set()
    for entity, days in seen.items():
        assert min(days) == "2026-03-01" and max(days) == "2026-03-30"
        for day, stamps in days.items():
            assert len(stamps) == 1, (entity, day)
            after = datetime.date.fromisoformat(day) + DAY
            assert min(stamps).startswith(str(after))
            hours.add(min(stamps)[11:13])
    assert len(hours) > 3
    one_day = [min(seen[entity]["2026-03-10"]) for entity in seen]
    assert len(set(one_day)) == 4 and one_day == sorted(one_day)


def test_a_late_day_comes_out_of_order():
    with firn_sim.start(*UNTIL, "--interactions", 2000, "--late-day", "5:3",
                        "--late-day", "users:2026-03-07") as sim:
        days = stamp_days(sim, "interactions")
        assert min(days["2026-03-05"]).startswith("2026-03-09")
        assert min(days["2026-03-06"]).startswith("2026-03-07")
        assert min(days["2026-03-07"]).startswith("2026-03-08")
        late = [d for d in sim.days("users") if d["day"] == "2026-03-07"]
        assert late[0]["stamp"].startswith("2026-03-10")


def test_a_day_that_comes_again_has_a_new_stamp_and_changed_values():
    with firn_sim.start(*UNTIL, "--interactions", 4000, "--republish", "9:4") as sim:
        for entity in ENTITIES[:4]:
            versions = collections.defaultdict(list)
            for record in sim.records(entity):
                if record["created_time"].startswith("2026-03-09"):
                    versions[record["id"]].append(record)
            assert versions and all(len(v) == 2 for v in versions.values()), entity
            changed = 0
            for old, new in (sorted(v, key=lambda r: r["last_updated_time"])
                             for v in versions.values()):
                assert old["last_updated_time"].startswith("2026-03-10")
                assert new["last_updated_time"].startswith("2026-03-14")
                changed += {**old, "last_updated_time": 0} != {**new, "last_updated_time": 0}
            assert 0 < changed < len(versions), entity
            truth = sim.truth(entity)
            assert len(truth) == len({r["id"] for r in truth})
            newest = {i: max(v, key=lambda r: r["last_updated_time"])
                      for i, v in versions.items()}
            assert {r["id"]: r for r in truth if r["id"] in newest} == newest
            assert sim.count(entity) == len(truth) + len(versions)


def test_a_day_that_moves_leaves_nothing_behind():
    with firn_sim.start(*UNTIL, "--interactions", 2000, "--republish", "9:4:move") as sim:
        got = sim.records("interactions")
        assert len(got) == len({r["id"] for r in got}) == 2000
        assert not sim.count("interactions", between("2026-03-10T00:00:00Z",
                                                     "2026-03-11T00:00:00Z"))
        assert got and sorted(got, key=lambda r: r["id"]) == sim.truth("interactions")


def test_the_truth_of_a_range_is_the_newest_version_within_it():
    with firn_sim.start(*UNTIL, "--interactions", 2000, "--republish", "9:4") as sim:
        early = between("2026-03-01T00:00:00Z", "2026-03-12T00:00:00Z")
        truth = {r["id"]: r for r in sim.truth("interactions", early)}
        got = sim.records("interactions", filter=early)
        assert truth == {r["id"]: r for r in got} and len(got) == len(truth)
        assert firn_sim.run("--truth", "interactions", "--filter", early, *UNTIL,
                            "--interactions", 2000, "--republish", "9:4").stdout == \
            "".join(json.dumps(r, ensure_ascii=False, separators=(",", ":")) + "\n"
                    for r in sim.truth("interactions", early))


def test_time_passes_new_days_appear_and_old_ones_go(sim):
    before = sim.records("interactions")
    assert sim.clock().startswith("2026-04-01T00:00")
    sim.advance("1d")
    after = sim.records("interactions")
    assert {r["created_time"][:10] for r in after} - {r["created_time"][:10] for r in before} == \
        {"2026-03-31"}
    assert min(r["last_updated_time"] for r in before).startswith("2026-03-02")
    assert min(r["last_updated_time"] for r in after).startswith("2026-03-03")
    kept = {r["id"] for r in sim.truth("interactions", gone=True)}
    assert kept == {r["id"] for r in before} | {r["id"] for r in after}
    date = sim.get("users?$top=1").headers["Date"]
    assert date.startswith("Thu, 02 Apr 2026 00:0")
    assert sim.request("POST", "/sim/clock", body='{"advance":"90d"}').status == 400


def test_users_follow_what_they_did(sim):
    before = {r["id"]: r for r in sim.records("users")}
    sim.advance("1d")
    after = {r["id"]: r for r in sim.records("users")}
    active = {r["user_id"] for r in sim.records("conversations")
              if r["created_time"].startswith("2026-03-31")}
    assert active
    for user in active:
        assert after[user]["last_updated_time"].startswith("2026-04-01")
        assert after[user]["latest_interaction_time"].startswith("2026-03-31")
    for user in set(after) - active:
        assert after[user] == before[user]


def test_pages_show_what_could_be_seen_when_the_first_was_asked_for(sim):
    whole = [r["id"] for r in sim.records("interactions", orderby="id")]
    first = sim.get("interactions?$orderby=id").json
    got = [r["id"] for r in first["value"]]
    link = first["@odata.nextLink"]
    sim.set_clock(now="2026-04-02T23:00:00Z")  # two days came, one has gone
    while link is not None:
        page = sim.get(link).json
        got += [r["id"] for r in page["value"]]
        link = page.get("@odata.nextLink")
    assert set(got) == set(whole)


def test_a_frozen_clock_stands_still():
    with firn_sim.start(*UNTIL, "--interactions", 100, "--frozen") as sim:
        assert sim.clock() == "2026-04-01T00:00:00.000000Z"
        time.sleep(0.05)
        assert sim.clock() == "2026-04-01T00:00:00.000000Z"
        sim.set_clock(running=True)
        firn_sim.wait_until(lambda: sim.clock() > "2026-04-01T00:00:00.000000Z")


def test_until_now_shows_every_day():
    with firn_sim.start("--interactions", 500) as sim:
        assert sim.count("interactions") == 500


# --- sign-in ---

def token_body(**changes):
    return json.dumps({"client_id": "test-client", "client_secret": "test-secret",
                       "grant_type": "client_credentials", **changes})


def test_a_credential_is_needed(sim):
    for token in (None, "wrong", ""):
        answer = sim.get("users", token=token)
        assert answer.status == 401 and "message" in answer.json["error"]
    bare = sim.request("GET", "/export/v1/records/users", headers={"Authorization": "test-token"})
    assert bare.status == 401
    assert [entry["auth"] for entry in sim.log()] == ["none", "wrong", "wrong", "wrong"]


def test_tokens_are_given_and_end():
    with firn_sim.start(*UNTIL, "--interactions", 100, "--token-life", "1s") as sim:
        answer = sim.request("POST", "/oauth/v1/token", body=token_body())
        assert answer.status == 200 and answer.json["expires_in"] == 1
        token = answer.json["access_token"]
        assert sim.get("users", token=token).status == 200
        firn_sim.wait_until(lambda: sim.get("users", token=token).status == 401)
        assert sim.log()[-1]["auth"] == "expired"
        sim.revoke_tokens(life="1h")
        token = sim.request("POST", "/oauth/v1/token", body=token_body()).json["access_token"]
        assert sim.get("users", token=token).status == 200
        sim.revoke_tokens()
        assert sim.get("users", token=token).status == 401
        assert sim.stats()["tokens_given"] == 2


@pytest.mark.parametrize("body, status", [
    (token_body(client_secret="no"), 401), (token_body(client_id="no"), 401),
    (token_body(grant_type="password"), 400), ("grant_type=client_credentials", 400), ("", 400)])
def test_tokens_are_refused(shared, body, status):
    assert shared.request("POST", "/oauth/v1/token", body=body).status == status


def test_the_journal_tells_what_was_asked_and_no_secret(sim):
    sim.get("users?$top=3", headers={"User-Agent": "me/1"})
    sim.get("interactions/$count")
    text = json.dumps(sim.log())
    assert "test-token" not in text
    users, count = sim.log()
    assert (users["method"], users["path"], users["query"], users["status"], users["auth"],
            users["entity"], users["page"], users["rows"]) == \
        ("GET", "/export/v1/records/users", "$top=3", 200, "right", "users", 1, 3)
    assert users["headers"]["User-Agent"] == "me/1"
    assert users["headers"]["Authorization"] == "***"
    assert (count["path"], count["page"]) == ("/export/v1/records/interactions/$count", 0)
    assert sim.stats()["requests"] == 2 and sim.stats()["users"] == 3
    sim.forget()
    assert sim.log() == [] and sim.stats()["requests"] == 0


# --- faults ---

@pytest.mark.parametrize("code, style", [(401, "nested"), (403, "flat"), (404, "flat"),
                                         (429, "flat"), (500, "flat"), (502, "html"),
                                         (503, "text")])
def test_fault_status(sim, code, style):
    sim.fault("status", code=code, entity="users", times=1, retry_after=7, style=style)
    assert sim.get("interactions?$top=1").status == 200
    answer = sim.get("users")
    assert answer.status == code and answer.headers["Retry-After"] == "7"
    if style == "flat":
        assert set(answer.json) == {"code", "message"}
    elif style == "nested":
        assert set(answer.json["error"]) == {"code", "message"}
    elif style == "html":
        assert answer.headers["Content-Type"] == "text/html"
    assert sim.get("users").status == 200
    assert sim.log(status=code)[0]["faults"] == "status"


def test_faults_are_for_the_requests_they_name(sim):
    sim.fault("status", code=500, entity="interactions", page=2)
    sim.fault("status", code=501, match="2026-03-10T", times=1)
    sim.fault("status", code=503, entity="plugin-calls", nth=3)
    sim.fault("status", code=400, entity="users", on="count")
    sim.fault("status", code=429, on="token")
    first = sim.get("interactions").json
    assert sim.get(first["@odata.nextLink"]).status == 500
    assert sim.get("interactions").status == 200
    day = sim.query(filter=between("2026-03-10T00:00:00Z", "2026-03-11T00:00:00Z"))
    assert [sim.get("conversations" + day).status for _ in range(2)] == [501, 200]
    assert [sim.get("plugin-calls").status for _ in range(4)] == [200, 200, 503, 200]
    assert sim.get("users").status == 200 and sim.get("users/$count").status == 400
    assert sim.request("POST", "/oauth/v1/token", body=token_body()).status == 429
    assert [(f["kind"], f["fired"]) for f in sim.faults()] == \
        [("status", 1), ("status", 1), ("status", 1), ("status", 1), ("status", 1)]
    sim.heal()
    assert sim.get("users/$count").status == 200


def test_a_fault_by_chance_is_the_same_each_time():
    def statuses():
        with firn_sim.start(*UNTIL, "--interactions", 100,
                            "--fault", "status:code=503,probability=0.5") as sim:
            return [sim.get("users").status for _ in range(40)]
    first = statuses()
    assert first == statuses() and 8 < first.count(503) < 32


def raw(sim, target, timeout=20):
    """All bytes that come until the connection ends, and how it ended."""
    with socket.create_connection(("127.0.0.1", sim.port), timeout=timeout) as connection:
        connection.sendall(f"GET {sim.parts.path}/{target} HTTP/1.1\r\nHost: x\r\n"
                           "Connection: close\r\nAuthorization: Bearer test-token\r\n\r\n"
                           .encode())
        data = b""
        try:
            while piece := connection.recv(65536):
                data += piece
        except ConnectionResetError:
            return data, "reset"
        return data, "closed"


def test_fault_torn_says_more_than_it_sends(sim):
    sim.fault("torn", at="50%", times=1)
    data, end = raw(sim, "interactions")
    head, body = data.split(b"\r\n\r\n", 1)
    length = int(re.search(rb"Content-Length: (\d+)", head)[1])
    assert 0 < len(body) == length // 2 and end == "closed"


@pytest.mark.parametrize("at, some", [("0", False), ("50%", True)])
def test_fault_reset(sim, at, some):
    sim.fault("reset", at=at, times=1)
    data, end = raw(sim, "interactions")
    assert end == "reset" and bool(data) == some
    assert raw(sim, "interactions")[1] == "closed"


def test_fault_hang_and_delay_and_drip(sim):
    sim.fault("hang", at="10", seconds="0.3", times=1)
    sim.fault("delay", seconds="0.3", nth=2)
    sim.fault("drip", bytes=100, ms=30, nth=3, times=1)
    for _ in range(3):
        start = time.monotonic()
        answer = sim.get("users?$top=1")
        assert time.monotonic() - start >= 0.25 and answer.json["value"]
    fired = [fault["fired"] for fault in sim.faults()]
    sim.get("users?$top=1")
    assert [fault["fired"] for fault in sim.faults()] == fired, "the fourth is let through"


def test_a_hanging_answer_does_not_hold_up_the_end():
    with firn_sim.start(*UNTIL, "--interactions", 100) as sim:
        sim.fault("delay", seconds=3600)
        connection = sim.connection()
        connection.request("GET", "/export/v1/records/users",
                           headers={"Authorization": "Bearer test-token"})
        firn_sim.wait_until(lambda: sim.faults()[0]["fired"] == 1)
        assert sim.stop() == 0
        connection.close()


def test_fault_chunked(sim):
    sim.fault("chunked", times=1)
    answer = sim.get("users")
    assert answer.headers["Transfer-Encoding"] == "chunked" and answer.json["value"]


@pytest.mark.parametrize("kind, parameters", [
    ("half", {}), ("trailing", {"text": "}oops"}), ("html", {}), ("empty", {}),
    ("record", {"as": "control"})])
def test_faults_of_the_body_leave_no_json(sim, kind, parameters):
    sim.fault(kind, times=1, **parameters)
    answer = sim.get("interactions")
    assert answer.status == 200
    with pytest.raises(ValueError):
        json.loads(answer.body)
    assert sim.get("interactions").json["value"]


def test_fault_large_is_still_json(sim):
    sim.fault("large", mib=5, times=1)
    answer = sim.get("users")
    assert len(answer.body) > 5 << 20 and len(answer.json["value"]) > 10


def test_fault_next(sim):
    def link(**parameters):
        sim.heal()
        if parameters:
            sim.fault("next", **parameters)
        return sim.get("interactions").json

    right = link()["@odata.nextLink"]
    target = f"{sim.base}/interactions?"
    assert link(**{"as": "self"})["@odata.nextLink"] == target
    assert link(**{"as": "host", "host": "evil.example:8"})["@odata.nextLink"] == \
        right.replace(sim.host, "evil.example:8")
    assert "@odata.nextLink" not in link(**{"as": "none"})
    assert link(**{"as": "lower"})["odata.nextlink"] == right
    assert link(**{"as": "relative"})["@odata.nextLink"] == right.replace(sim.root, "")
    assert link(**{"as": "null"})["@odata.nextLink"] is None
    assert link(**{"as": "empty"})["@odata.nextLink"] == ""
    again = sim.get(link(**{"as": "to", "to": 1})["@odata.nextLink"]).json
    assert again["value"] == sim.get("interactions").json["value"]


def test_faults_of_rows(sim):
    def second(kind=None, **parameters):
        sim.heal()
        if kind:
            sim.fault(kind, page=2, entity="interactions", **parameters)
        pages = sim.pages("interactions", orderby="id")
        return next(pages)["value"], next(pages)["value"]

    first, right = second()
    assert second("again") == (first, first)
    assert second("double", rows=3) == (first, first[-3:] + right)
    assert second("drop", rows=3) == (first, right[3:])


def test_fault_value(sim):
    for way, expected in {"null": None, "object": {}, "text": "none"}.items():
        sim.fault("value", times=1, **{"as": way})
        assert sim.get("users").json["value"] == expected
    sim.fault("value", times=1)
    assert "value" not in sim.get("users").json


def test_fault_count(sim):
    right = sim.count("interactions")
    for parameters, expected in [({"add": 5}, str(right + 5)), ({"add": -5}, str(right - 5)),
                                 ({"text": "many"}, "many")]:
        sim.fault("count", times=1, **parameters)
        assert sim.get("interactions/$count").text == expected
    assert sim.count("interactions") == right == len(sim.records("interactions"))


def test_fault_redirect_and_date(sim):
    sim.fault("redirect", times=1, location="http://evil.example/x")
    answer = sim.get("users")
    assert (answer.status, answer.headers["Location"]) == (302, "http://evil.example/x")
    sim.fault("date", times=1)
    assert sim.get("users").headers["Date"] is None
    sim.fault("date", skew=-86400, times=1)
    assert sim.get("users").headers["Date"].startswith("Tue, 31 Mar 2026")


def spoiled(sim, way, entity="interactions", **parameters):
    sim.fault("record", entity=entity, times=1, **{"as": way, **parameters})
    body = sim.get(f"{entity}?$orderby=id").body
    right = sim.get(f"{entity}?$orderby=id").json["value"]
    return body, right


@pytest.mark.parametrize("entity", ENTITIES)
@pytest.mark.parametrize("way", ["text", "number", "null", "list", "noid", "nullid", "emptyid",
                                 "numberid", "nostamp", "badstamp", "types", "nul", "digits",
                                 "twice", "extra", "deep"])
def test_fault_record_spoils_one_record_and_no_other(sim, entity, way):
    body, right = spoiled(sim, way, entity)
    got = json.loads(body)["value"]
    assert got[1:] == right[1:] and len(got) == len(right)
    if way == "twice":
        assert got[0] == right[0] and b"an older twin" in body
    else:
        assert got[0] != right[0]
    expected = {"text": "no object", "number": 42, "null": None}
    if way in expected:
        assert got[0] == expected[way]
    if way in ("extra", "deep"):
        assert {name: got[0][name] for name in right[0]} == right[0]


def test_fault_record_in_bytes(sim):
    assert b"bad\xff\xc3(" in spoiled(sim, "utf8")[0]
    assert rb"lone\ud83d " in spoiled(sim, "surrogate")[0]
    assert rb"nul\u0000 " in spoiled(sim, "nul", field="content")[0]
    assert len(spoiled(sim, "long", bytes=100000)[0]) > 100000
    body, right = spoiled(sim, "noid", rows=5)
    got = json.loads(body)["value"]
    assert ["id" in r for r in got[:6]] == [False] * 5 + [True] and len(got) == len(right)


@pytest.mark.parametrize("fault", [
    {"kind": "nonsense"}, {"kind": "status", "cod": 1}, {"kind": "next", "as": "nowhere"},
    {"kind": "status", "entity": "user"}, {"kind": "status", "page": "two"},
    {"kind": "status", "on": "all"}, {"kind": "torn", "times": [1]}, {}, 7])
def test_unknown_faults_are_refused(shared, fault):
    answer = shared.request("POST", "/sim/faults", body=json.dumps(fault))
    assert answer.status == 400 and answer.json["message"]
    assert shared.faults() == []


# --- the program ---

def test_it_is_ready_at_once_and_ends_when_told():
    for interactions, seconds in ((100_000, 1), (1_000_000, 3)):
        with firn_sim.start(*UNTIL, "--interactions", interactions) as sim:
            assert sim.count("interactions") == interactions
            with open(f"/proc/{sim.process.pid}/stat", encoding="ascii") as stat:
                ticks = sum(map(int, stat.read().rsplit(")", 1)[1].split()[11:13]))
            assert ticks / os.sysconf("SC_CLK_TCK") < seconds  # of the processor's time


def test_interactions_alone_and_other_counts():
    with firn_sim.start(*UNTIL, "--interactions", 1000, "--only", "interactions") as sim:
        assert [sim.count(entity) for entity in ENTITIES] == [0, 1000, 0, 0, 0]
        assert "value" not in sim.get("users").json
    with firn_sim.start(*UNTIL, "--interactions", 1000, "--plugin-resources", 77, "--users", 9,
                        "--plugin-calls", 0) as sim:
        assert [sim.count(entity) for entity in ENTITIES] == [240, 1000, 0, 77, 9]


def test_port_file_quiet_and_ipv6(tmp_path):
    path = tmp_path / "port"
    process = subprocess.Popen([firn_sim.PROGRAM, "--port", "0", "--port-file", str(path),
                                "--quiet", "--ipv6", "--interactions", "10"],
                               stdout=subprocess.PIPE)
    try:
        firn_sim.wait_until(lambda: path.exists() and path.read_text().endswith("\n"))
        with socket.create_connection(("::1", int(path.read_text())), timeout=60):
            pass
    finally:
        process.terminate()
    assert process.communicate(timeout=60)[0] == b"" and process.returncode == 0


@pytest.mark.parametrize("options", [
    ["--nonsense"], ["--port"], ["--port", "x"], ["--days", "0"], ["--until", "yesterday"],
    ["--interactions", "-1"], ["--page-size", "0"], ["--fault", "what"], ["--late-day", "x"],
    ["--republish", "3:1:stay"], ["--only", "user"], ["--samples", "/nowhere"],
    ["--tls-cert", "x"], ["--truth", "user"], ["--quiet=1"]])
def test_mistakes_on_the_command_line(options):
    ended = firn_sim.run(*options)
    assert ended.returncode == 2 and ended.stderr.startswith("firn-sim: ") and not ended.stdout


def test_help_names_every_option_and_fault():
    text = firn_sim.run("--help").stdout
    for word in ("--interactions", "--late-day", "--fault", "torn:at", "surrogate", "times="):
        assert word in text


def test_a_port_in_use_is_a_failure(shared):
    ended = firn_sim.run("--port", shared.port)
    assert ended.returncode == 1 and str(shared.port) in ended.stderr


def test_latency():
    with firn_sim.start(*UNTIL, "--interactions", 10, "--latency", "150ms") as sim:
        start = time.monotonic()
        sim.get("users")
        assert time.monotonic() - start >= 0.15


def test_many_at_once_are_counted():
    with firn_sim.start(*UNTIL, "--interactions", 10, "--latency", "300ms") as sim:
        connections = [sim.connection() for _ in range(5)]
        for connection in connections:
            connection.request("GET", "/export/v1/records/users",
                               headers={"Authorization": "Bearer test-token"})
        for connection in connections:
            assert connection.getresponse().status == 200
            connection.close()
        assert sim.stats()["at_once_most"] == 5


def test_gzip_only_for_who_accepts_it():
    with firn_sim.start(*UNTIL, "--interactions", 500, "--gzip") as sim:
        plain = sim.get("interactions")
        assert plain.headers["Content-Encoding"] is None
        for _ in range(2):
            zipped = sim.get("interactions", headers={"Accept-Encoding": "gzip, br"})
            assert zipped.headers["Content-Encoding"] == "gzip"
            assert gzip.decompress(zipped.body) == plain.body
            assert len(zipped.body) < len(plain.body) / 3


def test_tls_with_a_certificate_of_its_own():
    with firn_sim.start(*UNTIL, "--interactions", 500, "--tls") as sim:
        assert sim.base.startswith("https://localhost:")
        assert len(sim.records("interactions")) == 500
        page = sim.get("users").json
        assert page["@odata.context"].startswith(sim.base)
        folder = os.path.dirname(sim.ca)
        assert os.path.exists(folder)
    assert not os.path.exists(folder)


def test_samples_are_served_as_they_are(tmp_path):
    stamps = ["2025-08-02T06:00:00.000Z", "2025-08-03T18:00:00.000Z"]
    users = [{"id": str(i), "last_updated_time": stamps[i % 2], "email_addr": "ü@x",
              "big": 12345678901234567890123} for i in range(7)]
    users.append({"id": "3", "last_updated_time": "2025-08-09T00:00:00.000Z"})
    talks = [{"id": "-a", "created_time": "2025-08-01T10:00:00.000Z",
              "last_updated_time": stamps[0], "route": "DM"}]
    (tmp_path / "users.json").write_text(json.dumps({"value": users}))
    (tmp_path / "conversations.json").write_text(json.dumps({"value": talks}, indent=4))
    with firn_sim.start("--samples", tmp_path, "--page-size", 3) as sim:
        assert sim.records("users") == users
        assert sim.records("conversations") == talks
        assert sim.count("interactions") == 0
        assert len(sim.records("users", filter=f"last_updated_time eq '{stamps[1]}'")) == 3
        assert [r["id"] for r in sim.records("users", orderby="id desc")][:3] == ["6", "5", "4"]
        assert sim.truth("users") == users[:3] + [users[7]] + users[4:7]
        assert sim.get("users?$select=id&$top=1").json["value"] == [{"id": "0"}]
        assert b"12345678901234567890123" in sim.get("users").body


def test_long_ids_with_one_beginning_are_ordered_to_their_end(tmp_path):
    ids = ["the-same-beginning-" + end for end in ("b", "", "ab", "a", "B", "é")]
    stamp = {"last_updated_time": "2025-08-02T06:00:00.000Z"}
    (tmp_path / "users.json").write_text(json.dumps({"value": [{"id": i, **stamp} for i in ids]}))
    with firn_sim.start("--samples", tmp_path) as sim:
        assert [r["id"] for r in sim.records("users", orderby="id")] == \
            sorted(ids, key=str.encode)
