"""Delivery to a real S3 server: what arrives, what is refused, what a fault in between does."""

import json
import signal
import time

import pytest

import fault_proxy
import s3_case
import s3_server


@pytest.fixture
def s3(tmp_path):
    with s3_server.start(tmp_path) as running:
        yield running


@pytest.fixture
def outbox(tmp_path):
    return s3_case.Outbox(tmp_path)


@pytest.fixture
def proxy(s3):
    with fault_proxy.start(s3.port) as running:
        yield running


def assert_all_there(s3, outbox, result, retries=None):
    assert result.code == 0 and not outbox.left() and not outbox.reasons(), result
    assert s3.objects() == outbox.bytes, result
    assert (result.left, result.quarantined, result.alarm) == (0, 0, False), result
    if retries is not None:
        assert result.retries == retries, result


# --- what arrives ---
def test_arrives_with_hash_and_count(s3, outbox):
    outbox.add(20).add(size=0).add(size=300_000).add(size=65_536)
    result = outbox.deliver(s3.endpoint, s3.env)
    assert_all_there(s3, outbox, result, retries=0)
    assert result.files == 23 and result.rows == sum(item[0] for item in outbox.items)
    assert result.bytes == sum(map(len, outbox.bytes.values()))
    for rows, _, key in outbox.items:
        headers = s3.headers(key)
        assert headers["x-amz-meta-sha256"] == s3_case.sha256(outbox.bytes[key])
        assert headers["x-amz-meta-records"] == str(rows)


def test_names_are_only_letters(s3, outbox):
    names = ["ä ö/ü", "a+b", "100%25", "%41", "it's \"quoted\"", "a=b&c;d:e@f,g$h!i*j(k)",
             "日本語/🌧", "..%2F..%2Fetc", "%2E%2E", "a..b", "~tilde", "[x]{y}|^`<>#?"]
    for name in names:
        outbox.add(key=f"t/2026/11/23/{name}/i-x.gz")
    result = outbox.deliver(s3.endpoint, s3.env, prefix="/raw/zone/")
    assert result.code == 0 and result.files == len(names), result
    assert s3.objects() == {f"raw/zone/{key}": data for key, data in outbox.bytes.items()}
    listed = [json.loads(line) for line in
              outbox.call(["list", "raw/"], s3.endpoint, s3.env).out.splitlines()]
    assert {entry["key"] for entry in listed} == set(s3.objects())
    for entry in listed:
        head = json.loads(outbox.call(["head", entry["key"]], s3.endpoint, s3.env).out)
        assert head["sha256"] == s3_case.sha256(s3.objects()[entry["key"]])


def test_path_that_leads_out_is_kept(s3, outbox):
    outbox.add(key="t/../../../../escaped").add()
    result = outbox.deliver(s3.endpoint, s3.env)
    assert result.files == 1 and result.left + result.quarantined == 1, result
    assert not (s3.data / "escaped").exists() and not (s3.data.parent / "escaped").exists()


def test_list_goes_on_behind_a_page(s3, outbox):
    for number in range(1203):
        path = s3.bucket / "many" / f"{number:05}"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"x")
    listed = outbox.call(["list", "many/"], s3.endpoint, s3.env).out.splitlines()
    assert [json.loads(line)["key"] for line in listed] == \
        [f"many/{number:05}" for number in range(1203)]
    absent = outbox.call(["head", "many/none"], s3.endpoint, s3.env)
    assert absent.code == 1 and "absent" in absent.out
    assert outbox.call(["get", "many/00007"], s3.endpoint, s3.env).out == "x"


def test_bucket_in_the_host_name(s3, outbox):
    outbox.add(3)
    result = outbox.deliver(f"http://localhost:{s3.port}", s3.env, addressing="virtual",
                            allow_http=1)
    assert_all_there(s3, outbox, result)


# --- nothing is written over ---
def test_again_is_done_already(s3, outbox):
    outbox.add(5).add(size=200_000)
    outbox.deliver(s3.endpoint, s3.env)
    outbox.restore()
    result = outbox.deliver(s3.endpoint, s3.env)
    assert_all_there(s3, outbox, result)
    assert result.files == 6 and result.were_there == 6


def test_other_bytes_are_not_written_over(s3, outbox):
    outbox.add(3)
    outbox.deliver(s3.endpoint, s3.env)
    before = s3.objects()
    outbox.restore()
    outbox.items[1][1].write_bytes(b"other")
    result = outbox.deliver(s3.endpoint, s3.env)
    assert result.code == 0 and result.files == 2 and result.quarantined == 1, result
    assert s3.objects() == before
    assert "other bytes stand under this key" in outbox.reasons()["000001.gz"]


