"""A session: its parameters, its transaction, and one statement after the other.

fakesnow is told nothing of transactions; they are kept here, because DuckDB differs from Snowflake
in what matters to a loader:

  - A statement that fails is undone alone in Snowflake, and the transaction goes on. DuckDB aborts
    the transaction: it is begun anew and what succeeded so far runs again.
  - READ COMMITTED, and locks that wait: locks.py.
  - DDL commits an open transaction before it runs.
  - A transaction whose session ends is rolled back."""

import itertools
import threading
import time

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

import gaps
from answers import SnowflakeError, status, translated
from kinds import LOCKING, TRANSACTION, is_ddl, is_dml, kind_of
from locks import LOCK_TIMEOUT_SECONDS

TRANSACTION_TYPE = 0x5000
TRIES = 8  # of a statement that met another one's change in DuckDB

# What a session has without being told. Snowflake's default zone is not UTC.
PARAMETERS = {"AUTOCOMMIT": True, "TIMEZONE": "America/Los_Angeles", "QUERY_TAG": "",
              "LOCK_TIMEOUT": LOCK_TIMEOUT_SECONDS, "ABORT_DETACHED_QUERY": False,
              "STATEMENT_TIMEOUT_IN_SECONDS": 172800, "TIMESTAMP_TYPE_MAPPING": "TIMESTAMP_NTZ",
              "ERROR_ON_NONDETERMINISTIC_MERGE": True, "CLIENT_SESSION_KEEP_ALIVE": False}

_numbers = itertools.count(1)


class Job:
    """One statement on its way."""

    def __init__(self, text, params=None, batch=None, describe=False):
        self.text, self.params, self.batch, self.describe = text, params, batch, describe
        self.kind = kind_of(text)
        self.number = next(_numbers)
        self.cancelled = threading.Event()
        self.tree = None          # where sqlglot can read it
        self.autocommit = self.transaction = self.committed = None
        self.written = set()      # tables, when it is over

    def parse(self):
        if self.tree is None:
            trees = [tree for tree in sqlglot.parse(self.text, read="snowflake") if tree]
            if len(trees) != 1:
                raise SnowflakeError("000008", "0A000", f"Actual statement count {len(trees)} did"
                                     " not match the desired statement count 1.")
            self.tree = trees[0]
        return self.tree


    def parsed(self):
        """What sqlglot takes it for: "Merge"; "Command" is what it cannot read, None an error."""
        try:
            return type(self.parse()).__name__
        except (SnowflakeError, SqlglotError):
            return None


class Transaction:
    def __init__(self, session):
        self.session = session
        self.number = time.time_ns()
        self.done = []            # statements that changed something, to run again
        self.written = set()
        self.began = False        # in DuckDB
        self.snapshot = 0
        self.statement = ""


