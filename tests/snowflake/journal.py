"""What the launcher saw, one JSON object a line, in the order in which it was over:

    login      account, user, authenticator, token, password, provider, parameters (of the
               session), environment (of the client), namespace (database, schema, warehouse,
               role), session, answer
    arrived    a statement has come: session, request, kind, start of its text
    statement  it is over: session, request, retry, kind, text, bindings, tag, presign, describe,
               autocommit, transaction (its number, or null), committed ("COMMIT", "implicit" or
               null), seconds, rows (how many), result (they, where they are few), error, fault,
               parsed (what sqlglot reads it as: "Merge"; "Command" where it cannot, null where
               it is an error), ran (false: a fault came before)
    upload     path, bytes, fault
    renew, close, abort, heartbeat, telemetry, fault, start

Each has `n`, its number, and `time`, seconds since 1970. A statement that was cut off by the end
of the launcher has only its `arrived`."""

import json
import os
import threading
import time


class Journal:
    def __init__(self, path):
        self._path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lock = threading.Lock()
        self._n = os.fstat(self._file).st_size and self._last(path)

    @staticmethod
    def _last(path):
        """The numbers go on where an earlier launcher ended."""
        with open(path, "rb") as file:
            return sum(1 for _ in file)

    def write(self, event, **fields):
        with self._lock:
            self._n += 1
            line = json.dumps({"n": self._n, "time": round(time.time(), 6), "event": event,
                               **fields}, default=str, ensure_ascii=False)
            os.write(self._file, line.encode() + b"\n")

    def read(self):
        with self._lock, open(self._path, "rb") as file:
            return [json.loads(line) for line in file if line.endswith(b"\n")]
