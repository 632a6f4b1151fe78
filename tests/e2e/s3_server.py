"""A real S3 server (versitygw, in deps/bin) for a test, and a second signer to talk to it, written
apart from firn's.

    with s3_server.start(tmp_path) as s3:
        s3.endpoint, s3.env          # http://127.0.0.1:PORT, the root's keys
        s3.objects()                 # {key: bytes} as they lie on the server's disk
        s3.user("writer", "secret", ["s3:PutObject"])      # its environment
"""

import contextlib
import datetime
import hashlib
import hmac
import http.client
import json
import pathlib
import random
import socket
import subprocess
import time
import urllib.parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "deps" / "bin" / "versitygw"
ACCESS, SECRET, BUCKET = "ACCESSKEY", "SECRETKEY", "landing"


def free_port():
    """Below those that the kernel gives to connections: one of them could take it meanwhile."""
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket() as listener, contextlib.suppress(OSError):
            listener.bind(("127.0.0.1", port))
            return port


def sign(method, host, path, query, body, access=ACCESS, secret=SECRET):
    """Headers of a signed request; AWS's own words: "Signature Calculations"."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    digest = hashlib.sha256(body).hexdigest()
    headers = {"host": host, "x-amz-content-sha256": digest, "x-amz-date": now}
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = f"{method}\n{path}\n{query}\n{lines}\n{names}\n{digest}"
    scope = f"{now[:8]}/us-east-1/s3/aws4_request"
    text = f"AWS4-HMAC-SHA256\n{now}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    key = b"AWS4" + secret.encode()
    for part in scope.split("/"):
        key = hmac.new(key, part.encode(), hashlib.sha256).digest()
    signature = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={access}/{scope}, "
                                f"SignedHeaders={names}, Signature={signature}")
    return headers


class S3:
    def __init__(self, folder):
        self.data = folder / "data"
        self.iam = folder / "iam"
        self.log = folder / "s3.log"
        self.port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.env = {"AWS_ACCESS_KEY_ID": ACCESS, "AWS_SECRET_ACCESS_KEY": SECRET}
        self.bucket = self.data / BUCKET
        self.process = None
        self.bucket.mkdir(parents=True)
        self.iam.mkdir()

    def run(self):
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, "-p", f"127.0.0.1:{self.port}", "-a", ACCESS, "-s", SECRET, "--quiet",
                 "--keep-alive", "--virtual-domain", f"localhost:{self.port}",
                 "--iam-dir", str(self.iam), "posix", str(self.data)],
                stdout=log, stderr=log)
        for _ in range(200):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def stop(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def request(self, method, path, query="", body=b""):
        host = f"127.0.0.1:{self.port}"
        link = http.client.HTTPConnection(host, timeout=20)
        link.request(method, path + (f"?{query}" if query else ""), body,
                     sign(method, host, path, query, body))
        answer = link.getresponse()
        text = answer.read()
        link.close()
        return answer.status, dict(answer.getheaders()), text

    def user(self, name, secret, actions):
        """A user who may do these things to objects, and nothing else."""
        subprocess.run([PROGRAM, "admin", "-a", ACCESS, "-s", SECRET, "-er", self.endpoint,
                        "create-user", "-a", name, "-s", secret, "-r", "user"],
                       check=True, capture_output=True)
        policy = {"Statement": [{"Effect": "Allow", "Principal": name, "Action": actions,
                                 "Resource": f"arn:aws:s3:::{BUCKET}/*"}]}
        status, _, text = self.request("PUT", f"/{BUCKET}", "policy=",
                                       json.dumps(policy).encode())
        assert status in (200, 204), text
        return {"AWS_ACCESS_KEY_ID": name, "AWS_SECRET_ACCESS_KEY": secret}

    def objects(self):
        return {str(path.relative_to(self.bucket)): path.read_bytes()
                for path in self.bucket.rglob("*")
                if path.is_file() and ".sgwtmp" not in path.parts}

    def headers(self, key):
        return {name.lower(): value for name, value in
                self.request("HEAD", f"/{BUCKET}/" + urllib.parse.quote(key, safe="/~"))[1].items()}


@contextlib.contextmanager
def start(folder):
    server = S3(pathlib.Path(folder))
    server.run()
    try:
        yield server
    finally:
        server.stop()
