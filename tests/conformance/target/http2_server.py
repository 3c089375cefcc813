"""A server that speaks HTTP/2 and nothing else, with TLS or without, by the h2 library."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import trustme
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded
from h2.exceptions import H2Error

from tests.conformance.servers.application import Application
from tests.fake_server import handling


class _Client:
    """One connection of a client; each stream is a request to the application."""

    def __init__(self, connection: socket.socket, application: Application) -> None:
        self._socket = connection
        self._application = application
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._heads: dict[int, dict[str, str]] = {}
        self._bodies: dict[int, bytes] = {}

    def serve(self) -> None:
        self._h2.initiate_connection()
        self._socket.sendall(self._h2.data_to_send())
        while data := self._socket.recv(65_536):
            for event in self._h2.receive_data(data):
                if isinstance(event, RequestReceived):
                    self._heads[event.stream_id] = dict(event.headers)  # type: ignore[arg-type]
                    self._bodies[event.stream_id] = b""
                elif isinstance(event, DataReceived):
                    self._bodies[event.stream_id] += event.data
                    self._h2.acknowledge_received_data(
                        event.flow_controlled_length, event.stream_id
                    )
                elif isinstance(event, StreamEnded):
                    self._answer(event.stream_id)
            self._socket.sendall(self._h2.data_to_send())

    def _answer(self, stream: int) -> None:
        head, body = self._heads.pop(stream), self._bodies.pop(stream)
        answer = self._application.answer(head[":method"], head[":path"], head, body)
        headers = [(name.lower(), value) for name, value in answer.headers.items()]
        self._h2.send_headers(stream, [(":status", str(answer.status)), *headers])
        data = b"" if head[":method"] == "HEAD" else answer.body
        size = self._h2.max_outbound_frame_size
        for start in range(0, len(data), size):
            self._h2.send_data(stream, data[start : start + size])
        self._h2.end_stream(stream)


@contextmanager
def serving_http2(certificate: trustme.LeafCert | None, application: Application) -> Iterator[str]:
    """The origin of the server; a client that negotiates anything else is closed on."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if certificate is not None:
        certificate.configure_cert(context)
    context.set_alpn_protocols(["h2"])

    def serve(connection: socket.socket) -> None:
        if certificate is None:
            with suppress(OSError, H2Error), connection:
                _Client(connection, application).serve()
            return
        with suppress(OSError), connection, context.wrap_socket(connection, True) as secure:  # noqa: FBT003
            if secure.selected_alpn_protocol() == "h2":
                _Client(secure, application).serve()

    with handling(serve) as place:
        yield f"{'http' if certificate is None else 'https'}://{place}"
