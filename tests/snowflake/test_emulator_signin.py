"""Sign-in: what the login request carries is kept, and refused as Snowflake refuses it."""

import datetime
import os
import subprocess
import sys
import time

import adbc
import emulator
import jwt
import pytest
import signin
from conftest import python, refused
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding

ACCOUNT = "MYORG-MYACCOUNT"
OPTION = adbc.OPTION


@pytest.fixture(scope="module")
def key():
    return signin.new_key()


@pytest.fixture(scope="module")
def other_key():
    return signin.new_key()


def key_pair(key, user="FIRN", passphrase=None, **more):
    told = {"username": user, "adbc.snowflake.sql.auth_type": "auth_jwt",
            OPTION + "jwt_private_key_pkcs8_value": signin.private_pem(key, passphrase), **more}
    if passphrase:
        told[OPTION + "jwt_private_key_pkcs8_password"] = passphrase
    return told


def come_in(snow, **options):
    with adbc.connect({**snow.options(), **options}) as connection:
        return connection.run("SELECT CURRENT_USER()")[0][0]


def forged(claims=None, key=None, algorithm="RS256", **changes):
    now = int(time.time())
    return jwt.encode({**(claims or {"sub": f"{ACCOUNT}.FIRN"}), "iat": now, "exp": now + 60,
                       **changes}, key, algorithm)


# --- key pairs ---
def test_a_key_pair_comes_in_and_its_token_is_kept(snow, key):
    snow.user("FIRN", public_key=signin.public_pem(key))
    assert come_in(snow, **key_pair(key)) == "FIRN"
    login, = snow.logins(snow.since)
    assert login["authenticator"] == "SNOWFLAKE_JWT" and login["password"] is None
    claims = signin.verify(login["token"], signin.public_pem(key), ACCOUNT, "FIRN")
    assert claims["iss"] == f"{ACCOUNT}.FIRN.{signin.fingerprint(signin.public_pem(key))}"
    assert claims["sub"] == f"{ACCOUNT}.FIRN"
    assert claims["exp"] - claims["iat"] <= 3600


def test_a_key_with_a_passphrase_comes_in(snow, key):
    snow.user("FIRN", public_key=signin.public_pem(key))
    assert come_in(snow, **key_pair(key, passphrase="open sesame")) == "FIRN"


def test_snowflakes_own_connector_comes_in_with_its_key(snow, key, tmp_path):
    """Another maker of tokens passes the same check."""
    snow.user("FIRN", public_key=signin.public_pem(key))
    (tmp_path / "key.p8").write_text(signin.private_pem(key))
    with python(snow, user="firn", authenticator="SNOWFLAKE_JWT",
                private_key_file=str(tmp_path / "key.p8")) as cursor:
        assert cursor.execute("SELECT CURRENT_USER()").fetchall() == [("FIRN",)]


def test_describe_user_tells_the_fingerprint(snow, key):
    snow.user("FIRN", public_key=signin.public_pem(key))
    with adbc.connect(snow.options(), **key_pair(key)) as connection:
        facts = {row[0]: row[1] for row in connection.run("DESC USER FIRN")}
    assert facts["RSA_PUBLIC_KEY_FP"] == signin.fingerprint(signin.public_pem(key))


def why(snow):
    return snow.logins(snow.since)[-1]["why"]


def test_another_key_is_refused(snow, key, other_key):
    snow.user("FIRN", public_key=signin.public_pem(key))
    with refused(390144) as caught:
        come_in(snow, **key_pair(other_key))
    assert "JWT token is invalid" in str(caught.value)
    assert why(snow) == "the signature is not of this public key"


