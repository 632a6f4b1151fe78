"""The tests' side of launcher.py. Needs nothing but Python itself, so that any test may import it;
what is read back goes through Snowflake's own Python connector, in deps/fakesnow.

    with emulator.start(tmp_path / "snowflake") as snowflake:
        firn.write("firn.yaml", ... + snowflake.destination(auth="{ password: secret }"))
        ...
        snowflake.rows('SELECT COUNT(*) FROM "MOVEWORKS_USERS"')   # [(20,)]
        snowflake.statements()          # what came in, in order: journal.py
        snowflake.fault("error", match="^MERGE", preset="locked")   # faults.py
        snowflake.kill()                # as a power cut
        snowflake.restart()             # what was committed is there
"""

import http.client
import json
import os
import pathlib
import signal
import ssl
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from kinds import DML, TRANSACTION  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PYTHON = ROOT / "deps" / "fakesnow" / "bin" / "python"
DRIVER = pathlib.Path(os.environ.get("FIRN_SNOWFLAKE_DRIVER",
                                     ROOT / "deps" / "lib" / "libadbc_driver_snowflake.so"))
READER = "READER"
START_SECONDS = 180
_INSIDE = DML | TRANSACTION | {"SELECT"}
_ANY_CERTIFICATE = ssl._create_unverified_context()


