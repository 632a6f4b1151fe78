"""What the server does wrong, one thing after the other: each is handled as promised, nothing is
lost, nothing is half committed, and the exit code says what happened."""

import datetime
import re
import signal
import time

import pytest

import firn_sim
from loading import TABLES, Pipe

START, END = "2026-03-10", "2026-03-12"
BOTH = ["conversations", "interactions"]
FILTER = (f"last_updated_time ge '{START}T00:00:00.000Z' and "
          "last_updated_time lt '2026-03-13T00:00:00.000Z'")


@pytest.fixture(scope="module")
def shared():
    with firn_sim.start("--interactions", 3000, "--page-size", 20, "--until", "2026-03-31",
                        "--frozen") as running:
        yield running


@pytest.fixture
def march(shared):
    """Three days of it; healed before and after."""
    shared.heal()
    shared.forget()
    shared.set_clock(now="2026-04-01T00:00:00.000Z")
    yield shared
    shared.heal()


@pytest.fixture
def pipe(firn, march):
    return Pipe(firn, march, streams=BOTH)


def load(pipe, *args, **keywords):
    return pipe.load(START, END, *args, **keywords)


def whole(pipe, entities=BOTH):
    """After the next undisturbed load the tables are as if nothing had happened."""
    pipe.sim.heal()
    done = load(pipe)
    assert done.code == 0, done
    pipe.check_truth(entities, FILTER)
    assert pipe.status()[0]["streams"][0]["gaps"] == []
    return done


def run_rows(pipe, stream="interactions"):
    return pipe.sql("SELECT OUTCOME, RETRIES, ERROR FROM FIRN_RUNS "
                    f"WHERE STREAM = '{stream}' ORDER BY STARTED_AT")


# --- signing in ---

def test_a_token_that_is_refused_stops_the_run_at_once(pipe, march):
    pipe.firn.env["FIRN_TEST_TOKEN"] = "wrong-token"
    done = load(pipe)
    assert done.code == 1 and "HTTP 401" in done.err and "source.auth" in done.err, done
    assert not pipe.file.exists()
    # Each in flight once more, and what took the place of those meanwhile; of some 30.
    assert len(march.log()) <= 4 * 4
    pipe.firn.env["FIRN_TEST_TOKEN"] = firn_sim.TOKEN
    whole(pipe)


def test_a_token_that_ends_in_mid_run_keeps_what_was_complete(firn, march):
    pipe = Pipe(firn, march, streams=BOTH, parallel=1)
    march.fault("status", code=401, nth=22, times=10000)
    done = load(pipe)
    assert done.code == 3 and "HTTP 401" in done.err, done
    assert 0 < pipe.one("SELECT count(*) FROM FIRN_WINDOWS") < 6
    outcomes = dict(pipe.sql("SELECT STREAM, OUTCOME FROM FIRN_RUNS"))
    assert set(outcomes.values()) <= {"partial", "done"} and "partial" in outcomes.values()
    status, code = pipe.status()
    assert code == 1 and "401" in " ".join(status["reasons"])
    done = whole(pipe)
    assert "complete before" in done.out, done


def test_a_token_file_is_read_again_after_a_401(firn, march):
    pipe = Pipe(firn, march, streams=BOTH, auth="{ bearer: ${file:token} }")
    firn.write("token", "an-old-token\n")
    march.fault("delay", seconds=2, times=4)
    process = firn.start("initial-load", "--from", START, "--to", END)
    firn_sim.wait_until(lambda: march.faults()[0]["fired"] > 0)
    process.send_signal(signal.SIGSTOP)  # it reads no answer before the token is there
    firn.write("token", firn_sim.TOKEN + "\n")
    process.send_signal(signal.SIGCONT)
    assert process.wait(timeout=60) == 0
    assert len(march.log(status=401)) >= 1
    whole(pipe)