def test_another_user_or_account_is_refused(snow, key):
    snow.user("FIRN", public_key=signin.public_pem(key))
    with refused(390144):
        come_in(snow, **key_pair(key, user="SOMEBODY"))
    assert why(snow) == "no such user"
    token = forged({"sub": "OTHER-ACCOUNT.FIRN"}, key, iss="OTHER-ACCOUNT.FIRN.SHA256:x")
    assert signin.read(token)[1]["sub"] == "OTHER-ACCOUNT.FIRN"
    with pytest.raises(AssertionError, match="the subject is OTHER-ACCOUNT.FIRN, not MYORG"):
        signin.verify(token, signin.public_pem(key), ACCOUNT, "FIRN")


def test_a_user_without_a_key_is_refused(snow, key):
    snow.user("FIRN", password="secret")
    with refused(390144):
        come_in(snow, **key_pair(key))


def test_an_account_is_checked_as_the_token_names_it(key):
    pem = signin.public_pem(key)
    issuer = f"AB12345.FIRN.{signin.fingerprint(pem)}"
    token = forged({"sub": "AB12345.FIRN", "iss": issuer}, key)
    assert signin.verify(token, pem, "ab12345.eu-north-1.aws", "firn")["iss"] == issuer


@pytest.mark.parametrize("changes, reason", [
    ({"iss": f"{ACCOUNT}.FIRN.SHA256:other"}, "the issuer is"),
    ({"sub": f"{ACCOUNT}.ELSE"}, "the subject is"),
    ({"exp": int(time.time()) - 120}, "expired"),
    ({"iat": int(time.time()) + 3600, "exp": int(time.time()) + 3660}, "issued 3"),
    ({"exp": int(time.time()) + 7200}, "good for 7"),
    ({"exp": "soon"}, "whole seconds"),
])
def test_what_is_wrong_in_a_token_is_found(key, changes, reason):
    pem = signin.public_pem(key)
    good = {"sub": f"{ACCOUNT}.FIRN", "iss": f"{ACCOUNT}.FIRN.{signin.fingerprint(pem)}"}
    assert signin.verify(forged(good, key), pem, ACCOUNT, "FIRN")
    with pytest.raises(AssertionError, match=reason):
        signin.verify(forged({**good, **changes}, key, **{
            name: value for name, value in changes.items() if name in ("iat", "exp")}),
            pem, ACCOUNT, "FIRN")


def test_another_algorithm_or_a_changed_token_is_found(key):
    pem = signin.public_pem(key)
    good = {"sub": f"{ACCOUNT}.FIRN", "iss": f"{ACCOUNT}.FIRN.{signin.fingerprint(pem)}"}
    for algorithm, secret in (("HS256", "x" * 32), ("RS512", key)):
        with pytest.raises(AssertionError, match="not RS256"):
            signin.verify(forged(good, secret, algorithm), pem, ACCOUNT, "FIRN")
    head, _, signature = forged(good, key).split(".")
    middle = forged({**good, "more": 1}, key).split(".")[1]
    with pytest.raises(AssertionError, match="the signature is not of this public key"):
        signin.verify(".".join([head, middle, signature]), pem, ACCOUNT, "FIRN")


# --- tokens and passwords ---
def test_a_programmatic_access_token(snow):
    snow.user("FIRN", pat="good")
    pat = {"adbc.snowflake.sql.auth_type": "auth_pat", "username": "FIRN"}
    assert come_in(snow, **pat, **{OPTION + "auth_token": "good"}) == "FIRN"
    assert snow.logins(snow.since)[-1]["authenticator"] == "PROGRAMMATIC_ACCESS_TOKEN"
    assert snow.logins(snow.since)[-1]["token"] == "good"
    with refused(394400):
        come_in(snow, **pat, **{OPTION + "auth_token": "bad"})


def test_an_oauth_token(snow):
    snow.user("FIRN", oauth="good")
    oauth = {"adbc.snowflake.sql.auth_type": "auth_oauth", "username": "FIRN"}
    assert come_in(snow, **oauth, **{OPTION + "auth_token": "good"}) == "FIRN"
    with refused(390303):
        come_in(snow, **oauth, **{OPTION + "auth_token": "bad"})
    snow.fault("refuse", preset="oauth_expired", times=9)
    with refused(390318):
        come_in(snow, **oauth, **{OPTION + "auth_token": "good"})
    snow.heal()
    snow.fault("refuse", preset="oauth_expired", times=1)
    assert come_in(snow, **oauth, **{OPTION + "auth_token": "good"}) == "FIRN", "it asks twice"