def test_without_conditions_no_condition_is_sent(s3, outbox, proxy):
    outbox.add(2)
    assert outbox.deliver(proxy.endpoint, s3.env, conditional=0).files == 2
    assert [entry[2].get("if-none-match") for entry in proxy.log] == [None, None]
    outbox.restore()
    assert outbox.deliver(proxy.endpoint, s3.env).files == 2
    assert [entry[2].get("if-none-match") for entry in proxy.log if entry[0] == "PUT"] == \
        [None, None, "*", "*"]


# --- who may ---
def test_write_only_user(s3, outbox):
    writer = s3.user("writer", "writersecret", ["s3:PutObject"])
    outbox.add(4)
    assert_all_there(s3, outbox, outbox.deliver(s3.endpoint, writer))
    looked = outbox.call(["head", outbox.items[0][2]], s3.endpoint, writer)
    assert looked.code == 1 and "403" in looked.err
    outbox.restore()
    result = outbox.deliver(s3.endpoint, writer)
    assert_all_there(s3, outbox, result)
    assert result.were_there == 4


def test_no_right_keeps_everything(s3, outbox):
    reader = s3.user("reader", "readersecret", ["s3:GetObject"])
    outbox.add(30)
    result = outbox.deliver(s3.endpoint, reader, in_flight=4)
    assert result.code == 0 and result.alarm and result.files == 0, result
    assert len(outbox.left()) == 30 and not s3.objects()
    assert "403 AccessDenied" in result.why and "s3:PutObject" in result.why


@pytest.mark.parametrize("name, words", [
    ("AWS_SECRET_ACCESS_KEY", "does not belong to the access key"),
    ("AWS_ACCESS_KEY_ID", "correct access_key_id")])
def test_wrong_keys_keep_everything(s3, outbox, name, words):
    outbox.add(3)
    result = outbox.deliver(s3.endpoint, {**s3.env, name: "hunter2hunter2"})
    assert result.alarm and result.files == 0 and len(outbox.left()) == 3, result
    assert words in result.why and "the environment" in result.why
    if name.startswith("AWS_SECRET"):
        assert "hunter2" not in result.out + result.err


def test_no_bucket_keeps_everything(s3, outbox):
    outbox.add(3)
    result = outbox.deliver(s3.endpoint, s3.env, bucket="nowhere")
    assert result.alarm and result.files == 0 and len(outbox.left()) == 3, result
    assert "NoSuchBucket" in result.why and "destination.s3.bucket" in result.why


@pytest.mark.parametrize("ahead", [4000, -4000])
def test_a_wrong_clock_is_made_up_for(s3, outbox, ahead):
    outbox.add(12)
    result = outbox.deliver(s3.endpoint, s3.env, clock_s=ahead)
    assert_all_there(s3, outbox, result, retries=0)
    head = outbox.call(["head", outbox.items[0][2]], s3.endpoint, s3.env, clock_s=ahead)
    assert head.code == 0, head


# --- faults in between ---
@pytest.mark.parametrize("fault", ["drop_answer", "cut_answer"])
def test_stored_but_the_answer_was_lost(s3, outbox, proxy, fault):
    outbox.add(6).add(size=200_000)
    proxy.fault("PUT", fault, times=2)
    result = outbox.deliver(proxy.endpoint, s3.env, budget_ms=20000)
    assert_all_there(s3, outbox, result)
    assert result.files == 7 and result.were_there == 2 and result.retries >= 2, result


@pytest.mark.parametrize("fault", ["reset_body", "slow_down", "busy", "too_many", "conflict"])
def test_what_passes_is_tried_again(s3, outbox, proxy, fault):
    outbox.add(6).add(size=200_000)
    proxy.fault("PUT", fault, times=3)
    result = outbox.deliver(proxy.endpoint, s3.env, budget_ms=30000)
    assert_all_there(s3, outbox, result)
    assert result.retries >= 3 and result.were_there == 0, result


def test_silence_is_given_up(s3, outbox, proxy):
    outbox.add(3)
    proxy.fault("PUT", "hang")
    start = time.monotonic()
    result = outbox.deliver(proxy.endpoint, s3.env, budget_ms=90000, slow_ms=1000)
    assert_all_there(s3, outbox, result)
    assert time.monotonic() - start < 60


def test_a_wrong_checksum_is_looked_into(s3, outbox, proxy):
    outbox.add(3)
    proxy.fault("PUT", "checksum")
    proxy.fault("PUT", "etag", times=2)
    result = outbox.deliver(proxy.endpoint, s3.env)
    assert_all_there(s3, outbox, result)
    assert proxy.count("HEAD") == 1