def test_oauth2_renews_its_token_before_and_after_its_end(firn):
    with firn_sim.start("--interactions", 3000, "--page-size", 3, "--until", "2026-03-31",
                        "--token-life", "1s", "--latency", "40ms") as sim:
        pipe = Pipe(firn, sim, streams=BOTH, auth="{ oauth2: { client_id: test-client, "
                    "client_secret: '${SECRET}' } }")
        firn.env["SECRET"] = "test-secret"
        process = firn.start("initial-load", "--from", START, "--to", END)
        firn_sim.wait_until(lambda: sim.log(entity="interactions"))
        sim.revoke_tokens()
        assert process.wait(timeout=60) == 0
        pipe.check_truth(BOTH, FILTER)
        assert sim.stats()["tokens_given"] >= 2
        given = sim.stats()["tokens_given"]
        assert len(sim.log(status=401)) <= 4 * given
        text = pipe.log() + (firn.path(".firn/moveworks/state.json")).read_text()
        assert "test-secret" not in text


def test_oauth2_with_a_wrong_secret_stops_the_run(firn, march):
    pipe = Pipe(firn, march, streams=BOTH, auth="{ oauth2: { client_id: test-client, "
                "client_secret: wrong-secret } }")
    done = load(pipe)
    assert done.code == 1 and "client_id and client_secret" in done.err, done
    assert "wrong-secret" not in done.err + pipe.log()
    assert march.log(entity="interactions") == []


def test_a_token_server_that_fails_is_asked_again(firn, march):
    pipe = Pipe(firn, march, streams=BOTH, auth="{ oauth2: { client_id: test-client, "
                "client_secret: test-secret } }")
    march.fault("status", on="token", code=503, times=2)
    done = load(pipe)
    assert done.code == 0, done
    pipe.check_truth(BOTH, FILTER)


def test_an_entity_that_is_forbidden_fails_alone(firn, march):
    pipe = Pipe(firn, march)
    march.fault("status", code=403, entity="interactions", on="any")
    done = load(pipe)
    assert done.code == 3 and "this entity's scope" in done.err, done
    assert re.search(r"^interactions .*FAILED: .*403", done.out, re.M), done
    others = [entity for entity in TABLES if entity != "interactions"]
    pipe.check_truth(others, FILTER)
    assert pipe.one("SELECT count(*) FROM MOVEWORKS_INTERACTIONS") == 0
    assert dict(pipe.sql("SELECT STREAM, OUTCOME FROM FIRN_RUNS"))["interactions"] == "failed"
    status, code = pipe.status()
    assert code == 1 and len(status["reasons"]) == 1
    whole(pipe, TABLES)
    assert pipe.status()[1] == 0


# --- waits ---

def test_429_waits_as_long_as_the_server_says(pipe, march):
    march.fault("status", code=429, retry_after=2, entity="interactions", times=1)
    start = time.monotonic()
    done = load(pipe)
    assert done.code == 0 and time.monotonic() - start >= 2, done
    assert "waiting 2s" in done.err, done
    # Nobody asked that host in the meantime.
    log = march.log()
    refused = next(i for i, entry in enumerate(log) if entry["status"] == 429)
    later = [e["at_ms"] for e in log[refused + 1:] if e["at_ms"] - log[refused]["at_ms"] > 1000]
    assert min(later) - log[refused]["at_ms"] >= 1900
    assert run_rows(pipe)[0][1] >= 1
    whole(pipe)


def test_a_wait_for_a_host_is_told_once_for_all_that_were_in_flight(pipe, march):
    march.fault("delay", seconds=0.3, times=4)
    march.fault("status", code=429, retry_after=2, times=4)
    done = load(pipe)
    assert done.code == 0 and len(march.log(status=429)) == 4, done
    assert done.err.count("waiting ") == 1 and pipe.log().count("waiting ") == 1, done
    assert re.search(r"\[(\w+)\] waiting 2s \(GET, 2026-03-1\d to 2026-03-1\d\): \1: HTTP 429 "
                     rf"from {march.root}: The simulator was told to answer so\.$", done.err,
                     re.M), done


def test_each_wait_for_a_host_is_told(firn, march):
    pipe = Pipe(firn, march, streams=BOTH, parallel=1)
    march.fault("status", code=429, retry_after=1, times=2)
    done = load(pipe)
    assert done.code == 0 and done.err.count("waiting 1s") == 2, done