class Emulator:
    def __init__(self, folder, options, database, schema):
        self.folder = pathlib.Path(folder)
        self.database, self.schema = database, schema
        self._options = options
        self.process = self.port = self._reader = None

    # --- the process ---
    def launch(self, port=0):
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "port").unlink(missing_ok=True)
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [PYTHON, "-B", HERE / "launcher.py", "--folder", self.folder, "--port", str(port),
                 "--parent", str(os.getpid()), "--database", self.database, "--schema",
                 self.schema, *self._options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        end = time.monotonic() + START_SECONDS
        while not (self.folder / "port").exists():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("the emulator did not start:\n" +
                                   (self.folder / "log").read_text()[-2000:])
            time.sleep(0.02)
        self.port = int((self.folder / "port").read_text())
        return self

    def stop(self):
        """SIGTERM; its exit code."""
        if self._reader is not None:
            self._reader.communicate(timeout=60)
            self._reader = None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def restart(self):
        """On the same port, over what was committed."""
        if self.process.poll() is None:
            self.stop()
        return self.launch(self.port)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()
        mistakes = self.journal("mistake")
        assert not mistakes, "the launcher made a mistake:\n" + mistakes[0]["trace"]

    # --- what it is told ---
    def control(self, method, what, body=None):
        where = {"host": "127.0.0.1", "port": self.port, "timeout": 120}
        connection = (http.client.HTTPSConnection(**where, context=_ANY_CERTIFICATE)
                      if "--tls" in self._options else http.client.HTTPConnection(**where))
        try:
            connection.request(method, f"/launcher/{what}",
                               None if body is None else json.dumps(body))
            answer = connection.getresponse()
            told = json.loads(answer.read())
            assert answer.status == 200, told
            return told
        finally:
            connection.close()

    def fault(self, kind, **parameters):
        """faults.py says which there are."""
        return self.control("POST", "faults", {"kind": kind, **parameters})

    def faults(self):
        return self.control("GET", "faults")

    def heal(self):
        self.control("DELETE", "faults")

    def sessions(self):
        """Those that are open, with their transactions."""
        return [one for one in self.control("GET", "sessions") if one["user"] != READER]

    def kill_sessions(self):
        self.control("DELETE", "sessions")

    def expire(self, renew=True):
        """From now on every session must renew its token, or cannot."""
        self.control("POST", "sessions", {"expire": True, "renew": renew})

    def locks(self):
        """Who has which table: its transaction's number."""
        return self.control("GET", "locks")

    def hold(self, table):
        """Somebody else has this table, until let_go()."""
        return self.control("POST", "locks", {"table": table})

    def let_go(self):
        return self.control("DELETE", "locks")

    def user(self, name, **secrets):
        """From now on only users that are told here come in, each with its public_key, password,
        pat or oauth."""
        return self.control("POST", "users", {"name": name, **secrets})

    def grants(self, rows=None):
        """What SHOW GRANTS tells: rows of privilege, granted_on, name, grantee_name."""
        return self.control("GET" if rows is None else "POST", "grants", rows)

    def settings(self, **changes):
        return self.control("POST" if changes else "GET", "settings", changes or None)

    # --- what came in ---
    def journal(self, event=None, since=0):
        """All events, or those of one name, after the event number `since`."""
        found = []
        with open(self.folder / "journal.jsonl") as file:
            for line in file:
                if line.endswith("\n"):
                    one = json.loads(line)
                    if one["n"] > since and event in (None, one["event"]):
                        found.append(one)
        return found

    def mark(self):
        """The number of the last event: for `since`."""
        return max([one["n"] for one in self.journal()], default=0)

    def _readers(self):
        return {one.get("session") for one in self.journal("login") if one["user"] == READER}

    def statements(self, since=0, kinds=None, all=False):
        """What was run, in order, without the tests' own reading and without the second question
        that the driver asks before an upload (journal.py, presign)."""
        readers = set() if all else self._readers()
        return [one for one in self.journal("statement", since)
                if one["session"] not in readers and (all or not one.get("presign"))
                and (kinds is None or one["kind"] in kinds)]

    def transactions(self, since=0):
        """The statements of each transaction that was committed, from BEGIN to COMMIT. Fails where
        DDL committed one, or anything but DML and SELECT stands in one."""
        found = {}
        for one in self.statements(since):
            assert one.get("committed") != "implicit", f"it commits what is open: {one['text']}"
            if one.get("transaction"):
                assert one["kind"] in _INSIDE, f"within a transaction: {one['text']}"
                found.setdefault((one["session"], one["transaction"]), []).append(one)
        return [of for of in found.values() if of[-1]["committed"] == "COMMIT"]

    def logins(self, since=0):
        return [one for one in self.journal("login", since) if one["user"] != READER]

    def uploads(self, since=0):
        return self.journal("upload", since)

    def wait_for(self, event, seconds=90, since=0, **fields):
        """The first such event; waits until it is there."""
        end = time.monotonic() + seconds
        while True:
            for one in self.journal(event, since):
                if all(one.get(name) == value for name, value in fields.items()):
                    return one
            assert time.monotonic() < end, f"no {event} with {fields} came"
            time.sleep(0.05)

    # --- what is in it ---
    def rows(self, sql):
        """Read back with Snowflake's own connector: a list of tuples. Not with --tls."""
        if sys.prefix == str(PYTHON.parents[1]):
            return read(self.port, self.database, self.schema, sql)
        if self._reader is None:  # one for all questions: the connector takes a second to come
            self._reader = subprocess.Popen([PYTHON, "-B", HERE / "emulator.py"], text=True,
                                            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        print(json.dumps([self.port, self.database, self.schema, sql]), file=self._reader.stdin,
              flush=True)
        answer = json.loads(self._reader.stdout.readline() or '"the reader has died"')
        assert isinstance(answer, list), answer
        return [tuple(row) for row in answer]

    # --- how to come in ---
    def options(self, **changes):
        """Database options of the ADBC driver, without the sign-in."""
        known = {"adbc.snowflake.sql.account": "MYORG-MYACCOUNT",
                 "adbc.snowflake.sql.uri.host": "127.0.0.1",
                 "adbc.snowflake.sql.uri.port": str(self.port),
                 "adbc.snowflake.sql.uri.protocol": "http",
                 "adbc.snowflake.sql.db": self.database,
                 "adbc.snowflake.sql.schema": self.schema,
                 "adbc.snowflake.sql.warehouse": "LOADING",
                 "adbc.snowflake.sql.role": "LOADER",
                 "adbc.snowflake.sql.client_option.disable_telemetry": "true"}
        return {**known, **changes}

    def destination(self, auth="{ password: secret }", user="FIRN_LOADER", **more):
        """The `destination:` block of a configuration."""
        keys = {"account": "myorg-myaccount", "user": user, "auth": auth, "warehouse": "LOADING",
                "database": self.database, "schema": self.schema, "role": "LOADER",
                "host": "127.0.0.1", "port": self.port, "protocol": "http", "driver": DRIVER,
                **more}
        return "destination:\n  snowflake:\n" + "".join(
            f"    {name}: {value}\n" for name, value in keys.items() if value is not None)


def start(folder, *options, database="ANALYTICS", schema="MOVEWORKS"):
    """A running emulator; `options` are the launcher's."""
    return Emulator(folder, [str(option) for option in options], database, schema).launch()


def read(port, database, schema, sql):
    import snowflake.connector
    with snowflake.connector.connect(
            account="MYORG-MYACCOUNT", user=READER, password="reader", host="127.0.0.1", port=port,
            protocol="http", database=database, schema=schema, login_timeout=20,
            network_timeout=20, session_parameters={"TIMEZONE": "UTC"}) as connection:
        return connection.cursor().execute(sql).fetchall()


def serve():
    """A line of JSON for each on standard input: the rows, or in words why not."""
    for line in sys.stdin:
        try:
            answer = read(*json.loads(line))
        except Exception as why:
            answer = repr(why)
        print(json.dumps(answer, default=str), flush=True)


if __name__ == "__main__":
    serve()
