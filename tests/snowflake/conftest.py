"""What the emulator's own tests share. They run in its Python:

    deps/fakesnow/bin/python -m pytest -q tests/snowflake

An emulator serves the tests of one file; each has tables of its own, and leaves no fault, user or
session behind."""

import contextlib
import os
import sys

import adbc_driver_manager
import pytest
import snowflake.connector

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import adbc  # noqa: E402
import emulator  # noqa: E402


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    with emulator.start(tmp_path_factory.mktemp("snowflake")) as running:
        yield running


@pytest.fixture
def snow(shared):
    """A healthy emulator that knows no user; `snow.since` is where its journal stood."""
    shared.since = shared.mark()
    yield shared
    shared.heal()
    shared.let_go()
    shared.control("DELETE", "users")
    shared.settings(patience=45, roles=["LOADER", "PUBLIC"], warehouses=["LOADING"])
    shared.kill_sessions()


def connected(snow, **more):
    """Through Snowflake's ADBC driver, as firn comes in."""
    return adbc.connect(snow.options(), username="FIRN_LOADER", password="secret",
                        **{**adbc.SESSION, **more})


@pytest.fixture
def loader(snow):
    with connected(snow) as connection:
        yield connection


@contextlib.contextmanager
def python(snow, **more):
    """Through Snowflake's Python connector: a cursor."""
    keys = {"account": "MYORG-MYACCOUNT", "user": "ANALYST", "password": "secret",
            "host": "127.0.0.1", "port": snow.port, "protocol": "http", "database": snow.database,
            "schema": snow.schema, "warehouse": "LOADING", "login_timeout": 5,
            "network_timeout": 10, **more}
    with snowflake.connector.connect(**keys) as connection:
        yield connection.cursor()


@contextlib.contextmanager
def refused(code):
    """The driver fails with this code of Snowflake's."""
    with pytest.raises((adbc_driver_manager.Error, snowflake.connector.errors.Error)) as caught:
        yield caught
    found = getattr(caught.value, "vendor_code", None) or getattr(caught.value, "errno", None)
    assert found == code, f"{found}: {caught.value}"


@pytest.fixture
def firn(tmp_path):
    import piping
    return piping.e2e.Firn(tmp_path)