def test_a_wait_names_method_window_and_an_address_without_its_query(firn, march):
    pipe = Pipe(firn, march, streams=["interactions"])
    march.fault("torn", at="50%", on="records", match="ge '2026-03-11", times=1)
    march.fault("torn", at="50%", on="count", match="ge '2026-03-12", times=1)
    done = load(pipe)
    assert done.code == 0, done
    lines = sorted(re.findall(r"waiting \w+ (\(.*?\): .*?) from ", done.err))
    address = f"{march.base}/interactions"
    assert lines == [
        "(GET count, 2026-03-12 to 2026-03-13): interactions: "
        f"{address}/$count: the answer broke off",
        f"(GET, 2026-03-11 to 2026-03-12): interactions: {address}: the answer broke off"], done
    assert "filter" not in done.err + pipe.log()


def test_429_without_a_time_waits_as_the_connector_says(firn, march):
    pipe = Pipe(firn, march, streams=BOTH, wait="2s")
    march.fault("status", code=429, entity="conversations", times=1)
    start = time.monotonic()
    done = load(pipe)
    assert done.code == 0 and time.monotonic() - start >= 2, done
    pipe.check_truth(BOTH, FILTER)


def test_429_with_no_wait_at_all_is_not_asked_without_end(firn, march):
    pipe = Pipe(firn, march, streams=["conversations"], budget="3s")
    march.fault("status", code=429, retry_after=0)
    start = time.monotonic()
    done = load(pipe)
    assert done.code == 1 and "retry_budget" in done.err, done
    assert 2 <= time.monotonic() - start < 60
    assert len(march.log()) < 40


def test_a_wait_beyond_the_budget_fails_at_once_with_the_server_s_reason(firn, march):
    pipe = Pipe(firn, march, streams=BOTH, budget="30s")
    march.fault("status", code=429, retry_after=3600, entity="interactions",
                message="quota used up", style="flat")
    start = time.monotonic()
    done = load(pipe)
    assert time.monotonic() - start < 25
    assert done.code == 3 and "quota used up" in done.err and "waiting 1h" in done.err, done
    pipe.check_truth(["conversations"], FILTER)
    whole(pipe)


def test_a_wait_for_a_count_alone_stops_nothing(firn, march):
    pipe = Pipe(firn, march, streams=["conversations"], budget="5s")
    march.fault("status", code=429, retry_after=3600, on="count")
    done = load(pipe)
    assert done.code == 0 and "own count is not to be had" in done.err, done
    pipe.check_truth(["conversations"], FILTER)
    assert all(row[3] is None for row in pipe.windows("conversations"))


# --- what may work the next time ---

@pytest.mark.parametrize("kind, parameters", [
    ("status", {"code": 500}), ("status", {"code": 503, "retry_after": 1}),
    ("status", {"code": 502, "style": "html"}), ("reset", {"at": "0"}), ("reset", {"at": "50%"}),
    ("torn", {"at": "50%"}), ("half", {}), ("trailing", {"text": "}oops"}), ("html", {}),
    ("empty", {}), ("record", {"as": "control"})])
def test_what_breaks_once_is_asked_for_again(pipe, march, kind, parameters):
    march.fault(kind, entity="interactions", times=2, on="records", **parameters)
    done = load(pipe)
    assert done.code == 0, done
    pipe.check_truth(BOTH, FILTER)
    assert run_rows(pipe)[0][1] in (1, 2)  # libcurl itself repeats what a reset left unanswered
    assert pipe.status()[1] == 0


@pytest.mark.slow
@pytest.mark.parametrize("kind, parameters, words", [
    ("status", {"code": 500}, "HTTP 500"), ("reset", {"at": "0"}, "interactions"),
    ("half", {}, "not whole JSON"), ("html", {}, "not whole JSON")])
def test_what_stays_broken_is_given_up_after_five_tries(pipe, march, kind, parameters, words):
    march.fault(kind, entity="interactions", match="03-11T00:00:00.000Z' and", **parameters)
    done = load(pipe)
    assert done.code == 3 and words in done.err, done
    assert "given up after 5 tries: GET, 2026-03-11 to 2026-03-12" in done.err, done
    # libcurl itself asks again, five times at most, where a connection used before was reset
    # before any answer: as often as it had connections that were used before
    assert 5 <= march.faults()[0]["fired"] <= (30 if kind == "reset" else 5)
    pipe.check_truth(["conversations"], FILTER)
    whole(pipe)


