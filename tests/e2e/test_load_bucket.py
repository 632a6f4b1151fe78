"""firn load s3://...: landed objects of a real S3 server, into DuckDB."""

import pytest

import s3_server
from test_load_files import DAY, Central, at, weather


@pytest.fixture
def s3(tmp_path):
    with s3_server.start(tmp_path) as running:
        yield running


@pytest.fixture
def central(firn, s3):
    firn.env.update(s3.env, AWS_REGION="us-east-1", AWS_ENDPOINT_URL_S3=s3.endpoint)
    central = Central(firn)
    central.below = str(s3.bucket / "raw")
    return central


def test_objects_below_a_prefix_are_loaded_once(central, s3):
    central.named([weather(OBSERVED_AT=at(i)) for i in range(3)], below=central.below)
    central.land([weather(OBSERVED_AT=at(7))], name="a b+c%20.ndjson", below=central.below)
    central.land([weather(OBSERVED_AT=at(9))], below=str(s3.bucket / "raw2"))
    for prefix in ("raw", "raw/", "raw/current_weather"):
        done = central.load(f"s3://landing/{prefix}")
        assert done.code == 0, done
    assert central.one("SELECT COUNT(*) FROM CURRENT_WEATHER") == 4
    assert f"current_weather/{DAY}/acme/a b+c%20.ndjson" in [
        key for key, in central.sql("SELECT FILE_KEY FROM FIRN_FILES")]
    assert "2 loaded before" in done.out


def test_one_object_and_the_whole_bucket(central):
    path, _, _ = central.named([weather()], below=central.below)
    assert central.load(f"s3://landing/raw/current_weather/{DAY}/acme/{path.name}").code == 0
    done = central.load("s3://landing")
    assert done.code == 0 and "1 loaded before" in done.out, done


def test_a_folder_and_the_bucket_have_the_same_keys(central):
    path, _, data = central.named([weather()], below=central.below)
    assert central.load("s3://landing/raw").code == 0
    central.named([weather()])
    assert "1 loaded before" in central.load("landing").out


def test_an_object_of_another_length_is_not_taken_for_the_one_its_name_promises(central):
    path, _, whole = central.named([weather()], below=central.below)
    assert central.load("s3://landing/raw").code == 0
    path.write_bytes(whole + whole)
    done = central.load("s3://landing/raw")
    assert done.code == 3 and "other content" in done.err and path.name in done.err, done


def test_a_damaged_object_is_named_and_the_others_are_loaded(central, firn):
    bad, _, _ = central.named([weather()], below=central.below)
    bad.write_bytes(bad.read_bytes()[:-4])
    central.named([weather(OBSERVED_AT=at(5))], seq=2, below=central.below)
    done = central.load("s3://landing/raw")
    assert done.code == 3 and f"s3://landing/raw/current_weather/{DAY}/acme/{bad.name}" in done.err
    assert central.one("SELECT COUNT(*) FROM CURRENT_WEATHER") == 1
    assert not list(firn.path(".firn").rglob("*.part"))


def test_many_objects_come_in_pages(central):
    for i in range(1200):
        central.land([weather(LOCATION_ID=str(i))], name=f"{i:06}.ndjson", below=central.below)
    done = central.load("s3://landing/raw")
    assert done.code == 0 and "1,200 files loaded" in done.out, done
    assert central.one("SELECT COUNT(*) FROM CURRENT_WEATHER") == 1200


def test_wrong_keys_are_told_and_nothing_is_loaded(central, firn):
    central.named([weather()], below=central.below)
    firn.env["AWS_SECRET_ACCESS_KEY"] = "wrong"
    done = central.load("s3://landing/raw")
    assert done.code == 1 and "wrong" not in done.out + done.err, done
    assert not firn.path("central.duckdb").exists()