class Session:
    def __init__(self, number, server, namespace, parameters):
        self.number, self.server = number, server
        self.user = self.role = self.warehouse = None
        self.connection = server.connect(*namespace)
        self.duck = self.connection._duck_conn  # noqa: SLF001
        self.parameters = dict(PARAMETERS)
        self.transaction = None
        self.temporary_tables, self.stages = set(), {}
        self.running = None
        self.gone = False
        self.last_seen = time.monotonic()
        self.last_query = None
        self.serial = threading.Lock()
        for name, value in parameters.items():
            self.set_parameter(name, value)

    # --- parameters ---
    def set_parameter(self, name, value):
        name = name.upper()
        old = self.parameters.get(name)
        if isinstance(old, bool):
            value = str(value).lower() in ("true", "1", "on")
        elif isinstance(old, int):
            value = int(value)
        if name == "TIMEZONE":
            try:
                self.duck.execute(f"SET TimeZone = '{str(value).replace(chr(39), '')}'")
            except duckdb.Error:
                raise SnowflakeError("001423", "22023", f"invalid value [{value}] for parameter"
                                     " 'TIMEZONE'") from None
        self.parameters[name] = value

    def _alter_session(self, job):
        for action in job.parse().args["actions"]:
            for item in action.expressions:
                unset = action.args.get("unset")
                name = item.name if unset else item.find(exp.Column).name
                value = None if unset else item.this.expression
                if value is None:
                    value = PARAMETERS.get(name.upper(), "")
                else:
                    value = value.this if isinstance(value, exp.Boolean) else value.name
                self.set_parameter(name, value)
        return status()

    # --- statements ---
    def run(self, job):
        with self.serial:
            if self.gone:
                raise SnowflakeError("390111", None, "Session no longer exists.  New login"
                                     " required to access the service.")
            self.running = job
            try:
                result = self._run(job)
                self.last_query = result.query_id
                return result
            except Exception as error:
                raise translated(error) from error
            finally:
                self.running = None
                self.last_seen = time.monotonic()

    def _run(self, job):
        job.autocommit = self.parameters["AUTOCOMMIT"]
        if job.kind in TRANSACTION:
            return self._control(job)
        if job.kind == "ALTER SESSION":
            return self._alter_session(job)
        if is_ddl(job.kind):
            if self.transaction is not None:
                job.committed = "implicit"
                self._commit()
            return self._alone(job, begin=False)
        if is_dml(job.kind):
            if self.transaction is None and job.autocommit:
                return self._alone(job, begin=True)
            self.transaction = self.transaction or Transaction(self)
        if self.transaction is None:
            return gaps.perform(self, job)
        return self._within(self.transaction, job)

    def _control(self, job):
        if job.kind == "BEGIN":
            self.transaction = self.transaction or Transaction(self)
            job.transaction = self.transaction.number
        elif self.transaction is not None:
            job.transaction = self.transaction.number
            if job.kind == "COMMIT":
                job.committed = "COMMIT"
                self._commit()
            else:
                self._roll_back()
        return status(type_id=TRANSACTION_TYPE)

    def _lock(self, transaction, job):
        transaction.statement = f"statement {job.number}"
        target = gaps.target_of(self, job)
        if target is None:
            return
        job.written.add(target)
        if job.kind in LOCKING or is_ddl(job.kind):
            self.server.locks.take(transaction, target, self.parameters["LOCK_TIMEOUT"],
                                   job.cancelled.is_set)

    def _alone(self, job, begin):
        transaction = Transaction(self)
        try:
            self._lock(transaction, job)
            for left in reversed(range(TRIES)):
                try:
                    return self._once(job, begin)
                except duckdb.TransactionException:
                    if left == 0:
                        raise
                    time.sleep(0.05)
        finally:
            self.server.locks.release(transaction, job.written)

    def _once(self, job, begin):
        if begin:
            self.duck.execute("BEGIN")
        try:
            result = gaps.perform(self, job)
            if begin:
                self.duck.execute("COMMIT")
            return result
        except Exception:
            if begin:
                self._forget()
            raise

    # --- a transaction over several statements ---
    def _within(self, transaction, job):
        job.transaction = transaction.number
        if is_dml(job.kind):
            self._lock(transaction, job)
        read = gaps.tables_of(self, job)
        if not transaction.began or self.server.locks.changed_since(read | job.written,
                                                                    transaction.snapshot):
            self._begin_anew(transaction)
        for left in reversed(range(TRIES)):
            try:
                result = gaps.perform(self, job)
                break
            except duckdb.TransactionException:
                self._begin_anew(transaction)
                if left == 0:
                    raise
                time.sleep(0.05)
            except Exception:
                self._begin_anew(transaction)
                raise
        if is_dml(job.kind):
            transaction.done.append(job)
            transaction.written |= job.written
        return result

    def _begin_anew(self, transaction):
        if transaction.began:
            self._forget()
        transaction.snapshot = self.server.locks.now()
        self.duck.execute("BEGIN")
        transaction.began = True
        for job in transaction.done:
            gaps.perform(self, job)

    def _forget(self):
        try:
            self.duck.execute("ROLLBACK")
        except duckdb.Error:
            pass  # DuckDB has rolled it back by itself

    def _commit(self):
        transaction, self.transaction = self.transaction, None
        try:
            if transaction.began:
                self.duck.execute("COMMIT")
        except duckdb.Error:
            self._forget()
            transaction.written = set()
            raise
        finally:
            self.server.locks.release(transaction, transaction.written)

    def _roll_back(self):
        transaction, self.transaction = self.transaction, None
        if transaction is None:
            return
        if transaction.began:
            self._forget()
        self.server.locks.release(transaction)

    # --- ends ---
    def cancel(self, job):
        job.cancelled.set()
        if self.running is job:
            self.duck.interrupt()

    def abort_if_idle(self, transaction, seconds):
        if time.monotonic() - self.last_seen < seconds or not self.serial.acquire(blocking=False):
            return
        try:
            if self.transaction is transaction:
                self._roll_back()
                self.server.journal.write("aborted", session=self.number,
                                          transaction=transaction.number)
        finally:
            self.serial.release()

    def end(self):
        """The session is over: nothing of an open transaction stays, no temporary thing either."""
        self.gone = True
        running = self.running
        if running is not None:
            self.cancel(running)
        with self.serial:
            self._roll_back()
            gaps.drop_temporary(self)
            self.duck.close()

    def told(self):
        transaction = self.transaction
        return {"session": self.number, "user": self.user,
                "transaction": transaction and transaction.number,
                "statements": len(transaction.done) if transaction else 0,
                "running": self.running and self.running.text}
