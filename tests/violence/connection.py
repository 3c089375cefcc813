"""One connection: a real socket, one request at a time, and a strict reading of the answer."""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Self

import h11

_READ_BYTES = 65_536


class Refused(Exception):
    """The connection was refused, so nothing was sent."""


class Cut(Exception):
    """The connection ended before the answer did. ``begun``: a part of the answer had come."""

    def __init__(self, *, begun: bool) -> None:
        super().__init__("the connection was cut")
        self.begun = begun


@dataclass(frozen=True, slots=True)
class Address:
    """Host, port and base path of an API."""

    host: str
    port: int
    path: str = ""

    @classmethod
    def of(cls, base_url: str) -> Self:
        """Read ``http://127.0.0.1:8080/v3``."""
        place, slash, path = base_url.removeprefix("http://").partition("/")
        host, _, port = place.rpartition(":")
        return cls(host, int(port), slash + path)


@dataclass(frozen=True, slots=True)
class Answer:
    """One whole HTTP answer."""

    status: int
    media_type: str
    replayed: bool
    body: bytes = field(repr=False)


class Connection:
    """Sends requests one after another; use :meth:`open`, and close it."""

    def __init__(
        self, address: Address, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self.address = address
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.CLIENT)

    @classmethod
    async def open(cls, address: Address) -> Self:
        """Connect; raises :class:`Refused` where no server listens."""
        try:
            return cls(address, *await asyncio.open_connection(address.host, address.port))
        except OSError as error:
            raise Refused from error

    @property
    def is_open(self) -> bool:
        """Whether another request may be sent on it."""
        return self._http.our_state is h11.IDLE and not self._writer.is_closing()

    async def request(
        self, method: str, target: str, headers: dict[str, str], body: bytes = b""
    ) -> Answer:
        """Send a request and read its answer; raises :class:`Cut`.

        An answer that is no HTTP raises h11.RemoteProtocolError.
        """
        lines = [("Host", self.address.host), *headers.items()]
        if body:
            lines.append(("Content-Length", str(len(body))))
        sent = self._http.send(
            h11.Request(method=method, target=self.address.path + target, headers=lines)
        )
        if body:
            sent = (sent or b"") + (self._http.send(h11.Data(body)) or b"")
        sent = (sent or b"") + (self._http.send(h11.EndOfMessage()) or b"")
        with self._reported_as_cut():
            self._writer.write(sent)
            await self._writer.drain()
        return await self._answer()

    async def _answer(self) -> Answer:
        response: h11.Response | None = None
        body = b""
        while True:
            event = self._http.next_event()
            if event is h11.NEED_DATA:
                with self._reported_as_cut(begun=self._began(response)):
                    data = await self._reader.read(_READ_BYTES)
                if not data:
                    raise Cut(begun=self._began(response))
                self._http.receive_data(data)
            elif isinstance(event, h11.Response):
                response = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage):
                break
        assert response is not None
        if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
            self._http.start_next_cycle()
        return _answer(response, body)

    def _began(self, response: h11.Response | None) -> bool:
        return response is not None or bool(self._http.trailing_data[0])

    @contextlib.contextmanager
    def _reported_as_cut(self, *, begun: bool = False) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Cut(begun=begun) from error

    async def close(self) -> None:
        """Close the socket."""
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


def _answer(response: h11.Response, body: bytes) -> Answer:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in response.headers}
    return Answer(
        response.status_code,
        headers.get("content-type", "").partition(";")[0],
        headers.get("idempotent-replayed") == "true",
        body,
    )
