"""Between firn and the API stands a proxy that does not let it through: what is wrong is said once,
with the remedy and without a secret, and the exit code says how far the load came."""

import base64
import subprocess

import pytest

import firn_sim
import forward_proxy
from loading import Pipe

START, END = "2026-03-10", "2026-03-12"
BOTH = ["conversations", "interactions"]
FILTER = (f"last_updated_time ge '{START}T00:00:00.000Z' and "
          "last_updated_time lt '2026-03-13T00:00:00.000Z'")
WANTED = "a user name and a password are wanted by the proxy"
REMEDY = "correct http: { proxy: http://USER:PASSWORD@HOST:PORT }, or https_proxy in the environment"
CA_FILE = "name the file of its certificates: http: { ca_file: ... }"


def started(*args):
    return firn_sim.start("--interactions", 600, "--page-size", 20, "--until", "2026-03-31",
                          "--frozen", *args)


@pytest.fixture(scope="module", params=["http", "https"])
def sim(request):
    with started(*(["--tls"] if request.param == "https" else [])) as running:
        yield running


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """One that signed itself, with its key."""
    path = tmp_path_factory.mktemp("proxy") / "own.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-subj", "/CN=proxy", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-keyout", path, "-out", path.with_suffix(".crt")],
                   check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + path.with_suffix(".crt").read_bytes())
    return path


def through(firn, sim, proxy_url, **keywords):
    sim.heal()
    sim.forget()
    firn.env["PROXY"] = proxy_url
    ca = f", ca_file: {sim.ca}" if sim.base.startswith("https") else ""
    return Pipe(firn, sim, streams=BOTH, rest=f"http: {{ proxy: '${{PROXY}}'{ca} }}\n", **keywords)


def load(pipe, *args):
    return pipe.load(START, END, *args)


def whole(pipe):
    done = load(pipe)
    assert done.code == 0, done
    pipe.check_truth(BOTH, FILTER)
    assert pipe.status()[1] == 0


def says_once(done, *words):
    """The only error, and nothing is waited for: trying again cannot help."""
    lines = [line for line in done.err.splitlines() if line.startswith("error:")]
    assert "waiting" not in done.err, done
    assert len(lines) == 1 and all(word in lines[0] for word in words), done


def keeps_secret(pipe, done, login):
    """Neither on the screen nor in any file that firn writes."""
    forms = [login.split(":")[1], base64.b64encode(login.encode()).decode(), firn_sim.TOKEN]
    status, _ = pipe.status()
    texts = [done.out, done.err, str(status)]
    folder = pipe.firn.path(".")
    texts += [path.read_bytes().decode("latin-1") for path in folder.rglob("*")
              if path.is_file() and path.name not in ("firn.yaml", "moveworks.yaml")]
    for form in forms:
        assert not any(form in text for text in texts), form


# --- 407 ---

def test_a_wrong_password_stops_the_run_and_is_not_shown(firn, sim):
    with forward_proxy.start(login="ann:right-1") as proxy:
        pipe = through(firn, sim, proxy.url("ann:wrong-hunter2"))
        done = load(pipe, "-v")
        assert done.code == 1, done
        says_once(done, f"{WANTED} {proxy.place} (it answered 407)", REMEDY)
        assert not pipe.file.exists() and sim.log() == []
        assert len(proxy.log) <= 2 * 4  # each in flight, and what libcurl asks once more
        status, code = pipe.status()
        assert code == 1 and WANTED in " ".join(status["reasons"]), status
        keeps_secret(pipe, done, "ann:wrong-hunter2")
        firn.env["PROXY"] = proxy.url("ann:right-1")
        whole(pipe)


def test_a_missing_password_is_asked_for(firn, sim):
    with forward_proxy.start(login="ann:right-1") as proxy:
        pipe = through(firn, sim, proxy.url())
        done = load(pipe)
        assert done.code == 1, done
        says_once(done, f"{WANTED} {proxy.place} (it answered 407)", REMEDY)
        assert not pipe.file.exists() and sim.log() == []
        firn.env["PROXY"] = proxy.url("ann:right-1")
        whole(pipe)


def test_a_password_that_ends_in_mid_run_keeps_what_was_complete(firn, sim):
    with forward_proxy.start(login="ann:right-1") as proxy:
        pipe = through(firn, sim, proxy.url("ann:right-1"), parallel=1)
        sim.fault("delay", seconds=1, nth=9, times=1)
        process = firn.start("initial-load", "--from", START, "--to", END)
        firn_sim.wait_until(lambda: sim.faults()[0]["fired"] > 0)
        proxy.login = "ann:changed"
        code = process.wait(timeout=60)
        if sim.base.startswith("https"):  # a tunnel that is open stays open
            assert code == 0
        else:
            assert code == 3 and WANTED in pipe.log()
            assert 0 < pipe.one("SELECT count(*) FROM FIRN_WINDOWS") < 6
            assert "partial" in {row[0] for row in pipe.sql("SELECT OUTCOME FROM FIRN_RUNS")}
        assert "right-1" not in pipe.log()
        firn.env["PROXY"] = proxy.url("ann:changed")
        sim.heal()
        whole(pipe)


# --- certificates ---

def test_a_proxy_whose_certificate_nobody_signed_stops_the_run(firn, sim, certificate):
    with forward_proxy.start(certificate=certificate, login="ann:right-1") as proxy:
        pipe = through(firn, sim, proxy.url("ann:right-1"))
        done = load(pipe, "-v")
        assert done.code == 1, done
        says_once(done, f"TLS does not accept the certificate of the proxy {proxy.place}", CA_FILE)
        assert not pipe.file.exists() and sim.log() == []
        assert proxy.log == []  # it was told nothing
        keeps_secret(pipe, done, "ann:right-1")
        own = certificate.with_suffix(".crt").read_text()
        firn.write("both.pem", own + (open(sim.ca).read() if sim.ca else ""))
        text = firn.path("firn.yaml").read_text().replace(f", ca_file: {sim.ca}", "")
        firn.write("firn.yaml", text.replace("'${PROXY}'", "'${PROXY}', ca_file: both.pem"))
        whole(pipe)


def test_a_proxy_that_opens_tls_is_not_trusted(firn, certificate):
    with started("--tls") as sim, \
            forward_proxy.start(certificate=certificate, opens=True) as proxy:
        pipe = through(firn, sim, proxy.url())
        done = load(pipe, "-v")
        assert done.code == 1, done
        says_once(done, "nobody trusted signed the certificate of",
                  f"if a proxy or an authority of your own signs here, {CA_FILE}")
        assert not pipe.file.exists() and sim.log() == []
        keeps_secret(pipe, done, "ann:right-1")
