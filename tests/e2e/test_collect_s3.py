"""Collectors into a real S3 server that goes away and comes back, with the right to put and no
other; and what `check` says of spools, folders and buckets."""

import time

import pytest

import s3_server
import standin
from collecting import Collector

S3 = "{ s3: { bucket: landing, prefix: raw, region: us-east-1, endpoint: '%s' } }"


@pytest.fixture
def s3(tmp_path):
    with s3_server.start(tmp_path) as server:
        yield server


@pytest.fixture
def collector(firn, s3):
    with standin.OpenMeteo() as meteo:
        firn.env.update(s3.user("writer", "writersecret", ["s3:PutObject"]))
        yield Collector(firn, meteo, destination=S3 % s3.endpoint)


def test_a_bucket_that_goes_away_and_comes_back(collector, s3):
    assert collector("run").code == 0
    assert len(s3.objects()) == 3
    assert all(key.startswith("raw/") and "/acme/" in key for key in s3.objects())
    s3.stop()
    for _ in range(2):
        done = collector("run")
        assert done.code == 3 and "2 fetched" not in done.out, done
    assert len(collector.waiting()) == 2
    s3.run()
    assert collector("flush").code == 0
    assert len(s3.objects()) == 5 and collector.waiting() == []


def test_status_says_what_waits_since_when_and_why(collector, s3):
    assert collector("run").code == 0 and collector.status()[1] == 0
    s3.stop()
    assert collector("run").code == 3
    status, code = collector.status()
    spool = status["spool"]
    assert code == 1 and not status["ok"] and spool["files"] == 1, status
    assert spool["oldest_at"] <= spool["failed_at"] <= status["at"]
    assert "cannot connect" in spool["error"] and "127.0.0.1" in spool["error"]
    [reason] = status["reasons"]
    assert reason == (
        f"spool: 1 file with 3 rows waits since {spool['oldest_at'][:19].replace('T', ' ')}; the "
        f"last delivery, at {spool['failed_at'][:19].replace('T', ' ')}, failed: {spool['error']}")
    done = collector("status")
    assert done.code == 1 and done.out.splitlines()[0] == reason, done
    # looked at: until the next one fails too
    assert collector("status", "--seen").code == 0
    status, code = collector.status()
    assert code == 0 and status["spool"]["error"] == spool["error"], status
    assert collector("flush").code == 1
    again, code = collector.status()
    assert code == 1 and again["spool"]["failed_at"] > spool["failed_at"], again
    assert again["spool"]["oldest_at"] == spool["oldest_at"]
    s3.run()
    assert collector("flush").code == 0
    status, code = collector.status()
    assert code == 0 and status["spool"]["error"] is None is status["spool"]["failed_at"], status


def test_a_delivery_that_is_no_longer_waited_for_does_not_count(collector, s3):
    s3.stop()
    assert collector("run").code == 3 and collector.status()[1] == 1
    for path in collector.waiting():
        path.unlink()
    status, code = collector.status()
    assert code == 0 and status["spool"]["error"] is None, status


def test_a_signal_is_no_failed_delivery(collector, s3):
    s3.stop()
    config = collector.firn.path("firn.yaml").read_text()
    collector.firn.write("firn.yaml", config.replace("retry_budget: 5s", "retry_budget: 5m"))
    running = collector.firn.start("run")
    deadline = time.monotonic() + 20
    while len(collector.waiting()) < 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    running.terminate()
    assert running.wait(timeout=20) != 0
    status, code = collector.status()
    assert status["spool"]["files"] == 3 and status["spool"]["error"] is None, status
    assert code == 0, status


def test_keys_that_are_refused_keep_everything(collector, s3):
    collector.firn.env["AWS_SECRET_ACCESS_KEY"] = "wrong"
    done = collector("run")
    assert done.code == 3 and s3.objects() == {}, done
    assert len(collector.waiting()) == 3 and "wrong" not in done.err + collector.log()
    assert collector("flush").code == 1
    status, code = collector.status()
    assert code == 1 and "secret_access_key" in status["spool"]["error"], status
    collector.firn.env["AWS_SECRET_ACCESS_KEY"] = "writersecret"
    assert collector("flush").code == 0 and len(s3.objects()) == 3