def test_five_refusals_fail_the_stream_and_no_other(pipe, march):
    march.fault("status", code=500, entity="interactions", on="records")
    done = load(pipe)
    assert done.code == 3 and "given up after 5 tries" in done.err, done
    pipe.check_truth(["conversations"], FILTER)
    whole(pipe)


# --- what never works ---

def test_a_redirect_is_not_followed(pipe, march):
    march.fault("redirect", entity="interactions", location="http://evil.example/x")
    done = load(pipe)
    assert done.code == 3 and "points to http://evil.example/x" in done.err, done
    assert len(march.log(status=302)) <= 4
    whole(pipe)


def test_a_link_to_another_host_is_not_followed(pipe, march):
    march.fault("next", **{"as": "host", "host": "127.0.0.1:9"}, entity="interactions", page=1)
    done = load(pipe)
    assert done.code == 3 and "leads to http://127.0.0.1:9" in done.err, done
    pipe.check_truth(["conversations"], FILTER)
    whole(pipe)


@pytest.mark.parametrize("fault", [
    ("again", {"page": 2}), ("next", {"as": "self", "page": 2}),
    ("next", {"as": "to", "to": 1, "page": 2})])
def test_a_page_that_repeats_fails_the_stream_until_it_is_gone(pipe, march, fault):
    kind, parameters = fault
    march.fault(kind, entity="interactions", **parameters)
    done = load(pipe)
    assert done.code == 3 and "repeats itself" in done.err, done
    assert len(march.log()) < 100
    pipe.check_truth(["conversations"], FILTER)
    whole(pipe)


@pytest.mark.parametrize("way", ["lower", "relative"])
def test_links_in_another_spelling_are_followed(pipe, march, way):
    march.fault("next", **{"as": way})
    assert load(pipe).code == 0
    pipe.check_truth(BOTH, FILTER)


def test_answers_beyond_the_bound_are_refused(firn, march):
    pipe = Pipe(firn, march, streams=BOTH, rest="http: { max_answer: 1MiB }\n")
    march.fault("large", mib=3, entity="interactions", page=2, times=1)
    done = load(pipe)
    assert done.code == 3 and "max_answer" in done.err, done
    pipe.check_truth(["conversations"], FILTER)
    whole(pipe)


def test_a_large_answer_within_the_bound_is_taken(pipe, march):
    march.fault("large", mib=30, entity="interactions", page=2, times=1)
    assert load(pipe).code == 0
    pipe.check_truth(["conversations"], FILTER)
    assert len(pipe.rows(TABLES["interactions"])) == march.count("interactions", FILTER)


# --- completeness ---

def test_an_id_on_two_pages_is_one_row(pipe, march):
    march.fault("double", rows=5, entity="interactions")
    assert load(pipe).code == 0
    pipe.check_truth(BOTH, FILTER)


def test_records_that_were_left_out_come_with_the_second_reading(pipe, march):
    march.fault("drop", rows=3, entity="interactions", page=2, times=1)
    done = load(pipe)
    assert done.code == 0 and "reading the window once more" in done.err, done
    pipe.check_truth(BOTH, FILTER)
    assert pipe.status()[1] == 0


def test_an_end_that_came_too_early_is_seen_by_the_count(pipe, march):
    march.fault("next", **{"as": "none"}, entity="interactions", page=1, times=1)
    done = load(pipe)
    assert done.code == 0 and "reading the window once more" in done.err, done
    pipe.check_truth(BOTH, FILTER)


def test_fewer_than_the_api_counts_twice_is_a_finding_until_it_is_made_good(pipe, march):
    march.fault("drop", rows=3, entity="interactions", page=2, match="ge '2026-03-11")
    march.fault("drop", rows=3, entity="interactions", page=2)
    done = load(pipe)
    assert done.code == 0 and "only" in done.err and "came, twice" in done.err, done
    status, code = pipe.status()
    fewer = next(s for s in status["streams"] if s["stream"] == "interactions")["fewer"]
    assert code == 1 and fewer and all(f["counted"] - f["came"] == 3 for f in fewer), status
    march.heal()
    assert load(pipe, "--again").code == 0
    pipe.check_truth(BOTH, FILTER)
    status, code = pipe.status()
    assert code == 0, status  # made good: nobody is needed any more


