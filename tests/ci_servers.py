"""What a job of CI needs around it: a gateway before a target, and a private git repository."""

import base64
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import trustme

from conformance.cli.sabotaged import Proxy, Receive, Send
from conformance.target.exchange import Tamper
from conformance.target.target import Target
from tests.fake_server import running, serve_app


@contextmanager
def gateway(
    upstream: str, key: str, authority: trustme.CA, folder: Path, tamper: Tamper
) -> Iterator[str]:
    """The base URL of a TLS gateway before ``upstream``.

    It demands a client certificate of the authority, and the key in the header X-Api-Key of each
    request.
    """
    own, clients = folder / "gateway.pem", folder / "clients.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(own))
    authority.cert_pem.write_to_path(str(clients))
    with Target(upstream, ()) as target:
        proxy = Proxy(target, tamper)

        async def guarded(scope: dict[str, object], receive: Receive, send: Send) -> None:
            headers = scope.get("headers")
            if isinstance(headers, list) and (b"x-api-key", key.encode()) in headers:
                await proxy(scope, receive, send)
                return
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b"no key"})

        with serve_app(
            guarded, http="httptools", ssl_certfile=own, ssl_ca_certs=str(clients),
            ssl_cert_reqs=ssl.CERT_REQUIRED,
        ) as origin:  # fmt: skip
            yield f"{origin.replace('http://', 'https://')}{proxy.prefix}"


class _Private(SimpleHTTPRequestHandler):
    """Files for whoever has the password."""

    def __init__(self, wanted: str, *given: object, directory: str) -> None:
        self._wanted = wanted
        super().__init__(*given, directory=directory)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        if self.headers.get("Authorization") == self._wanted:
            super().do_GET()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing is printed."""


@contextmanager
def private_repository(clone: Path, folder: Path, user: str, password: str) -> Iterator[str]:
    """The URL of a copy of a clone that asks for user and password."""
    name = "dinie-contract.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", str(clone), folder / name], check=True)
    subprocess.run(["git", "update-server-info"], cwd=folder / name, check=True)
    wanted = f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"
    handler = partial(_Private, wanted, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server, running(server):
        yield f"http://127.0.0.1:{server.server_port}/{name}"
