"""Faults that a test orders over /launcher/faults while the emulator runs.

A fault is a JSON object: `kind`; `on`, where it strikes ("query" unless said: login, query,
upload, renew, close, any); `match`, a regular expression that the statement's text (or the path of
the upload) must contain; `times`, how often (once, if neither it nor `seconds` is given);
`seconds`, for how long from now on; `skip`, how many that match it lets pass first; and what its
kind takes:

    status      status=500             an HTTP status instead of an answer
    delay       delay=1.5              waits before the statement runs; after=true: after it
    close       when="before"          the connection breaks: before the statement runs, "after"
                                       it ran but before the answer, "half" way through the answer
    error       code, sqlstate, message, or preset="suspended"   an error instead of running it
    refuse      preset="jwt"           the login is refused (on: login)
    expire      renew=true             the session's token is no longer good: 390112; with
                                       renew=false the renewal is refused too: 390114
    kill        -                      the session is gone: 390111; its transaction is rolled back
    drop_upload -                      the uploaded file vanishes
    lose_rows   rows=1                 the last rows of the uploaded Parquet file vanish

Codes and messages are Snowflake's as its documents and its users' reports have them."""

import itertools
import re
import threading
import time

PRESETS = {
    # statements
    "suspended": ("000606", "57P03", "No active warehouse selected in the current session.  Select"
                  " an active warehouse with the 'use warehouse' command."),
    "quota": ("090073", "22000", "Warehouse 'LOADING' cannot be resumed because resource monitor"
              " 'LIMIT' has exceeded its quota."),
    "locked": ("000625", "57014", "Statement '01c4b15b-020a-7e8c-0001-126284fb9fd6' has locked"
               " table 'T' in transaction 1780060538685000000 and this lock has not yet been"
               " released."),
    "timeout": ("000630", "57014", "Statement reached its statement or warehouse timeout of 60"
                " second(s) and was canceled."),
    "cancelled": ("000604", "57014", "SQL execution canceled"),
    "privileges": ("003001", "42501", "SQL access control error:\nInsufficient privileges to"
                   " operate on schema 'MOVEWORKS'."),
    "missing": ("002003", "42S02", "SQL compilation error:\nObject 'T' does not exist or not"
                " authorized."),
    "too_long": ("100078", "22000", "String 'x' is too long and would be truncated"),
    "internal": ("000603", "XX000", "SQL execution internal error:\nProcessing aborted by error"
                 " 300005:3495968563; incident 1234567."),
    # logins
    "jwt": ("390144", None, "JWT token is invalid. [0ce9eb56-821d-4ca9-a774-04ae89a0cf5a]"),
    "password": ("390100", None, "Incorrect username or password was specified."),
    "locked_user": ("390102", None, "Your user account has been temporarily locked."),
    "disabled_user": ("390101", None, "User access disabled. Contact your local system"
                      " administrator."),
    "oauth": ("390303", None, "Invalid OAuth access token. [0ce9eb56-821d-4ca9-a774-04ae89a0cf5a]"),
    "oauth_expired": ("390318", None, "OAuth access token expired."
                      " [0ce9eb56-821d-4ca9-a774-04ae89a0cf5a]"),
    "pat": ("394400", None, "Programmatic access token is invalid."),
    "policy": ("390422", None, "Incoming request with IP/Token 192.0.2.1 is not allowed to access"
               " Snowflake. Contact your account administrator."),
    "mfa": ("394508", None, "Failed to authenticate: MFA authentication is required, but none of"
            " your current MFA methods are supported for programmatic authentication."),
    "role": ("390189", None, "Role 'LOADER' specified in the connect string does not exist or not"
             " authorized. Contact your local system administrator, or attempt to login with"
             " another role, e.g. PUBLIC."),
    "namespace": ("390201", None, "The requested database does not exist or not authorized."),
}

_KINDS = {"status", "delay", "close", "error", "refuse", "expire", "kill", "drop_upload",
          "lose_rows"}
_COMMON = {"kind", "on", "match", "times", "seconds", "skip"}
_PLACES = {"login", "query", "upload", "renew", "close", "any"}
_DEFAULT_PLACE = {"refuse": "login", "drop_upload": "upload", "lose_rows": "upload"}


class Fault:
    def __init__(self, number, wanted):
        self.id = number
        self.kind = wanted["kind"]
        self.on = wanted.get("on", _DEFAULT_PLACE.get(self.kind, "query"))
        self.match = re.compile(wanted["match"], re.S) if wanted.get("match") else None
        self.skip = wanted.get("skip", 0)
        self.until = time.monotonic() + wanted["seconds"] if "seconds" in wanted else None
        self.times = wanted.get("times", None if self.until else 1)
        self.used = 0
        self.rest = {name: value for name, value in wanted.items() if name not in _COMMON}
        if self.kind not in _KINDS:
            raise ValueError(f"no fault is called '{self.kind}'; there are {sorted(_KINDS)}")
        if self.on not in _PLACES:
            raise ValueError(f"no place is called '{self.on}'; there are {sorted(_PLACES)}")
        if "preset" in self.rest and self.rest["preset"] not in PRESETS:
            raise ValueError(f"no preset is called '{self.rest['preset']}'; there are"
                             f" {sorted(PRESETS)}")

    def over(self):
        return ((self.times is not None and self.used >= self.times) or
                (self.until is not None and time.monotonic() > self.until))

    def strikes(self, on, text):
        if self.over() or self.on not in (on, "any"):
            return False
        if self.match and not self.match.search(text):
            return False
        if self.skip > 0:
            self.skip -= 1
            return False
        self.used += 1
        return True

    def error(self):
        """Code, SQLSTATE and message."""
        code, sqlstate, message = PRESETS.get(self.rest.get("preset"),
                                              ("000603", "XX000", "a fault of the launcher"))
        return (self.rest.get("code", code), self.rest.get("sqlstate", sqlstate),
                self.rest.get("message", message))

    def told(self):
        return {"id": self.id, "kind": self.kind, "on": self.on, "used": self.used,
                "over": self.over(), **self.rest}


class Faults:
    def __init__(self):
        self._lock = threading.Lock()
        self._list = []
        self._numbers = itertools.count(1)

    def add(self, wanted):
        with self._lock:
            fault = Fault(next(self._numbers), wanted)
            self._list.append(fault)
            return fault

    def clear(self):
        with self._lock:
            self._list.clear()

    def told(self):
        with self._lock:
            return [fault.told() for fault in self._list]

    def take(self, on, text=""):
        """The first fault that strikes here, or None."""
        with self._lock:
            for fault in self._list:
                if fault.strikes(on, text):
                    return fault
        return None