def test_a_count_that_is_wrong_is_a_finding_that_can_be_seen_off(pipe, march):
    march.fault("count", add=2, entity="interactions")
    before = len(march.log())
    assert load(pipe).code == 0
    pages = [e for e in march.log()[before:] if e["path"].endswith("/interactions")]
    assert len(pages) == 2 * len({(e["query"]) for e in pages})  # each window was read twice
    assert pipe.status()[1] == 1
    assert pipe("status", "--seen").code == 0
    assert pipe.status()[1] == 0
    pipe.check_truth(BOTH, FILTER)


def test_a_count_that_is_too_small_or_none_stops_nothing(pipe, march):
    march.fault("count", add=-2, entity="interactions")
    march.fault("count", text="many", entity="conversations")
    done = load(pipe)
    assert done.code == 0, done
    assert done.err.count("own count is not to be had") == 1
    assert all(row[3] is None for row in pipe.windows("conversations"))
    assert pipe.status()[1] == 0
    pipe.check_truth(BOTH, FILTER)


def test_an_answer_without_records_is_an_empty_page_and_the_count_knows_better(pipe, march):
    march.fault("value", entity="interactions", times=1)
    done = load(pipe)
    assert done.code == 0 and "reading the window once more" in done.err, done
    pipe.check_truth(BOTH, FILTER)


@pytest.mark.parametrize("way", ["object", "text"])
def test_records_that_are_no_list_fail_the_stream(pipe, march, way):
    march.fault("value", **{"as": way}, entity="interactions")
    done = load(pipe)
    assert done.code == 3 and "/value" in done.err, done
    whole(pipe)


# --- records ---

def test_a_record_that_cannot_be_taken_is_set_aside_with_its_reason(firn):
    with firn_sim.start("--interactions", 300, "--page-size", 300, "--days", 1, "--until",
                        "2026-03-31", "--frozen", "--only", "interactions") as sim:
        pipe = Pipe(firn, sim, streams=["interactions"])
        sim.fault("record", **{"as": "noid"}, rows=3, times=1)  # 1 %: still good
        done = pipe.load("2026-03-31", "2026-03-31")
        assert done.code == 0 and "3 rejected" in done.out, done
        assert pipe.one("SELECT count(*) FROM MOVEWORKS_INTERACTIONS") == 297
        rows = pipe.sql("SELECT PIPELINE, STREAM, REASON, RECORD FROM FIRN_REJECTED")
        assert len(rows) == 3 and all(row[:2] == ("moveworks", "interactions") for row in rows)
        assert all("ID" in row[2] and '"actor"' in row[3] for row in rows)
        assert pipe.one("SELECT ROWS_REJECTED FROM FIRN_RUNS") == 3
        status, code = pipe.status()
        assert code == 1 and status["streams"][0]["rejected"] == 3
        assert pipe("status", "--seen").code == 0
        assert pipe.status()[1] == 0


def test_more_than_one_in_a_hundred_fail_the_stream(firn):
    with firn_sim.start("--interactions", 300, "--page-size", 300, "--days", 1, "--until",
                        "2026-03-31", "--frozen", "--only", "interactions") as sim:
        pipe = Pipe(firn, sim, streams=["interactions"])
        sim.fault("record", **{"as": "noid"}, rows=4)
        done = pipe.load("2026-03-31", "2026-03-31")
        assert done.code == 3 and "more than 1 %" in done.err, done
        assert pipe.one("SELECT count(*) FROM MOVEWORKS_INTERACTIONS") == 296
        assert pipe.windows("interactions") == []
        assert pipe.one("SELECT max(WATERMARK) FROM FIRN_STATE") is None
        assert pipe.one("SELECT OUTCOME FROM FIRN_RUNS") == "partial"
        sim.heal()
        assert pipe.load("2026-03-31", "2026-03-31").code == 0
        pipe.check_truth(["interactions"])


