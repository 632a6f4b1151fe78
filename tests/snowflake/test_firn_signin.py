"""How firn signs in to Snowflake and finds its driver, and what `firn check` tells of it."""

import json
import shutil
import socket
import subprocess
import threading

import emulator
import pytest
import signin
from piping import MARCH, Snow, firn_sim

USER = "FIRN_LOADER"
DAY = ("2026-03-30", "2026-03-31")


@pytest.fixture(scope="module")
def march():
    with firn_sim.start("--interactions", 100, *MARCH) as running:
        yield running


@pytest.fixture(scope="module")
def key():
    return signin.new_key()


def pipe_of(firn, march, snow, auth="{ key_file: key.p8 }", **keys):
    return Snow(firn, march, snow, keys={"auth": auth, **keys}, streams=["users"],
                beside="  create_views: false\n")


def lines(done):
    """{what: (state, text)} of `firn check`, and the remedies."""
    found, todo = {}, []
    for line in done.out.splitlines():
        if line.startswith("     do: "):
            todo.append(line[9:])
        else:
            found.setdefault(line[5:22].strip(), (line[:4].strip(), line[23:]))
    return found, todo


# --- the key pair ---

@pytest.mark.parametrize("form", ["plain", "encrypted", "older", "in the configuration"])
def test_a_key_pair_signs_in_with_a_token_that_snowflake_takes(firn, march, snow, key, form):
    snow.user(USER, public_key=signin.public_pem(key))
    auth = "{ key_file: key.p8 }"
    text = signin.private_pem(key, form="PKCS1" if form == "older" else "PKCS8",
                              passphrase="pass word" if form == "encrypted" else None)
    if form == "encrypted":
        assert "BEGIN ENCRYPTED PRIVATE KEY" in text
        auth = "{ key_file: key.p8, key_passphrase: '${PASSPHRASE}' }"
        firn.env["PASSPHRASE"] = "pass word"
    if form == "in the configuration":
        auth = "{ key: '${file:key.p8}' }"
    firn.write("key.p8", text)
    pipe = pipe_of(firn, march, snow, auth, account="https://app.snowflake.com/myorg/myaccount/")
    done = pipe.load(*DAY)
    assert done.code == 0, done
    login, = snow.logins(pipe.since)
    assert login["authenticator"] == "SNOWFLAKE_JWT" and not login["password"]
    claims = signin.verify(login["token"], signin.public_pem(key), "MYORG-MYACCOUNT", USER,
                           now=login["time"])
    assert claims["exp"] - claims["iat"] <= 3600
    assert signin.read(login["token"])[0]["alg"] == "RS256"
    secret = text.splitlines()[1]
    assert secret not in pipe.log() + done.out + done.err


def test_a_locator_s_token_names_no_region(firn, march, snow, key):
    snow.user(USER, public_key=signin.public_pem(key))
    firn.write("key.p8", signin.private_pem(key))
    pipe = pipe_of(firn, march, snow, account="xy12345.eu-north-1.aws")
    assert pipe.load(*DAY).code == 0
    login, = snow.logins(pipe.since)
    signin.verify(login["token"], signin.public_pem(key), "XY12345", USER, now=login["time"])


@pytest.mark.parametrize("broken, says", [
    (None, "No such file"), ("garbage", "no private key is in it"),
    ("encrypted", "the private key is encrypted, and no passphrase is given"),
    ("short", "the private key has 1024 bits; at least 2048 are needed")])
def test_a_key_that_cannot_be_used_is_2_and_nobody_is_asked(firn, march, snow, key, broken, says):
    pipe = pipe_of(firn, march, snow)
    if broken is not None:
        firn.write("key.p8", {
            "garbage": "garbage", "encrypted": signin.private_pem(key, passphrase="x"),
            "short": signin.private_pem(signin.new_key(1024))}[broken])
    done = pipe.load(*DAY)
    assert done.code == 2 and says in done.err, done
    assert "destination.snowflake.auth.key_file" in done.err, done
    assert snow.logins(pipe.since) == []


def test_another_key_is_refused_in_one_line(firn, march, snow, key):
    snow.user(USER, public_key=signin.public_pem(signin.new_key()))
    firn.write("key.p8", signin.private_pem(key))
    pipe = pipe_of(firn, march, snow)
    done = pipe.load(*DAY)
    assert done.code == 1, done
    wrong = [line for line in done.err.splitlines() if "JWT token is invalid" in line]
    assert len(wrong) == 1 and f"refuses the sign-in of {USER} to MYORG-MYACCOUNT" in wrong[0]
    assert len(snow.logins(pipe.since)) <= 2
    done = pipe("check")
    found, todo = lines(done)
    assert done.code == 1, done
    state, text = found["key"]
    assert state == "ok" and signin.fingerprint(signin.public_pem(key)) in text
    assert f"issuer MYORG-MYACCOUNT.{USER}.SHA256:" in text
    assert f"subject MYORG-MYACCOUNT.{USER}" in text and "DESC USER" in text
    assert found["destination"][0] == "FAIL"
    # which of account, user, key, clock: the clock was looked at, the others have what to compare
    assert any("the account (MYORG-MYACCOUNT; SELECT" in one and f"the user ({USER}: " in one and
               "RSA_PUBLIC_KEY_FP" in one and "the clock is right" in one for one in todo), todo


