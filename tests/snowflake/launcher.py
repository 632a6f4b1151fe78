"""Starts the emulator of Snowflake for tests: fakesnow, with its gaps filled (gaps.py, session.py,
catalog.py), faults on demand (faults.py), and everything that comes in on record (journal.py).

    deps/fakesnow/bin/python tests/snowflake/launcher.py --folder DIR

DIR/port holds the port once it is ready, DIR/journal.jsonl the record, DIR/db one DuckDB file for
each database. It ends on SIGTERM. Killed at any moment, it finds on its next start in the same DIR
what was committed and nothing else. What the settings mean: `settings` below; tests start it with
emulator.py."""

import argparse
import asyncio
import os
import shutil
import signal
import socket
import sys
import threading
import warnings

import uvicorn

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import catalog  # noqa: E402
import gaps  # noqa: E402
from answers import SnowflakeError  # noqa: E402
from fakesnow.instance import FakeSnow  # noqa: E402
from faults import Faults  # noqa: E402
from journal import Journal  # noqa: E402
from locks import Locks  # noqa: E402
from protocol import Protocol  # noqa: E402

ROLE = "LOADER"
# What README asks an administrator to grant.
GRANTS = [("USAGE", "WAREHOUSE", "LOADING"), ("USAGE", "DATABASE", "{database}"),
          ("USAGE", "SCHEMA", "{database}.{schema}"),
          ("CREATE TABLE", "SCHEMA", "{database}.{schema}"),
          ("CREATE VIEW", "SCHEMA", "{database}.{schema}"),
          ("CREATE STAGE", "SCHEMA", "{database}.{schema}")]


class Server:
    """What all sessions share."""

    def __init__(self, folder, database, schemas, idle_seconds):
        for name in ("db", "bucket"):
            path = os.path.join(folder, name)
            if name == "bucket":
                shutil.rmtree(path, ignore_errors=True)
            os.makedirs(path, exist_ok=True)
        gaps.patch(os.path.join(folder, "bucket"))
        self.journal = Journal(os.path.join(folder, "journal.jsonl"))
        self.faults, self.locks = Faults(), Locks(idle_seconds)
        self.default_role, self.roles = ROLE, {ROLE, "PUBLIC"}
        self.warehouses = {"LOADING"}
        self.users = {}
        self.buckets, self.external = {}, {}  # external.py
        self.database, self.schemas = database, []
        self.owners, self.grants = {}, []
        self.patience = 45.0
        self.any_namespace = False
        self._opening = threading.Lock()
        self._fakesnow = FakeSnow(db_path=os.path.join(folder, "db"))
        for schema in schemas:
            self.add_schema(schema)
        for schema in catalog.schemas(self._fakesnow.duck_conn, database):
            self.add_schema(schema)
        catalog.prepare(self._fakesnow.duck_conn, database)

    def add_schema(self, name):
        """With what README asks to be granted on it."""
        if name in self.schemas:
            return
        self.connect(self.database, name).close()
        self.schemas.append(name)
        told = [{"privilege": privilege, "granted_on": kind, "grantee_name": ROLE,
                 "name": where.format(database=self.database, schema=name)}
                for privilege, kind, where in GRANTS]
        self.grants += [one for one in told if one not in self.grants]

    def connect(self, database, schema):
        with self._opening:
            return self._fakesnow.connect(database, schema)

    def check_namespace(self, wanted):
        """As a login that validates its defaults."""
        def known(name, names):
            return name is None or self.any_namespace or name.strip('"').upper() in names
        if not known(wanted.get("role"), self.roles):
            raise SnowflakeError("390189", None, f"Role '{wanted['role']}' specified in the connect"
                                 " string does not exist or not authorized. Contact your local"
                                 " system administrator, or attempt to login with another role,"
                                 " e.g. PUBLIC.")
        for kind, names in (("warehouse", self.warehouses), ("database", {self.database}),
                            ("schema", set(self.schemas))):
            if not known(wanted.get(kind), names):
                raise SnowflakeError("390201", None,
                                     f"The requested {kind} does not exist or not authorized.")

    def settings(self):
        return {"patience": self.patience, "roles": sorted(self.roles),
                "warehouses": sorted(self.warehouses), "any_namespace": self.any_namespace,
                "schemas": sorted(self.schemas), "buckets": self.buckets}

    def set(self, patience=None, roles=None, warehouses=None, any_namespace=None, schemas=(),
            buckets=None):
        """patience: seconds until a statement is answered with "not done yet"; roles, warehouses:
        those that exist; any_namespace: all exist; schemas: more of them, which are made; buckets:
        their folders."""
        for schema in schemas:
            self.add_schema(schema)
        self.patience = self.patience if patience is None else float(patience)
        self.roles = self.roles if roles is None else set(roles)
        self.warehouses = self.warehouses if warehouses is None else set(warehouses)
        self.any_namespace = self.any_namespace if any_namespace is None else any_namespace
        self.buckets = self.buckets if buckets is None else dict(buckets)


def write_port(folder, port):
    path = os.path.join(folder, "port")
    with open(path + ".new", "w") as file:
        file.write(f"{port}\n")
    os.replace(path + ".new", path)


async def watch(parent, web):
    """A test that was killed leaves no emulator behind."""
    while os.getppid() == parent:
        await asyncio.sleep(1)
    web.should_exit = True


async def serve(server, folder, port, secure, parent=None):
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    protocol = Protocol(server)
    web = uvicorn.Server(uvicorn.Config(protocol.application(), log_level="warning",
                                        lifespan="off", http="h11", timeout_keep_alive=3600,
                                        timeout_graceful_shutdown=2, **secure))
    web.install_signal_handlers = lambda: None
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, lambda: setattr(web, "should_exit", True))
    task = asyncio.ensure_future(web.serve(sockets=[listener]))
    while not web.started and not task.done():
        await asyncio.sleep(0.01)
    if web.started:
        server.journal.write("start", pid=os.getpid())
        write_port(folder, listener.getsockname()[1])
    watching = asyncio.ensure_future(watch(parent, web)) if parent else None
    await task
    if watching:
        watching.cancel()
    for entry in list(protocol.entries):
        await protocol.kill(entry)


def main():
    parser = argparse.ArgumentParser(description="an emulator of Snowflake for tests")
    parser.add_argument("--folder", required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--database", default="ANALYTICS")
    parser.add_argument("--schema", action="append", help="may be given again; MOVEWORKS")
    parser.add_argument("--idle-seconds", type=float, default=300,
                        help="whoever idles this long and holds a lock that another one waits for"
                        " is rolled back")
    parser.add_argument("--parent", type=int, metavar="PID", help="end when this parent ends")
    parser.add_argument("--tls", metavar="PEM", help="a file with certificate and key: https")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    folder = os.path.abspath(args.folder)
    os.makedirs(folder, exist_ok=True)
    server = Server(folder, args.database.upper(),
                    [name.upper() for name in args.schema or ["MOVEWORKS"]], args.idle_seconds)
    secure = {"ssl_certfile": args.tls, "ssl_keyfile": args.tls} if args.tls else {}
    asyncio.run(serve(server, folder, args.port, secure, args.parent))


if __name__ == "__main__":
    main()
