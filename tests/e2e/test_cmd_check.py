"""firn check: a line for each thing, a remedy for each failure; nothing is loaded or made."""

import os
import subprocess
import sys
import time

import duckdb
import pytest

import firn_sim
import standin


def lines(done, state=None):
    """[(state, what, text, todo)]; every line of the output must be one of these."""
    found = []
    for line in done.out.splitlines():
        if line.startswith("     do: "):
            assert found and found[-1][3] is None
            found[-1] = (*found[-1][:3], line[9:])
        else:
            assert line[:5] in ("ok   ", "warn ", "FAIL "), line
            found.append((line[:4].strip(), line[5:22].strip(), line[23:], None))
    for entry in found:
        assert (entry[0] == "ok") == (entry[3] is None), entry
    return [entry for entry in found if state in (None, entry[0])]


def line(done, what):
    found = [entry for entry in lines(done) if entry[1] == what]
    assert len(found) == 1, (what, str(done))
    return found[0]


def things(server, auth="none: {}", stream=""):
    return ("format: 1\nconnector: things\n"
            f"base_url: {server.url}\nauth: {{ {auth} }}\n"
            "streams:\n  items:\n    path: /items\n    paging: none\n    records: /data\n"
            f"    key: [ID]\n    columns: {{ ID: text, UPDATED_AT: timestamp }}\n{stream}")


CONFIG = ("version: 1\nsource: { connector: ./things.yaml }\n"
          "destination: { duckdb: it.duckdb }\n")


@pytest.fixture
def server(firn):
    """An API that needs no sign-in, and its configuration."""
    with standin.Generic(standin.make_records(3)) as running:
        firn.write("things.yaml", things(running))
        firn.write("firn.yaml", CONFIG)
        yield running


# --- all is well ---

def test_all_is_well_and_nothing_is_made(firn, sim):
    firn.write("firn.yaml", firn.moveworks(sim))
    before = sorted(firn.folder.rglob("*"))
    done = firn("check")
    assert done.code == 0 and not done.err and not lines(done, "FAIL"), done
    assert [entry[1] for entry in lines(done)] == [
        "configuration", "secrets", "connector", "views", "source", "clock", "sign-in",
        "conversations", "interactions", "plugin-calls", "plugin-resources", "users", "DuckDB",
        "destination", "disk, DuckDB", "state", "log", "disk, state"]
    assert "the API counts" in line(done, "interactions")[2]
    assert "accepted (bearer)" in line(done, "sign-in")[2]
    assert "not there yet" in line(done, "destination")[2]
    assert line(done, "DuckDB")[2].startswith("v1.")
    assert sorted(firn.folder.rglob("*")) == before and list(firn.home.iterdir()) == []
    assert firn_sim.TOKEN not in str(done)


def test_the_smallest_thing_is_asked_for(firn, sim, server):
    firn.write("moveworks.yaml", firn.moveworks(sim))
    sim.forget()
    assert firn("check", "-c", "moveworks.yaml").code == 0
    assert len(sim.log()) == 5 and all("$count" in str(entry) for entry in sim.log())
    assert firn("check").code == 0
    assert len(server.log) == 1


def test_after_a_load_the_tables_are_looked_at(firn, sim):
    firn.write("firn.yaml", firn.moveworks(sim))
    assert firn("run").code == 0
    before = firn.path("moveworks.duckdb").read_bytes()
    done = firn("check")
    assert done.code == 0 and "opens" in line(done, "destination")[2], done
    assert line(done, "tables")[2] == "6 of 6 are there, of the types that firn writes"
    assert firn.path("moveworks.duckdb").read_bytes() == before


def test_colours_are_for_terminals_only(firn, server):
    assert "\033" not in firn("check").out


# --- configuration and secrets ---

def test_a_configuration_that_cannot_be_used_is_2(firn):
    firn.write("firn.yaml", "version: 1\nsorce: {}\n")
    done = firn("check")
    assert done.code == 2 and 'unknown key "sorce"; did you mean source?' in done.err, done
    assert lines(done, "FAIL")[0][1] == "configuration"


