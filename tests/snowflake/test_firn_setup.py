"""`firn setup --from moveworks_config.json`, as a user of the older program meets it: the file
names an account and nothing else, so firn goes to the account's own host, here through a proxy
that leads to the emulator."""

import json
import select
import socket
import ssl
import stat
import subprocess
import threading

import emulator
import pytest
from piping import Snow, firn_sim

ACCOUNT = "myorg-myaccount"
HOST = f"{ACCOUNT}.snowflakecomputing.com"
USER, PASSWORD = "FIRN_LOADER", "pass$word"


@pytest.fixture(scope="module")
def api():
    with firn_sim.start("--interactions", 200, "--until", "now", "--frozen") as running:
        yield running


class Taken(Snow):
    """A pipeline whose configuration firn itself writes."""

    def write(self, *_, **__):
        pass


class Front(threading.Thread):
    """A proxy to the account's host alone: it ends TLS as that host would, and hands on what comes
    to the emulator."""

    def __init__(self, folder, port):
        super().__init__(daemon=True)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                        "-keyout", "key.pem", "-out", "ca.pem", "-subj", f"/CN={HOST}",
                        "-addext", f"subjectAltName=DNS:{HOST}"],
                       cwd=folder, check=True, capture_output=True)
        self.authority = folder / "ca.pem"
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(self.authority, folder / "key.pem")
        self.behind = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.asked = set()
        self.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                part = connection.recv(4096)
                if not part:
                    return
                head += part
            target = head.split(b" ")[1].decode().lower()
            self.asked.add(target)
            try:
                with socket.create_connection(("127.0.0.1", self.behind)) as far:
                    if target == f"{HOST}:443":
                        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
                        with self.tls.wrap_socket(connection, server_side=True) as near:
                            self.relay(near, far)
                    elif target.startswith(f"http://{HOST}:443/"):  # the emulator's stage
                        head = head.replace(f"http://{HOST}:443".encode(), b"", 1)
                        far.sendall(head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))
                        self.relay(connection, far)
                    else:
                        connection.sendall(
                            b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")
            except OSError:
                pass  # one of them went away

    @staticmethod
    def relay(near, far):
        while True:
            held = isinstance(near, ssl.SSLSocket) and near.pending() > 0
            ready = [near] if held else select.select([near, far], [], [])[0]
            for one in ready:
                data = one.recv(65536)
                if not data:
                    return
                (far if one is near else near).sendall(data)


@pytest.fixture
def front(firn, snow, tmp_path):
    front = Front(tmp_path, snow.port)
    # What a company's machine has: a proxy, and an authority of its own beside the public ones.
    firn.env.update(https_proxy=front.url, http_proxy=front.url,
                    no_proxy="127.0.0.1", SSL_CERT_FILE=str(front.authority),
                    FIRN_DRIVER_PATH=str(emulator.DRIVER))
    yield front
    front.listener.close()


def older(pipe, password=PASSWORD):
    """The older program's file."""
    return {
        "api_token": firn_sim.TOKEN,
        "snowflake": {"user": USER, "password": password, "account": ACCOUNT,
                      "warehouse": "LOADING", "database": pipe.snow.database,
                      "schema": pipe.schema, "role": "LOADER"},
        "pipeline": {"create_views": False, "daily_lookback_days": 3, "schedule_time": "21:15",
                     "timezone": "US/Pacific", "initial_load_completed": True,
                     "use_upsert": True},
    }


def setup(firn, api, old):
    firn.write("moveworks_config.json", json.dumps(old), mode=0o644)
    return firn("setup", "--from", "moveworks_config.json", "--base-url", api.base)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


def failed(done):
    return [line[5:22].strip() for line in done.out.splitlines() if line.startswith("FAIL")]


def test_the_older_program_s_file_is_proved_at_both_ends_and_what_is_written_works(
        firn, api, snow, front):
    snow.user(USER, password=PASSWORD)
    pipe = Taken(firn, api, snow)
    done = setup(firn, api, older(pipe))
    assert done.code == 0, done
    assert "ok   sign-in " in done.out and "ok   session " in done.out, done
    assert api.log() and snow.logins(pipe.since), "an end was not asked"
    assert f"{HOST}:443" in front.asked
    assert {one["kind"] for one in pipe.statements()} <= {"SELECT", "SHOW GRANTS"}

    assert sorted(path.name for path in firn.folder.iterdir() if path.is_file()) == [
        "firn.password", "firn.token", "firn.yaml", "moveworks_config.json"]
    text = firn.path("firn.yaml").read_text()
    for name, secret in (("firn.token", firn_sim.TOKEN), ("firn.password", PASSWORD)):
        assert firn.path(name).read_text() == secret and mode(firn.path(name)) == 0o600
        assert f"${{file:{name}}}" in text
        assert secret not in text + str(done)
    assert mode(firn.path("firn.yaml")) == 0o600

    checked = firn("check")
    assert checked.code == 0 and "FAIL" not in checked.out, checked
    done = firn("run")
    assert done.code == 0, done
    pipe.check_truth()
    again = firn("run")
    assert again.code == 0, again
    pipe.check_truth()
    said = pipe.log() + "".join(map(str, (checked, done, again)))
    assert firn_sim.TOKEN not in said and PASSWORD not in said


@pytest.mark.parametrize("wrong", ["token", "password"])
def test_an_end_that_refuses_leaves_nothing_behind(firn, api, snow, front, wrong):
    snow.user(USER, password=PASSWORD)
    old = older(Taken(firn, api, snow), "a stale one" if wrong == "password" else PASSWORD)
    if wrong == "token":
        old["api_token"] = "a stale one"
    done = setup(firn, api, old)
    assert done.code == 1 and "nothing was saved" in done.err, done
    assert failed(done) == ["sign-in" if wrong == "token" else "destination"], done
    assert "a stale one" not in str(done)
    assert [path.name for path in firn.folder.iterdir()] == ["moveworks_config.json"]
