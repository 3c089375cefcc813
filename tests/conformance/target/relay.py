"""A relay on a real socket, which closes connections, or is silent, in the place of an answer."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

Closes = Callable[[bytes], str]
"""Takes a request as it came; says ``before`` or ``within`` the answer, ``never``, or nothing."""


@contextmanager
def relay(upstream: str, closes: Closes) -> Iterator[str]:
    """The base URL of a relay to ``upstream``, while the block lasts."""
    url = urlsplit(upstream)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        place = (str(url.hostname), int(url.port or 80))
        thread = threading.Thread(target=_accept, args=(listener, place, closes), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}{url.path}"


def _accept(listener: socket.socket, place: tuple[str, int], closes: Closes) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(client, place, closes), daemon=True).start()


def _serve(client: socket.socket, place: tuple[str, int], closes: Closes) -> None:
    with client, socket.create_connection(place) as server:
        while request := _message(client):
            how = closes(request)
            if how == "before":
                return
            if how == "never":
                client.recv(1)  # until the client has had enough
                return
            server.sendall(request)
            answer = _message(server)
            client.sendall(answer[:-5] if how == "within" else answer)
            if how:
                return


def _message(connection: socket.socket) -> bytes:
    """One message of HTTP, with its body; empty where the connection has ended."""
    found = b""
    while b"\r\n\r\n" not in found:
        if not (part := connection.recv(65_536)):
            return b""
        found += part
    head, _, body = found.partition(b"\r\n\r\n")
    fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
    length = int(fields.get(b"content-length", 0))
    is_chunked = fields.get(b"transfer-encoding") == b"chunked"
    while len(body) < length or (is_chunked and not body.endswith(b"0\r\n\r\n")):
        if not (part := connection.recv(65_536)):
            return b""
        body += part
    return head + b"\r\n\r\n" + body