def test_secrets_in_the_open_are_warned_of(firn, sim):
    firn.write("token.txt", firn_sim.TOKEN + "\n", mode=0o644)
    firn.write("firn.yaml", firn.moveworks(sim).replace("${FIRN_TEST_TOKEN}",
                                                        "${file:token.txt}"))
    done = firn("check")
    assert done.code == 0, done
    assert ("warn", "secrets", "token.txt can be read by other users of this machine",
            "chmod 600 token.txt") in lines(done)
    firn.path("token.txt").chmod(0o600)
    assert not lines(firn("check"), "warn")
    firn.write("firn.yaml", firn.moveworks(sim).replace("${FIRN_TEST_TOKEN}", firn_sim.TOKEN))
    done = firn("check")
    assert done.code == 0 and firn_sim.TOKEN not in str(done), done
    assert "source.auth.bearer stands in firn.yaml in plain text" in lines(done, "warn")[0][2]


def test_mistakes_of_connector_and_settings_are_2_and_the_rest_is_checked(firn, server):
    firn.write("things.yaml", things(server) + "  other:\n    pth: /x\n")
    done = firn("check")
    assert done.code == 2 and server.log == [], done
    assert lines(done, "FAIL")[0][1] == "connector" and "things.yaml:" in done.out
    assert 'unknown key "pth"' in done.out and line(done, "state")[0] == "ok"
    firn.write("things.yaml", things(server).replace(
        "streams:", "settings: { place: { type: text, required: true } }\nstreams:"))
    done = firn("check")
    assert done.code == 2 and "settings.place is required" in done.out, done


def test_views_that_the_configuration_gets_wrong_are_2(firn, sim):
    firn.write("firn.yaml", firn.moveworks(sim, rest="views: { knowledge_plugin: [x] }\n"))
    done = firn("check")
    assert done.code == 2 and "did you mean knowledge_plugins?" in line(done, "views")[2], done


# --- the source ---

def test_a_server_that_is_not_there_ends_the_asking(firn, sim):
    firn.write("firn.yaml", firn.moveworks(sim).replace(sim.host, "127.0.0.1:1"))
    done = firn("check")
    assert done.code == 1, done
    source = line(done, "source")
    assert source[0] == "FAIL" and "cannot connect to 127.0.0.1 port 1" in source[2]
    assert "source.base_url" in source[3] and not any(e[1] == "users" for e in lines(done))
    firn.write("firn.yaml", firn.moveworks(sim, "", "http: { proxy: 'http://127.0.0.1:1' }\n")
               .replace(sim.base, "https://records.invalid"))
    done = firn("check")
    assert done.code == 1 and "127.0.0.1" in line(done, "source")[2], done


def test_a_certificate_that_nobody_trusts_is_said_with_the_remedy(firn):
    with firn_sim.start("--tls", "--interactions", "10", "--until", "now") as sim:
        firn.write("firn.yaml", firn.moveworks(sim))
        done = firn("check")
        assert done.code == 1, done
        found = line(done, "source")
        assert "nobody trusted signed the certificate" in found[2] and "ca_file" in found[3]
        firn.write("firn.yaml", firn.moveworks(sim, rest=f"http: {{ ca_file: {sim.ca} }}\n"))
        assert firn("check").code == 0


def test_a_refused_sign_in_is_asked_once(firn, sim):
    firn.write("firn.yaml", firn.moveworks(sim))
    sim.forget()
    done = firn("check", env={"FIRN_TEST_TOKEN": "an-old-token"})
    assert done.code == 1 and len(sim.log()) == 1, done
    found = line(done, "sign-in")
    assert found[0] == "FAIL" and found[2].startswith("HTTP 401") and "expired" in found[3]
    assert line(done, "source")[0] == "ok" and "an-old-token" not in str(done)


def test_a_stream_that_is_not_allowed_fails_alone_with_the_connector_s_hint(firn, sim):
    sim.fault("status", code=403, entity="users", on="any")
    firn.write("firn.yaml", firn.moveworks(sim))
    done = firn("check")
    assert done.code == 1 and line(done, "sign-in")[0] == "ok", done
    found = line(done, "users")
    assert found[0] == "FAIL" and "HTTP 403" in found[2] and "scope" in found[3]
    assert line(done, "interactions")[0] == "ok" and len(lines(done, "FAIL")) == 1