def test_a_record_that_is_rejected_in_both_readings_is_told_once(firn):
    with firn_sim.start("--interactions", 300, "--page-size", 300, "--days", 1, "--until",
                        "2026-03-31", "--frozen", "--only", "interactions") as sim:
        pipe = Pipe(firn, sim, streams=["interactions"])
        sim.fault("record", **{"as": "noid"}, rows=2)
        sim.fault("count", add=1)
        done = pipe.load("2026-03-31", "2026-03-31")
        assert done.code == 0 and "2 rejected" in done.out, done
        assert pipe.one("SELECT count(*) FROM FIRN_REJECTED") == 2
        assert pipe.status()[0]["streams"][0]["rejected"] == 2


@pytest.mark.parametrize("way", ["text", "number", "null", "list", "nullid", "emptyid"])
def test_every_kind_of_bad_record_is_set_aside(firn, way):
    with firn_sim.start("--interactions", 300, "--page-size", 300, "--days", 1, "--until",
                        "2026-03-31", "--frozen", "--only", "interactions") as sim:
        pipe = Pipe(firn, sim, streams=["interactions"])
        sim.fault("record", **{"as": way}, rows=1, times=1)
        done = pipe.load("2026-03-31", "2026-03-31")
        if way == "emptyid":  # an empty text is a key
            assert done.code == 0, done
            return
        assert done.code == 0 and "1 rejected" in done.out, done
        assert pipe.one("SELECT count(*) FROM FIRN_REJECTED") == 1


@pytest.mark.parametrize("way", ["types", "badstamp", "extra", "utf8", "surrogate", "nul"])
def test_values_that_do_not_fit_are_kept_and_counted(firn, way):
    with firn_sim.start("--interactions", 300, "--page-size", 300, "--days", 1, "--until",
                        "2026-03-31", "--frozen", "--only", "interactions") as sim:
        pipe = Pipe(firn, sim, streams=["interactions"])
        sim.fault("record", **{"as": way}, rows=1, times=1)
        done = pipe.load("2026-03-31", "2026-03-31")
        assert done.code == 0, done
        assert pipe.one("SELECT count(*) FROM MOVEWORKS_INTERACTIONS") == 300
        rescued = 0 if way == "extra" else 1
        assert pipe.one("SELECT ROWS_RESCUED FROM FIRN_RUNS") == rescued
        status, code = pipe.status()
        assert status["streams"][0]["rescued"] == rescued and code == rescued
        extras = pipe.one("SELECT count(EXTRA) FROM MOVEWORKS_INTERACTIONS")
        assert extras == (1 if way in ("types", "badstamp", "extra") else 0)


# --- clocks ---

def test_a_window_never_reaches_past_the_server_s_own_clock(firn):
    with firn_sim.start("--interactions", 300, "--days", 5, "--until", "now") as sim:
        pipe = Pipe(firn, sim, streams=["conversations"])
        sim.fault("date", skew=-7200)
        done = pipe("run")
        assert done.code == 0 and "behind ours" in done.err, done
        now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        late = now - pipe.watermark("conversations")
        assert datetime.timedelta(hours=1, minutes=59) < late < datetime.timedelta(hours=2,
                                                                                   minutes=2)
        sim.heal()
        sim.fault("date", skew=86400)
        assert pipe("run").code == 0
        ahead = pipe.watermark("conversations")
        assert now <= ahead <= datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
        sim.heal()
        sim.fault("date")  # none at all
        assert pipe("run").code == 0
        assert pipe.watermark("conversations") >= ahead
        pipe.check_truth(["conversations"])


def test_a_server_that_hangs_is_given_up(firn, march):
    pipe = Pipe(firn, march, streams=BOTH,
                rest="http: { low_speed_time: 2s, low_speed_bytes: 1kB }\n")
    march.fault("hang", at="10", seconds=60, entity="interactions", times=1)
    done = load(pipe)
    assert done.code == 0, done
    pipe.check_truth(BOTH, FILTER)


def test_credentials_do_not_cross_a_network_in_the_clear(firn, march):
    pipe = Pipe(firn, march, streams=BOTH, base="http://firn-test.invalid/x")
    done = load(pipe)
    assert done.code == 2 and "allow_http" in done.err, done


def test_a_host_that_is_not_there_fails_the_streams(firn, march):
    pipe = Pipe(firn, march, streams=["conversations"], base="http://127.0.0.1:9/x", budget="5s")
    done = load(pipe)
    assert done.code == 1 and "127.0.0.1:9" in done.err, done
    assert not pipe.file.exists()