def test_check_proves_the_right_to_put_and_leaves_nothing(collector, s3):
    done = collector("check")
    assert done.code == 0 and "takes objects" in done.out, done
    assert "ok   spool" in done.out and s3.objects() == {}, done
    collector.firn.env.update(s3.user("reader", "readersecret", ["s3:GetObject"]))
    done = collector("check")
    assert done.code == 1 and "s3:PutObject" in done.out and s3.objects() == {}, done
    s3.stop()
    done = collector("check")
    assert done.code == 1 and "FAIL destination" in done.out, done


def test_check_of_a_folder(firn):
    with standin.OpenMeteo() as meteo:
        collector = Collector(firn, meteo)
        done = collector("check")
        assert done.code == 0 and "ok   destination" in done.out, done
        assert not firn.path("landing").exists() and not firn.path("spool").exists()
        firn.write("blocked", "")
        collector.write(destination="{ folder: blocked/landing }")
        done = collector("check")
        assert done.code == 1 and "FAIL destination" in done.out, done


def configured(s3, *keys):
    """The destination with its keys in the configuration."""
    return S3.replace("region:", "".join(f"{key}, " for key in keys) + "region:") % s3.endpoint


def test_check_counts_the_secrets_of_the_bucket(collector, s3):
    """Other than the source's they stand under `destination`."""
    assert "ok   secrets           none are configured" in collector("check").out
    secret = collector.firn.env.pop("AWS_SECRET_ACCESS_KEY")
    del collector.firn.env["AWS_ACCESS_KEY_ID"]
    collector.firn.env["SECRET"] = secret
    keys = "access_key_id: writer", "secret_access_key: '${SECRET}'"
    collector.write(destination=configured(s3, *keys))
    done = collector("check")
    assert done.code == 0 and "ok   secrets           1 resolved" in done.out, done
    assert "ok   keys              from the configuration" in done.out and "warn" not in done.out
    # an id is no secret; what it signs with is
    collector.write(destination=configured(s3, keys[0], f"secret_access_key: {secret}"))
    collector.firn.path("firn.yaml").chmod(0o600)
    done = collector("check")
    assert done.code == 0 and done.out.count("in plain text") == 1, done
    assert "destination.s3.secret_access_key stands in firn.yaml in plain text" in done.out
    assert secret not in str(done)
    collector.firn.write("secret.txt", secret + "\n", mode=0o644)
    collector.write(destination=configured(s3, keys[0], "secret_access_key: '${file:secret.txt}'"))
    done = collector("check")
    assert done.code == 0 and "do: chmod 600 secret.txt" in done.out, done


def test_check_does_not_praise_keys_that_cannot_be_had(collector, s3):
    for name in ("AWS_SECRET_ACCESS_KEY", "AWS_ACCESS_KEY_ID"):
        del collector.firn.env[name]
    collector.firn.env["AWS_EC2_METADATA_DISABLED"] = "true"
    done = collector("check")
    assert done.code == 2 and "FAIL keys              no AWS keys were found" in done.out, done
    assert "do: give keys with destination.s3" in done.out and "ok   keys" not in done.out
    assert "destination  " not in done.out and "ok   spool" in done.out, done


def test_check_says_where_it_could_not_ask_the_bucket(collector, s3):
    config = collector.firn.path("firn.yaml").read_text()
    collector.firn.write("firn.yaml", config.replace("openmeteo", "openmete"))
    done = collector("check")
    assert done.code == 2 and "FAIL connector" in done.out and "ok   keys" in done.out, done
    assert "warn destination       s3://landing at" in done.out and s3.objects() == {}, done