def test_a_count_that_is_refused_proves_nothing(firn, sim):
    sim.fault("status", code=400, entity="users", on="count")
    firn.write("firn.yaml", firn.moveworks(sim))
    done = firn("check")
    assert done.code == 0 and line(done, "users")[2] == "may be read", done


@pytest.mark.parametrize("status, state, words", [
    (429, "warn", "wait 30 s and check again"), (503, "FAIL", "check again later"),
    (404, "FAIL", "firn connectors try"), (302, "FAIL", "firn connectors try")])
def test_what_else_a_server_can_answer(firn, server, status, state, words):
    server.fail(status, {"message": "no"}, times=0, headers={"Retry-After": 30})
    done = firn("check")
    found = line(done, "items")
    assert found[0] == state and words in found[3], done
    assert done.code == (0 if state == "warn" else 1)


def test_records_that_would_be_rejected_are_warned_of(firn, server):
    del server.records[1]["id"]
    done = firn("check")
    assert done.code == 0, done
    assert line(done, "items")[:3] == ("warn", "items", "may be read, but 1 of 3 records would "
                                       "be rejected: ID is the key and has no value")


def test_children_and_rows_of_the_configuration_are_not_asked_for(firn, server):
    firn.write("things.yaml", things(server, stream=(
        "  parts:\n    for_each: items\n    path: /items/{parent.ID}\n    paging: none\n"
        "    key: [ID]\n    columns: { ID: text }\n"
        "  us: { rows: settings, key: [ID], columns: { ID: { type: text, value: me } } }\n")))
    done = firn("check")
    assert done.code == 0 and len(server.log) == 1, done
    assert "asked for each row of items" in line(done, "parts")[2]
    assert "out of the configuration" in line(done, "us")[2]


def test_oauth2_is_signed_in_first(firn):
    way = standin.OAuth2(client_secret="very-secret")
    with standin.Generic(standin.make_records(3), auth=way) as server:
        firn.write("things.yaml", things(server, auth="oauth2: { token_url: /token }"))
        firn.write("firn.yaml", CONFIG.replace(
            "things.yaml }", 'things.yaml, auth: { oauth2: { client_id: id, client_secret: '
            '"${S}" } } }'))
        done = firn("check", env={"S": "very-secret"})
        assert done.code == 0 and line(done, "sign-in")[2] == "accepted (oauth2)", done
        done = firn("check", env={"S": "wrong-secret"})
        assert done.code == 1 and "client_secret" in line(done, "sign-in")[3], done
        assert "wrong-secret" not in str(done)


@pytest.mark.parametrize("skew, word", [(300, "behind"), (-300, "ahead of")])
def test_clocks_apart_are_a_warning(firn, sim, skew, word):
    firn.write("firn.yaml", firn.moveworks(sim))
    assert line(firn("check"), "clock")[0] == "ok"
    sim.fault("date", skew=skew, on="any")
    done = firn("check")
    found = line(done, "clock")
    assert done.code == 0 and found[0] == "warn" and word in found[2], done
    assert "4m 59s" in found[2] or "5m" in found[2]
    assert "NTP" in found[3]


def test_a_credential_is_not_sent_in_the_clear(firn, sim):
    firn.write("firn.yaml", firn.moveworks(sim).replace("127.0.0.1", "records.invalid"))
    done = firn("check")
    found = line(done, "connector")[2]
    assert done.code == 2 and "unencrypted" in found, done
    assert found.startswith("firn.yaml:5:3: source.base_url: "), done


# --- the destination and this machine ---

def test_tables_of_other_types_are_2_and_point_at_the_migration(firn, server):
    with duckdb.connect(str(firn.path("it.duckdb"))) as it:
        it.execute('CREATE TABLE "THINGS_ITEMS" ("ID" VARCHAR, "UPDATED_AT" VARCHAR)')
    done = firn("check")
    found = line(done, "tables")
    assert done.code == 2 and "THINGS_ITEMS" in found[2], done
    assert "UPDATED_AT is VARCHAR, not TIMESTAMP" in found[2]
    assert "firn ddl --migrate" in found[3]