def test_a_password(snow):
    snow.user("FIRN", password="good")
    assert come_in(snow, username="firn", password="good") == "FIRN"
    with refused(390100):
        come_in(snow, username="FIRN", password="bad")
    with refused(390100):
        come_in(snow, username="NOBODY", password="good")


def test_a_users_own_way_is_the_only_one(snow, key):
    snow.user("FIRN", public_key=signin.public_pem(key))
    with refused(390100):
        come_in(snow, username="FIRN", password="None")
    with refused(394400):
        come_in(snow, username="FIRN", **{"adbc.snowflake.sql.auth_type": "auth_pat",
                                          OPTION + "auth_token": "None"})


@pytest.mark.parametrize("preset, code", [
    ("jwt", 390144), ("locked_user", 390102), ("disabled_user", 390101), ("policy", 390422),
    ("mfa", 394508), ("password", 390100)])
def test_a_refusal_that_was_ordered(snow, preset, code):
    snow.fault("refuse", preset=preset)
    with refused(code):
        come_in(snow, username="FIRN", password="x")
    assert come_in(snow, username="FIRN", password="x") == "FIRN", "once"


def test_what_does_not_exist_is_refused_at_login(snow):
    for name, value, code in (("role", "NOBODYS", 390189), ("warehouse", "NONE", 390201),
                              ("db", "NONE", 390201), ("schema", "NONE", 390201)):
        with refused(code):
            come_in(snow, username="FIRN", password="x", **{f"adbc.snowflake.sql.{name}": value})
    snow.settings(roles=["LOADER", "NOBODYS"], warehouses=["LOADING", "NONE"])
    assert come_in(snow, username="FIRN", password="x",
                   **{"adbc.snowflake.sql.role": "NOBODYS",
                      "adbc.snowflake.sql.warehouse": "NONE"}) == "FIRN"


CLIENT = """
import sys
sys.path.insert(0, sys.argv[1])
import adbc, emulator
snow = emulator.Emulator("/", [], "ANALYTICS", "MOVEWORKS")
snow.port = sys.argv[2]
place = {"adbc.snowflake.sql.uri.host": "localhost", "adbc.snowflake.sql.uri.protocol": "https"}
with adbc.connect({**snow.options(), **place}, username="F", password="x") as connection:
    print(connection.run("SELECT 1"))
"""


def certificate_of(key):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (x509.CertificateBuilder().subject_name(name).issuer_name(name)
            .public_key(key.public_key()).serial_number(1).not_valid_before(now)
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
            .sign(key, hashes.SHA256()))
    return made.public_bytes(Encoding.PEM).decode()


def test_https_with_a_certificate_of_its_own(tmp_path, key):
    """SSL_CERT_FILE is read once in a process: the client is a process of its own."""
    pem = certificate_of(key)
    (tmp_path / "ca.pem").write_text(pem)
    (tmp_path / "both.pem").write_text(pem + signin.private_pem(key))
    with emulator.start(tmp_path / "snow", "--tls", tmp_path / "both.pem") as snow:
        command = [sys.executable, "-B", "-c", CLIENT, os.path.dirname(__file__), str(snow.port)]
        trusted = subprocess.run(command, capture_output=True, text=True, timeout=60,
                                 env={**os.environ, "SSL_CERT_FILE": str(tmp_path / "ca.pem")})
        assert trusted.stdout == "[(1,)]\n", trusted.stderr
        stranger = subprocess.run(command, capture_output=True, text=True, timeout=60)
        assert stranger.returncode != 0 and "certificate" in stranger.stderr
        assert [login["user"] for login in snow.logins()] == ["F"] and snow.sessions() == []