# --- the other ways ---

@pytest.mark.parametrize("way, secret, method", [
    ("token", {"pat": "pat-secret"}, "PROGRAMMATIC_ACCESS_TOKEN"),
    ("oauth", {"oauth": "oauth-secret"}, "OAUTH"),
    ("password", {"password": "password-secret"}, "SNOWFLAKE")])
def test_tokens_and_passwords(firn, march, snow, way, secret, method):
    value, = secret.values()
    snow.user(USER, **secret)
    firn.env["SECRET"] = value
    pipe = pipe_of(firn, march, snow, f"{{ {way}: '${{SECRET}}' }}")
    done = pipe.load(*DAY)
    assert done.code == 0, done
    login = snow.logins(pipe.since)[-1]
    assert login["authenticator"].upper() == method, login
    assert value not in done.out + done.err + pipe.log()
    checked = pipe("check")
    assert ("Snowflake refuses passwords of service users" in checked.out) == (way == "password")
    firn.env["SECRET"] = "wrong-secret"
    pipe.forget()
    done = pipe.load(*DAY, "--again")
    assert done.code == 1 and "refuses the sign-in" in done.err, done
    assert "wrong-secret" not in done.out + done.err + pipe.log()
    assert len(done.err.strip().splitlines()) <= 3, done


# --- the driver ---

def test_a_missing_driver_names_what_brings_it(firn, march, snow):
    if emulator.ROOT.joinpath("build/lib/libadbc_driver_snowflake.so").exists():
        pytest.skip("a driver lies beside the program")
    pipe = pipe_of(firn, march, snow, "{ password: secret }", driver=None)
    done = pipe.load(*DAY)
    assert done.code == 2, done
    assert "make snowflake-driver" in done.err and "dbc install snowflake" in done.err, done
    done = pipe("check")
    assert done.code in (1, 2) and lines(done)[0]["driver"][0] == "FAIL", done


@pytest.mark.parametrize("way", ["variable", "manifest"])
def test_a_driver_is_found(firn, march, snow, way):
    pipe = pipe_of(firn, march, snow, "{ password: secret }", driver=None)
    if way == "variable":
        firn.env["FIRN_DRIVER_PATH"] = str(emulator.DRIVER)
    else:  # as the dbc tool installs it
        folder = firn.home / ".config" / "adbc" / "drivers"
        folder.mkdir(parents=True)
        (folder / "snowflake.toml").write_text(
            "manifest_version = 1\nname = 'Snowflake'\nversion = '1.11.0'\n[ADBC]\nversion ="
            f" '1.1.0'\n[Driver]\nentrypoint = 'AdbcDriverSnowflakeInit'\nshared = '"
            f"{emulator.DRIVER.resolve()}'\n")
    done = pipe.load(*DAY)
    assert done.code == 0, done
    pipe.check_truth(["users"], filter="last_updated_time ge '2026-03-30T00:00:00.000Z'")


# --- check ---

def test_check_says_what_is_well(firn, march, snow):
    pipe = pipe_of(firn, march, snow, "{ password: secret }")
    done = pipe("check")
    found, _ = lines(done)
    assert done.code == 0, done
    for what in ("driver", "Snowflake", "destination", "session", "rights"):
        assert found[what][0] == "ok", done
    assert "clocks agree" in found["Snowflake"][1]
    assert pipe.load(*DAY).code == 0
    done = pipe("check")
    found, _ = lines(done)
    assert done.code == 0 and found["rights"][0] == found["tables"][0] == "ok", done
    kinds = {one["kind"] for one in pipe.statements() if one["text"].startswith("CREATE")}
    assert kinds  # the load's; check itself makes nothing:
    pipe.forget()
    assert pipe("check").code == 0
    assert {one["kind"] for one in pipe.statements()} <= {"SELECT", "SHOW GRANTS"}


def test_check_names_each_missing_right_with_its_grant(firn, march, snow):
    pipe = pipe_of(firn, march, snow, "{ password: secret }")
    pipe.beside = ""
    pipe.write(streams=["users"])
    before = snow.grants()
    schema = f"ANALYTICS.{pipe.schema}"
    snow.grants([one for one in before if not (
        one["name"] == schema and one["privilege"] in ("CREATE TABLE", "CREATE STAGE"))])
    try:
        done = pipe("check")
    finally:
        snow.grants(before)
    _, todo = lines(done)
    assert done.code == 1, done
    assert f"GRANT CREATE TABLE, CREATE STAGE ON SCHEMA {schema} TO ROLE LOADER" in todo, done
    assert "has no CREATE TABLE, CREATE STAGE on SCHEMA" in done.out, done


