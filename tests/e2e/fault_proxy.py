"""Stands between an S3 client and its server and breaks what passes, request by request.

    with fault_proxy.start(s3.port) as proxy:
        proxy.fault("PUT", "drop_answer", times=1)
        ... endpoint=proxy.endpoint
        proxy.log                    # [(method, path, {header: value}, fault or None), ...]

Requests go on byte for byte, Host included, so that signatures hold. Of several faults for a
method the first that has turns left is used; `path` restricts it to targets that hold that text."""

import contextlib
import socket
import struct
import threading
import time


def answer(status, body=b"", **headers):
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def error(status, code, message="told by the proxy", more=""):
    text = (f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code>'
            f"<Message>{message}</Message>{more}</Error>")
    return answer(status, text.encode(), Content_Type="application/xml")


# What is answered without asking the server.
ANSWERS = {
    "slow_down": error("503 Slow Down", "SlowDown"),
    "busy": error("500 Internal Server Error", "InternalError"),
    "too_many": answer("429 Too Many Requests", Retry_After="1"),
    "conflict": error("409 Conflict", "ConditionalRequestConflict"),
    "denied": error("403 Forbidden", "AccessDenied"),
    "no_bucket": error("404 Not Found", "NoSuchBucket"),
    "too_large": error("400 Bad Request", "EntityTooLarge"),
    "bad_digest": error("400 Bad Request", "BadDigest"),
    "expired": error("400 Bad Request", "ExpiredToken"),
    "odd": error("400 Bad Request", "InvalidArgument"),
    "moved": answer("301 Moved Permanently", x_amz_bucket_region="eu-north-1",
                    Location="http://elsewhere.example/"),
    "malformed": error("400 Bad Request", "AuthorizationHeaderMalformed",
                       more="<Region>eu-north-1</Region>"),
    "portal": answer("200 OK", b"<html>please sign in</html>", Content_Type="text/html"),
}
KINDS = {*ANSWERS, "drop_answer", "cut_answer", "reset_body", "hang", "checksum", "etag", "encrypted"}


class Fault:
    def __init__(self, method, kind, times, path, value):
        self.method, self.kind, self.left = method, kind, times
        self.path, self.value = path.encode(), value


class Proxy:
    def __init__(self, port):
        self.upstream = ("127.0.0.1", port)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.endpoint = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.lock = threading.Lock()
        self.faults, self.log = [], []
        self.ending = False

    def fault(self, method, kind, times=1, path="", value=None):
        assert kind in KINDS
        self.faults.append(Fault(method, kind, times, path, value))

    def clear(self):
        with self.lock:
            self.faults.clear()

    def count(self, method):
        return sum(1 for entry in self.log if entry[0] == method)

    # --- the inside ---
    def choose(self, method, target, headers):
        with self.lock:
            found = next((f for f in self.faults if f.left > 0 and f.method == method
                          and f.path in target), None)
            if found is not None:
                found.left -= 1
            self.log.append((method, target.decode(), headers, found and found.kind))
        return found

    def accept(self):
        while not self.ending:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with contextlib.suppress(OSError, EOFError), client, \
                socket.create_connection(self.upstream) as server:
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while self.exchange(client, server):
                pass

    def exchange(self, client, server):
        head = read_head(client)
        method, target, _ = head.split(b"\r\n", 1)[0].split(b" ")
        headers = fields(head)
        size = int(headers.get("content-length", 0))
        fault = self.choose(method.decode(), target, headers)
        kind = fault.kind if fault else None
        if kind == "reset_body":
            client.recv(size // 2 or 1)
            reset(client)
            return False
        body = read_exact(client, size)
        if kind == "hang":
            client.settimeout(60)
            client.recv(1)
            return False
        if kind in ANSWERS:
            client.sendall(ANSWERS[kind])
            return True
        server.sendall(head + body)
        return self.hand_back(client, server, method, fault)

    def hand_back(self, client, server, method, fault):
        head = read_head(server)
        status = int(head[9:12])
        size = 0 if method == b"HEAD" or status in (204, 304) else \
            int(fields(head).get("content-length", 0))
        body = read_exact(server, size)
        kind = fault.kind if fault else None
        if kind == "drop_answer":
            reset(client)
            return False
        if kind == "cut_answer":
            client.sendall((head + body)[:len(head) // 2])
            reset(client)
            return False
        if kind == "checksum":
            head = with_field(head, "x-amz-checksum-sha256", "A" * 43 + "=")
        if kind == "etag":
            head = with_field(head, "etag", '"00000000000000000000000000000000"')
        if kind == "encrypted":
            for name, value in fault.value.items():
                head = with_field(head, name, value)
        client.sendall(head + body)
        return True


def reset(link):
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


def read_head(link):
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        byte = link.recv(1)
        if not byte:
            raise EOFError
        data += byte
    return data


def read_exact(link, size):
    data = b""
    while len(data) < size:
        piece = link.recv(size - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data


def fields(head):
    lines = head.decode("latin-1").split("\r\n")[1:]
    return {name.strip().lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines if line)}


def with_field(head, name, value):
    lines = head.decode("latin-1").split("\r\n")
    kept = [line for line in lines if not line.lower().startswith(name + ":")]
    kept.insert(1, f"{name}: {value}")
    return "\r\n".join(kept).encode("latin-1")


@contextlib.contextmanager
def start(port):
    proxy = Proxy(port)
    thread = threading.Thread(target=proxy.accept, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.ending = True
        proxy.listener.close()
        time.sleep(0)