def test_a_wrong_checksum_that_cannot_be_looked_into(s3, outbox, proxy):
    writer = s3.user("writer", "writersecret", ["s3:PutObject"])
    outbox.add(3)
    proxy.fault("PUT", "checksum", path="i-000001")
    proxy.fault("HEAD", "denied", times=9)
    result = outbox.deliver(proxy.endpoint, writer)
    assert result.code == 0 and result.files == 3, result  # the second look: it is there, whole
    assert "another checksum" in result.err


def test_a_sign_in_page_is_no_delivery(s3, outbox, proxy):
    outbox.add(4)
    proxy.fault("PUT", "portal", times=99)
    result = outbox.deliver(proxy.endpoint, s3.env)
    assert result.alarm and result.files == 0 and len(outbox.left()) == 4, result
    assert "not that of an S3 server" in result.why and not s3.objects()


@pytest.mark.parametrize("fault", ["moved", "malformed"])
def test_another_region_is_named(s3, outbox, proxy, fault):
    outbox.add(4)
    proxy.fault("PUT", fault, times=99)
    result = outbox.deliver(proxy.endpoint, s3.env)
    assert result.alarm and result.files == 0 and len(outbox.left()) == 4, result
    assert "is in the region eu-north-1" in result.why
    assert proxy.count("PUT") == len(proxy.log)  # nothing was followed


def test_a_refusal_in_the_middle_keeps_the_rest(s3, outbox, proxy):
    outbox.add(40)
    proxy.fault("PUT", "denied", times=99, path="i-00002")
    result = outbox.deliver(proxy.endpoint, s3.env, in_flight=4)
    assert result.alarm and 20 <= result.files < 40, result
    assert len(outbox.left()) == 40 - result.files and not outbox.reasons()
    proxy.clear()
    again = outbox.deliver(proxy.endpoint, s3.env)
    assert_all_there(s3, outbox, again)
    assert again.files == 40 - result.files


# --- one bad file does not hold up the others ---
def test_too_large_is_set_aside(s3, outbox, proxy):
    outbox.add(9)
    proxy.fault("PUT", "too_large", times=9, path="i-000003")
    result = outbox.deliver(proxy.endpoint, s3.env)
    assert result.files == 8 and result.quarantined == 1 and result.left == 0, result
    assert "EntityTooLarge" in outbox.reasons()["000003.gz"]
    assert "max_bytes" in outbox.reasons()["000003.gz"]


@pytest.mark.parametrize("size", [600, 200_000])
def test_damage_on_the_way_is_read_once_more(s3, outbox, proxy, size):
    outbox.add(4, size)
    proxy.fault("PUT", "bad_digest", times=1, path="i-000001")
    assert_all_there(s3, outbox, outbox.deliver(proxy.endpoint, s3.env), retries=1)
    outbox.add(4, size)
    proxy.fault("PUT", "bad_digest", times=9, path="i-000005")
    result = outbox.deliver(proxy.endpoint, s3.env)
    assert result.files == 3 and result.quarantined == 1, result
    assert list(outbox.reasons()) == ["000005.gz"]


@pytest.mark.parametrize("in_flight", [1, 2, 8])
def test_one_that_always_fails_is_left(s3, outbox, proxy, in_flight):
    outbox.add(40)
    proxy.fault("PUT", "busy", times=99, path="i-000002")
    result = outbox.deliver(proxy.endpoint, s3.env, budget_ms=60000, in_flight=in_flight)
    assert result.files == 39 and result.left == 1 and not result.alarm, result
    assert len(outbox.left()) == 1 and not outbox.reasons()


def test_an_unknown_refusal_is_left_and_the_rest_goes(s3, outbox, proxy):
    outbox.add(30)
    proxy.fault("PUT", "odd", times=99, path="i-000002")
    result = outbox.deliver(proxy.endpoint, s3.env)
    assert result.files == 29 and result.left == 1 and result.alarm, result
    assert "InvalidArgument" in result.why and not outbox.reasons()


# --- encryption is confirmed or the delivery has failed ---
def test_a_server_that_ignores_encryption(s3, outbox):
    outbox.add(3)
    for _ in range(2):  # the second time it stands there already, and is not taken for good
        result = outbox.deliver(s3.endpoint, s3.env, encryption="AES256", in_flight=1)
        assert result.alarm and result.files == 0 and len(outbox.left()) == 3, result
        assert "did not confirm the encryption 'AES256'" in result.why


SSE = "x-amz-server-side-encryption"
ARN = "arn:aws:kms:eu-north-1:123456789012:key/1234abcd-12ab"


@pytest.mark.parametrize("options, headers, good", [
    ({"encryption": "AES256"}, {SSE: "AES256"}, True),
    ({"encryption": "aws:kms"}, {SSE: "AES256"}, False),
    ({"kms": "1234abcd-12ab"}, {SSE: "aws:kms", SSE + "-aws-kms-key-id": ARN}, True),
    ({"kms": ARN}, {SSE: "aws:kms", SSE + "-aws-kms-key-id": ARN}, True),
    ({"kms": "abcd-12ab"}, {SSE: "aws:kms", SSE + "-aws-kms-key-id": ARN}, False),
    ({"kms": ARN}, {SSE: "aws:kms"}, False)])