def test_check_looks_at_the_staging_schema_too(firn, march, snow):
    pipe = pipe_of(firn, march, snow, "{ password: secret }", staging_schema="APART")
    snow.settings(schemas=["APART"])
    before = snow.grants()
    assert pipe("check").code == 0
    snow.grants([one for one in before if one["name"] != "ANALYTICS.APART"])
    try:
        done = pipe("check")
    finally:
        snow.grants(before)
    _, todo = lines(done)
    assert done.code == 1, done
    assert ("GRANT USAGE, CREATE TABLE, CREATE STAGE ON SCHEMA ANALYTICS.APART TO ROLE LOADER"
            in todo), done


def test_check_tells_a_table_that_somebody_else_owns(firn, march, snow):
    pipe = pipe_of(firn, march, snow, "{ password: secret }")
    assert pipe.load(*DAY).code == 0
    snow.settings(roles=["LOADER", "PUBLIC", "OTHER"])
    keys = {**pipe.keys, "role": "OTHER"}
    grants = snow.grants()
    snow.grants(grants + [{**one, "grantee_name": "OTHER"} for one in grants])
    try:
        other = Snow(firn, march, snow, keys=keys, schema=pipe.schema, streams=["users"])
        done = other("check")
    finally:
        snow.grants(grants)
    _, todo = lines(done)
    assert done.code == 1, done
    assert (f"GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE ANALYTICS.{pipe.schema}."
            "MOVEWORKS_USERS TO ROLE OTHER") in todo, done


@pytest.mark.parametrize("changes, says", [
    ({"role": "NOBODY"}, "role"), ({"warehouse": "NONE"}, "warehouse"),
    ({"schema": "NOWHERE"}, "schema")])
def test_what_does_not_exist_is_named(firn, march, snow, changes, says):
    pipe = pipe_of(firn, march, snow, "{ password: secret }", **changes)
    done = pipe("check")
    assert done.code == 1, done
    found, todo = lines(done)
    assert found["destination"][0] == "FAIL" and says in " ".join(todo), done


def test_a_host_that_does_not_answer_is_told_soon(firn, march, snow):
    pipe_of(firn, march, snow, "{ password: secret }", port=1)
    done = firn("check", timeout=60)
    assert done.code == 1 and "127.0.0.1:1" in done.out, done


# --- the network between ---

def test_authorities_reach_the_driver(firn, march, tmp_path):
    """Without the file a certificate of its own is refused."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-keyout", "key.pem", "-out", "ca.pem", "-subj", "/CN=127.0.0.1", "-addext",
                    "subjectAltName=IP:127.0.0.1"], cwd=tmp_path, check=True, capture_output=True)
    both = tmp_path / "both.pem"
    both.write_text((tmp_path / "ca.pem").read_text() + (tmp_path / "key.pem").read_text())
    with emulator.start(tmp_path / "snowflake", "--tls", both) as snow:
        keys = {"protocol": None, "auth": "{ password: secret }"}
        pipe = Snow(firn, march, snow, keys=keys, schema="MOVEWORKS", streams=["users"],
                    beside="  create_views: false\n")
        text = firn.path("firn.yaml").read_text().replace("retry_budget: 1m", "retry_budget: 4s")
        shutil.copy(tmp_path / "ca.pem", firn.path("ca.pem"))
        firn.write("firn.yaml", text + "http: { ca_file: ca.pem }\n")
        done = pipe.load(*DAY)
        assert done.code == 0, done
        assert snow.logins()
        firn.write("firn.yaml", text)
        done = pipe.load(*DAY, "--again", timeout=60)
        assert done.code == 1 and "certificate" in done.err, done


class Proxy(threading.Thread):
    """Writes down what it is asked for, and breaks off."""

    def __init__(self):
        super().__init__(daemon=True)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.asked = []
        self.start()

    def run(self):
        while True:
            connection, _ = self.listener.accept()
            with connection:
                self.asked.append(connection.recv(4096).split(b"\r\n")[0].decode())


def test_the_driver_goes_through_the_proxy(firn, march, snow):
    proxy = Proxy()
    pipe = pipe_of(firn, march, snow, "{ password: secret }", host="snowflake.test", port=443,
                   protocol="https")
    text = firn.path("firn.yaml").read_text().replace("retry_budget: 1m", "retry_budget: 2s")
    firn.write("firn.yaml", text + f"http: {{ proxy: '{proxy.url}' }}\n")
    done = pipe("query", "SELECT 1", timeout=60)
    assert done.code == 1 and "cannot connect to Snowflake account" in done.err, done
    through = "CONNECT snowflake.test:443 HTTP/1.1"  # it asks a cloud's metadata too
    assert through in proxy.asked
    proxy.asked.clear()
    firn.write("firn.yaml", text + f"http: {{ proxy: '{proxy.url}', no_proxy: snowflake.test }}\n")
    done = pipe("query", "SELECT 1", timeout=60)
    assert done.code == 1 and through not in proxy.asked, (done, proxy.asked)


def test_a_password_over_plain_http_stays_here(firn, march, snow):
    pipe = pipe_of(firn, march, snow, "{ password: secret }", host="192.0.2.1")
    done = pipe.load(*DAY)
    assert done.code == 2 and "unencrypted" in done.err, done
    assert json.dumps("secret") not in done.err
