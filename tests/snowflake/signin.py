"""Key-pair sign-in as Snowflake checks it: the token that the driver makes out of the private key.

    claims = signin.verify(token, public_key_pem, account="MYORG-MYACCOUNT", user="FIRN_LOADER")

raises AssertionError with the reason where anything is wrong: signature (RS256), issuer, subject,
fingerprint of the public key, expiry."""

import base64
import hashlib
import json
import time

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

LIFE_SECONDS_MAX = 3600
SKEW_SECONDS_MAX = 60


def _decoded(part):
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def public_key(pem):
    return serialization.load_pem_public_key(pem.encode() if isinstance(pem, str) else pem)


def fingerprint(pem):
    """As DESC USER shows it: SHA256:..."""
    der = public_key(pem).public_bytes(serialization.Encoding.DER,
                                       serialization.PublicFormat.SubjectPublicKeyInfo)
    return "SHA256:" + base64.b64encode(hashlib.sha256(der).digest()).decode()


def read(token):
    """Header and claims, nothing checked."""
    header, claims, _ = token.split(".")
    return json.loads(_decoded(header)), json.loads(_decoded(claims))


def account_of(account):
    """The part of an account's identifier that the token names: hyphens stay, region and cloud of a
    locator go."""
    return account.split(".")[0].upper()


def verify(token, pem, account, user, now=None):
    header, claims = read(token)
    assert header.get("alg") == "RS256", f"the algorithm is {header.get('alg')}, not RS256"
    signed, _, signature = token.rpartition(".")
    try:
        public_key(pem).verify(_decoded(signature), signed.encode(), padding.PKCS1v15(),
                               hashes.SHA256())
    except InvalidSignature:
        raise AssertionError("the signature is not of this public key") from None
    subject = f"{account_of(account)}.{user.upper()}"
    assert claims.get("sub") == subject, f"the subject is {claims.get('sub')}, not {subject}"
    issuer = f"{subject}.{fingerprint(pem)}"
    assert claims.get("iss") == issuer, f"the issuer is {claims.get('iss')}, not {issuer}"
    now = time.time() if now is None else now
    issued, ends = claims.get("iat"), claims.get("exp")
    assert isinstance(issued, int) and isinstance(ends, int), "iat and exp are whole seconds"
    assert issued <= now + SKEW_SECONDS_MAX, f"issued {issued - now:.0f} s from now"
    assert ends > now - SKEW_SECONDS_MAX, f"expired {now - ends:.0f} s ago"
    assert 0 < ends - issued <= LIFE_SECONDS_MAX, f"good for {ends - issued} s"
    return claims


class User:
    """What the emulator knows of a user. Where it knows no user at all, everybody may come in."""

    def __init__(self, name, public_key=None, password=None, pat=None, oauth=None):
        self.name, self.public_key = name.upper(), public_key
        self.password, self.pat, self.oauth = password, pat, oauth
        self.fingerprint = fingerprint(public_key) if public_key else None

    def refuses(self, account, data):
        """The name of a preset of faults.py, and why; None: may come in."""
        method = data.get("AUTHENTICATOR") or "SNOWFLAKE"
        token = data.get("TOKEN", "")
        if method == "SNOWFLAKE_JWT":
            try:
                assert self.public_key, "the user has no public key"
                verify(token, self.public_key, account, self.name)
            except AssertionError as error:
                return "jwt", str(error)
        elif method == "PROGRAMMATIC_ACCESS_TOKEN" and token != self.pat:
            return "pat", "another token"
        elif method == "OAUTH" and token != self.oauth:
            return "oauth", "another token"
        elif method == "SNOWFLAKE" and (not self.password or
                                        data.get("PASSWORD") != self.password):
            return "password", "another password"
        return None


# --- for tests: a key pair ---
def new_key(bits=2048):
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def public_pem(key):
    return key.public_key().public_bytes(serialization.Encoding.PEM,
                                         serialization.PublicFormat.SubjectPublicKeyInfo).decode()


def private_pem(key, passphrase=None, form="PKCS8"):
    """PKCS#8; encrypted (PBES2, AES-256) with a passphrase. form="PKCS1": the older form."""
    how = (serialization.BestAvailableEncryption(passphrase.encode()) if passphrase else
           serialization.NoEncryption())
    kind = (serialization.PrivateFormat.PKCS8 if form == "PKCS8" else
            serialization.PrivateFormat.TraditionalOpenSSL)
    return key.private_bytes(serialization.Encoding.PEM, kind, how).decode()
