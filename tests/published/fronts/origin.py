"""What the handler of every front in Python does: it has the credential made at the origin.

It imports only the standard library, since each front runs with the packages of its library.
"""

import http.client
import json
import os
from collections.abc import Iterable
from urllib.parse import urlsplit

PATH = "/v3/auth/credentials"
PORT = int(os.environ["PORT"])
REDIS = os.environ.get("REDIS_URL", "")
WAY = os.environ.get("WAY", "default")
# Whether the library's options are set as well, in place of its defaults.
CONFIGURED = WAY != "default"

_SENT = {"authorization", "content-type", "accept", "idempotency-key"}
_KEPT = {"content-type", "cache-control", "www-authenticate", "idempotent-replayed"}


def create(headers: Iterable[tuple[str, str]], body: bytes) -> tuple[int, dict[str, str], bytes]:
    """The status, headers and body that the origin answers."""
    connection = http.client.HTTPConnection(urlsplit(os.environ["ORIGIN"]).netloc, timeout=30)
    try:
        connection.putrequest("POST", PATH, skip_accept_encoding=True)
        for name, value in headers:
            if name.lower() in _SENT:
                connection.putheader(name, value.encode("latin-1"))
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        kept = {name: value for name, value in answer.getheaders() if name.lower() in _KEPT}
        return answer.status, kept, answer.read()
    finally:
        connection.close()


def refusal(code: str, detail: str) -> tuple[int, dict[str, str], bytes]:
    """A problem of the contract, where a library leaves the answer to the application."""
    problem = {
        "type": "https://api.dinie.com.br/errors/validation-failed",
        "title": "Unprocessable Content",
        "status": 422,
        "detail": detail,
        "code": code,
    }
    return 422, {"content-type": "application/problem+json"}, json.dumps(problem).encode()
