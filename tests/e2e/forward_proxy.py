"""A forward proxy: "GET http://..." goes on to its server, CONNECT opens a tunnel.

    with forward_proxy.start(login="ann:right") as proxy:
        ... http: { proxy: proxy.url("ann:wrong") }
        proxy.log                    # request lines
        proxy.login = "ann:changed"  # from the next request on

With `certificate` (a file with key and certificate) it speaks TLS to its clients; with `opens` it
ends their TLS itself, with that certificate, as proxies of companies do."""

import base64
import contextlib
import socket
import ssl
import threading
import urllib.parse

WHO = (b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"x\"\r\n"
       b"Content-Length: 12\r\nConnection: close\r\n\r\nwho are you?")


def _pump(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


class Proxy:
    def __init__(self, login, certificate, opens):
        self.login, self.opens, self.log = login, opens, []
        self.context = None
        if certificate:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(certificate)
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.place = f"127.0.0.1:{self.listener.getsockname()[1]}"

    def url(self, login=None):
        scheme = "https" if self.context and not self.opens else "http"
        return f"{scheme}://{login + '@' if login else ''}{self.place}"

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client):
        with contextlib.suppress(OSError), client:
            client.settimeout(30)
            if self.context and not self.opens:
                client = self.context.wrap_socket(client, server_side=True)
            self.answer(client)

    def knows(self, lines):
        wanted = base64.b64encode((self.login or "").encode()).decode()
        return self.login is None or f"Proxy-Authorization: Basic {wanted}" in lines

    def answer(self, client):
        """One request a connection: what follows it goes where it went."""
        head = b""
        while b"\r\n\r\n" not in head:
            data = client.recv(65536)
            if not data:
                return
            head += data
        lines = head.decode("latin-1").split("\r\n")
        self.log.append(lines[0])
        if not self.knows(lines):
            client.sendall(WHO)
            return
        method, target, version = lines[0].split(" ")
        if method == "CONNECT":
            host, port = target.rsplit(":", 1)
            self.tunnel(client, host, int(port))
            return
        url = urllib.parse.urlsplit(target)
        path = url.path + ("?" + url.query if url.query else "")
        kept = [line for line in lines[1:] if not line.lower().startswith(("proxy-", "connection"))]
        asked = "\r\n".join([f"{method} {path} {version}", "Connection: close", *kept])
        with socket.create_connection((url.hostname, url.port or 80), 30) as server:
            server.sendall(asked.encode("latin-1"))
            _pump(server, client)

    def tunnel(self, client, host, port):
        with socket.create_connection((host, port), 30) as server:
            client.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            if self.opens:
                self.context.wrap_socket(client, server_side=True)
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            _pump(client, server)
            back.join(30)


@contextlib.contextmanager
def start(login=None, certificate=None, opens=False):
    proxy = Proxy(login, certificate, opens)
    threading.Thread(target=proxy.accept, daemon=True).start()
    try:
        yield proxy
    finally:
        proxy.listener.close()
