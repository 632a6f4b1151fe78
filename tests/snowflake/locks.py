"""Locks as Snowflake has them, over DuckDB, which has none: UPDATE, DELETE and MERGE take their
table until the transaction ends, and others wait for it, at most LOCK_TIMEOUT seconds.

DuckDB reads a transaction's data as of its first statement, Snowflake as of each statement. So
every commit is numbered here, and a transaction that is about to touch a table that was changed
since it began is begun anew (session.py): its statements so far run again on the newer data."""

import threading
import time

from answers import SnowflakeError

LOCK_TIMEOUT_SECONDS = 43200


class Holder:
    """A transaction of somebody who does nothing but hold a table, until the test releases it."""

    def __init__(self):
        self.number = time.time_ns()
        self.statement = "of the launcher"
        self.session = self

    def abort_if_idle(self, transaction, seconds):
        """Never."""


class Locks:
    def __init__(self, idle_seconds):
        self._changed = threading.Condition()
        self._owners = {}      # table: transaction
        self._commits = {}     # table: number of the last commit that changed it
        self._clock = 0
        self._idle_seconds = idle_seconds
        self._holder = Holder()

    def now(self):
        with self._changed:
            return self._clock

    def changed_since(self, tables, number):
        with self._changed:
            return any(self._commits.get(table, 0) > number for table in tables)

    def take(self, transaction, table, timeout, cancelled):
        """Waits for the table. `cancelled` tells whether the wait is over for another reason."""
        end = time.monotonic() + timeout
        while True:
            with self._changed:
                owner = self._owners.get(table)
                if owner is None or owner is transaction:
                    self._owners[table] = transaction
                    return
                if cancelled():
                    raise SnowflakeError("000604", "57014", "SQL execution canceled")
                left = end - time.monotonic()
                if left <= 0:
                    raise SnowflakeError(
                        "000625", "57014", f"Statement '{owner.statement}' has locked table"
                        f" '{table.split('.')[-1]}' in transaction {owner.number} and this lock"
                        " has not yet been released.")
                self._changed.wait(min(left, 0.05))
            # As Snowflake does after five minutes with who idles and holds a lock.
            owner.session.abort_if_idle(owner, self._idle_seconds)

    def release(self, transaction, written=()):
        with self._changed:
            if written:
                self._clock += 1
            for table in written:
                self._commits[table] = self._clock
            for table in [name for name, owner in self._owners.items() if owner is transaction]:
                del self._owners[table]
            self._changed.notify_all()

    def hold(self, table):
        self.take(self._holder, table, 30, lambda: False)

    def let_go(self):
        self.release(self._holder)

    def told(self):
        with self._changed:
            return {table: owner.number for table, owner in self._owners.items()}