def test_columns_that_are_missing_are_no_fault(firn, server):
    with duckdb.connect(str(firn.path("it.duckdb"))) as it:
        it.execute('CREATE TABLE "THINGS_ITEMS" ("ID" VARCHAR)')
    done = firn("check")
    assert done.code == 0, done
    assert "the next load adds UPDATED_AT, EXTRA, LOAD_TIMESTAMP" in done.out


def test_a_file_that_somebody_holds_is_named_with_the_holder(firn, server):
    hold = ("import duckdb, sys; it = duckdb.connect(sys.argv[1]); it.execute('create table t (i "
            "int)'); print('held', flush=True); sys.stdin.read()")
    holder = subprocess.Popen([sys.executable, "-c", hold, str(firn.path("it.duckdb"))],
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline() == b"held\n"
        start = time.monotonic()
        done = firn("check")
        assert time.monotonic() - start < 60  # a load would wait ten minutes
        found = line(done, "destination")
        assert done.code == 0 and found[0] == "warn", done
        assert f"process {holder.pid}" in found[2] and "python" in found[2]
    finally:
        holder.communicate()


def test_what_is_no_duckdb_file_fails(firn, server):
    firn.write("it.duckdb", "x" * 10000)
    done = firn("check")
    assert done.code == 1 and "no DuckDB file" in line(done, "destination")[2], done


def test_a_destination_without_its_folder_fails(firn, server):
    firn.write("firn.yaml", CONFIG.replace("it.duckdb", "far/away/it.duckdb"))
    done = firn("check")
    found = line(done, "destination")
    assert done.code == 1 and found[3] == "mkdir -p far/away", done
    assert not firn.path("far").exists()


def test_a_library_that_is_not_there_fails_and_the_source_is_checked_all_the_same(firn, server):
    firn.write("firn.yaml", CONFIG.replace("it.duckdb", "it.duckdb, driver: absent.so"))
    done = firn("check")
    assert done.code == 1 and "no driver at" in line(done, "DuckDB")[2], done
    assert line(done, "items")[0] == "ok" and line(done, "state")[0] == "ok"
    firn.write("absent.so", "no library")
    done = firn("check")
    assert done.code == 1 and line(done, "DuckDB")[0] == "FAIL", done


def test_a_state_dir_that_is_a_file_fails(firn, server):
    firn.write("place", "x")
    firn.write("firn.yaml", CONFIG + "state_dir: place/state\nlog: { dir: place }\n")
    done = firn("check")
    assert done.code == 1, done
    for what in ("state", "log"):
        assert line(done, what)[0] == "FAIL" and "not a folder" in line(done, what)[2]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_folders_that_cannot_be_written_fail(firn, server):
    firn.path("shut").mkdir(mode=0o500)
    firn.write("firn.yaml", CONFIG.replace("it.duckdb", "shut/it.duckdb")
               + "state_dir: shut/state\nlog: { dir: shut }\n")
    done = firn("check")
    assert done.code == 1, done
    for what in ("destination", "state", "log"):
        assert line(done, what)[0] == "FAIL" and "cannot be written to" in line(done, what)[2]


def test_a_full_disk_is_a_warning(firn, server):
    small = firn.path("small")
    small.mkdir()
    if os.geteuid() != 0 or subprocess.run(
            ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", small],
            capture_output=True).returncode != 0:
        pytest.skip("a small file system cannot be mounted here")
    try:
        firn.write("firn.yaml", CONFIG.replace("it.duckdb", "small/it.duckdb"))
        done = firn("check")
        found = line(done, "disk, DuckDB")
        assert done.code == 0 and found[0] == "warn" and "1 MiB are free" in found[2], done
        assert line(done, "disk, state")[0] == "ok"
    finally:
        subprocess.run(["umount", small], check=True)


def test_an_interrupt_ends_it(firn, server):
    with server.lock:
        running = firn.start("check", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        firn_sim.wait_until(lambda: server.knocks > 0)
        running.terminate()
        out, err = running.communicate(timeout=60)
    assert running.returncode == 1 and "stopped" in err, (out, err)