def test_encryption_is_asked_for_and_confirmed(s3, outbox, proxy, options, headers, good):
    outbox.add(2)
    proxy.fault("PUT", "encrypted", times=99, value=headers)
    result = outbox.deliver(proxy.endpoint, s3.env, in_flight=1, **options)
    assert result.files == (2 if good else 0) and result.alarm != good, result
    asked = proxy.log[0][2]
    assert asked[SSE] == ("aws:kms" if "kms" in options else options["encryption"])
    assert asked.get(SSE + "-aws-kms-key-id") == options.get("kms")


def test_encryption_that_cannot_be_seen(s3, outbox, proxy):
    """Who may only write believes in what stands there once the server has shown that it encrypts."""
    writer = s3.user("writer", "writersecret", ["s3:PutObject"])
    outbox.add(3)
    outbox.deliver(s3.endpoint, s3.env)
    outbox.restore()
    proxy.fault("PUT", "encrypted", times=99, value={SSE: "AES256"})
    result = outbox.deliver(proxy.endpoint, writer, encryption="AES256")
    assert result.files == 0 and result.left == 3 and result.alarm, result
    outbox.add(1)
    result = outbox.deliver(proxy.endpoint, writer, encryption="AES256", in_flight=8)
    assert result.files == 4 and result.left == 0 and result.were_there == 3, result


# --- killed, stopped, out of patience ---
def test_no_server_waits_no_longer_than_the_budget(s3, outbox):
    outbox.add(50)
    s3.stop()
    start = time.monotonic()
    result = outbox.deliver(s3.endpoint, s3.env, budget_ms=1500)
    assert time.monotonic() - start < 60
    assert result.code == 0 and result.files == 0 and not result.alarm, result
    assert len(outbox.left()) == 50 and "cannot connect" in result.why
    s3.run()
    assert_all_there(s3, outbox, outbox.deliver(s3.endpoint, s3.env))


def test_a_request_to_stop_is_followed(s3, outbox, proxy):
    outbox.add(50)
    proxy.fault("PUT", "hang", times=99)
    running = outbox.start(proxy.endpoint, s3.env, budget_ms=60000)
    s3_case.wait_for(lambda: proxy.count("PUT") > 0)
    start = time.monotonic()
    running.send_signal(signal.SIGTERM)
    out, err = running.communicate(timeout=60)
    assert running.returncode == 0 and time.monotonic() - start < 40, err
    assert json.loads(out)["why"] == "delivery was stopped"
    assert len(outbox.left()) == 50


def test_killed_and_begun_again(s3, outbox):
    outbox.add(1500)
    killed = 0
    for number in range(6):
        running = outbox.start(s3.endpoint, s3.env)
        want = 1500 - 60 * (number + 1)
        s3_case.wait_for(lambda: len(outbox.left()) <= want or running.poll() is not None)
        killed += running.poll() is None
        running.kill()
        running.communicate()
    assert killed >= 2 and len(outbox.left()) < 1500
    assert_all_there(s3, outbox, outbox.deliver(s3.endpoint, s3.env))


# --- folders ---
def test_folder(outbox, tmp_path):
    landing = tmp_path / "landing"
    outbox.add(5).add(size=300_000)
    missing = outbox.deliver(None, {}, folder=landing)
    assert missing.left == 1 and missing.alarm and "is no folder" in missing.why, missing
    landing.mkdir()
    (landing / "t").mkdir()
    (landing / "t" / ".stale.part").write_text("x")
    result = outbox.deliver(None, {}, folder=landing)
    there = {str(path.relative_to(landing)): path.read_bytes()
             for path in landing.rglob("*") if path.is_file() and path.suffix != ".part"}
    assert there == outbox.bytes and result.files == 6 and not outbox.left(), result
    outbox.restore()
    outbox.items[2][1].write_bytes(b"other")
    again = outbox.deliver(None, {}, folder=landing)
    assert again.were_there == 5 and again.quarantined == 1, again
    assert (landing / outbox.items[2][2]).read_bytes() == outbox.bytes[outbox.items[2][2]]


def test_folder_is_not_left(outbox, tmp_path):
    landing = tmp_path / "landing"
    landing.mkdir()
    outbox.add(key="t/../../escaped").add(key="/t//x").add()
    result = outbox.deliver(None, {}, folder=landing)
    assert result.files == 1 and result.quarantined == 2, result
    assert not (tmp_path / "escaped").exists()
