"""A correct API whose creations pass through a front, in which a library may keep the keys.

    client ─▶ gateway ─▶ front: library, handler ─▶ origin

Gateway and origin are one Flask server on two ports. The gateway signs partners in, counts their
requests and sends everything but creations to nobody else. The origin makes the credential, and
takes no notice of the idempotency key, unless it is to.
"""

import http.client
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

from flask import Request

from tests.flask_server.parts import Parts
from tests.flask_server.service.answers import Answer
from tests.flask_server.service.application import BASE, PARTNERS, Service
from tests.flask_server.serving import Address, listening
from tests.published.front import Front

CREATIONS = f"{BASE}/auth/credentials"
_SECONDS = 30
# The gateway's own: who is connected to whom, and how many requests a partner has left.
_DROPPED = {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}


@contextmanager
def behind(front: Front, *, with_own_keys: bool = False) -> Iterator[Address]:
    """The API while the block lasts. ``with_own_keys`` leaves keys to the origin."""
    parts = Parts()
    keys = parts.keys
    if not with_own_keys:
        keys.key_of = lambda request: None
    service = Service(parts)
    logins = tuple(service.login(partner) for partner in PARTNERS)
    with ExitStack() as stack:
        stack.callback(service.database.close)
        origin = stack.enter_context(listening(service))
        address = stack.enter_context(front.running(origin))
        port = str(urlsplit(origin).port)

        def around(partner: str, request: Request, inner: Callable[[], Answer]) -> Answer:
            if request.environ["SERVER_PORT"] == port:
                return inner()
            return forwarded(address, partner, request)

        keys.around = around
        root = stack.enter_context(listening(service))
        yield Address(root + BASE, "", logins)


def forwarded(address: str, partner: str, request: Request) -> Answer:
    """What the front at an address answers to a request of a partner."""
    connection = http.client.HTTPConnection(address, timeout=_SECONDS)
    try:
        connection.putrequest("POST", CREATIONS, skip_accept_encoding=True)
        for name, value in request.headers.items():
            if name.lower() not in {*_DROPPED, "host", "x-partner"}:
                connection.putheader(name, value.encode("latin-1"))
        body = request.get_data()
        connection.putheader("X-Partner", partner)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        headers = {
            name: value for name, value in answer.getheaders() if name.lower() not in _DROPPED
        }
        return Answer(answer.status, answer.read(), headers)
    finally:
        connection.close()
