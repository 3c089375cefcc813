"""Answers over TCP and TLS, waited for within the bounds of their reception."""

import errno
import os
import select
import socket
import threading
import time
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from ssl import SSLContext
from typing import Any, NamedTuple

import httpcore
import httpx

from conformance.target.transport.connection_settings import (
    ConnectionSettings,
    Proxy,
    trust_of,
)
from conformance.target.transport.reception import MOST_HEADER_BYTES, Reception, Way, reception_of
from conformance.target.transport.together import Together
from dinie_contract.web_address import certified

_IDLE_SECONDS = 2.0
"""Servers commonly close connections that are idle for five seconds: be earlier than they."""

_SHORT_BYTES = 65_536
"""The most bytes of a body that are copied to go out with the head."""

_UNDER_WAY = {errno.EINPROGRESS, errno.EWOULDBLOCK}

_REASONS: Mapping[int, str] = getattr(socket, "errorTab", {})
"""The errors of sockets that Windows numbers in its own way."""


class SocketTransport(httpx.BaseTransport):
    """Sends over HTTP/1.1; each wait ends by the bounds of its request's reception.

    httpx's own transport bounds the time between two bytes alone. HTTP/2 is for a target whose
    first connection by HTTP/1.1 failed, and that answers it: what many checks send can only be
    written in HTTP/1.1.
    """

    def __init__(self, settings: ConnectionSettings) -> None:
        self._settings = settings
        self._receptions = _Receptions()
        self._pools = _Pools(settings, self._receptions)
        self._http2_pools = _Pools(settings, self._receptions, http2=True)
        self._pools_of: dict[tuple[bytes, int | None], _Pools] = {}
        """The pools of the protocol in which each host and port has answered."""

    @property
    def speaks_http2(self) -> bool:
        """Whether a host answered HTTP/2 and no HTTP/1.1."""
        return self._http2_pools in self._pools_of.values()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer with its body still to come; raises the errors of httpx."""
        reception = self._receptions.current = reception_of(request)
        reception.is_reused = True
        proxy = self._settings.proxy_to(request.url)
        host = request.url.raw_host, request.url.port
        known = self._pools_of.get(host)
        try:
            answer = self._answer(request, reception, known or self._pools, proxy)
        except (httpx.NetworkError, httpx.RemoteProtocolError) as error:
            if known or (request.url.scheme != "https" and not _may_be_http2(error, reception)):
                raise
            # A host that knows HTTP/2 alone fails in any of these ways.
            with suppress(httpx.HTTPError):
                answer = self._answer(request, reception, self._http2_pools, proxy)
                self._pools_of[host] = self._http2_pools
                return answer
            raise
        self._pools_of.setdefault(host, self._pools)
        return answer

    def _answer(
        self, request: httpx.Request, reception: Reception, pools: "_Pools", proxy: Proxy | None
    ) -> httpx.Response:
        headers = request.headers.raw
        if pools.http2:
            # RFC 9113 section 8.2.2.
            headers = [one for one in headers if one[0].lower() not in _OF_ONE_CONNECTION]
        sent = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=headers,
            content=_content(request, reception),
            extensions=request.extensions,
        )
        route = _Route(proxy, request.url.raw_scheme, request.url.raw_host, request.url.port)
        connection = pools.take(route, sent.url.origin)
        try:
            with _errors_of_httpx(request):
                answer = connection.handle_request(sent)
        except BaseException:
            connection.close()
            raise
        reception.in_headers = False
        body = _Body(answer, request, lambda: pools.give_back(route, connection))
        return httpx.Response(answer.status, headers=answer.headers, stream=body, request=request)

    def close(self) -> None:
        """Close all connections."""
        self._pools.close()
        self._http2_pools.close()


_OF_ONE_CONNECTION = {b"connection", b"keep-alive", b"proxy-connection", b"transfer-encoding",
                      b"upgrade"}  # fmt: skip


class _Route(NamedTuple):
    """The way of a request: through a proxy or straight, to a scheme, a host and a port."""

    proxy: Proxy | None
    scheme: bytes
    host: bytes
    port: int | None


class _Pools:
    """The idle connections of one protocol, by their way.

    A connection carries one request at a time, of HTTP/2 as well, for each request has bounds of
    its own. Taking one and giving it back needs no lock. The one that was used last is taken first,
    so that others go idle for so long that they are closed, as a server with few threads needs it.
    httpcore's own pool goes through all connections under one lock for each request.
    """

    def __init__(
        self, settings: ConnectionSettings, receptions: "_Receptions", *, http2: bool = False
    ) -> None:
        self.http2 = http2
        self._settings = settings
        self._network = _Network(receptions)
        self._makers: dict[Proxy | None, httpcore.ConnectionPool] = {}
        self._idle: defaultdict[_Route, deque[httpcore.ConnectionInterface]] = defaultdict(deque)
        self._is_closed = False

    def take(self, route: "_Route", origin: httpcore.Origin) -> httpcore.ConnectionInterface:
        """A connection that nobody else uses."""
        idle = self._idle[route]
        with suppress(IndexError):
            while not _is_open(oldest := idle.popleft()):
                oldest.close()
            idle.appendleft(oldest)
            while not _is_open(newest := idle.pop()):
                newest.close()
            return newest
        proxy = route.proxy
        maker = self._makers.get(proxy) or self._makers.setdefault(proxy, self._maker(proxy))
        return maker.create_connection(origin)

    def give_back(self, route: "_Route", connection: httpcore.ConnectionInterface) -> None:
        """Let others use a connection that was taken, where it can carry another request."""
        if connection.is_idle() and not connection.is_closed() and not self._is_closed:
            self._idle[route].append(connection)
        else:
            connection.close()

    def _maker(self, proxy: Proxy | None) -> httpcore.ConnectionPool:
        """What makes connections: a pool of httpcore that holds none of them."""
        options: dict[str, Any] = {
            "ssl_context": trust_of(self._settings),
            "keepalive_expiry": _IDLE_SECONDS,
            "network_backend": self._network,
            "http1": not self.http2,
            "http2": self.http2,
        }
        if proxy is None:
            return httpcore.ConnectionPool(**options)
        credentials = (proxy.user, proxy.password) if proxy.user or proxy.password else None
        return httpcore.HTTPProxy(proxy_url=str(proxy), proxy_auth=credentials, **options)

    def close(self) -> None:
        """Close all connections that are idle; one in use is closed when it is given back."""
        self._is_closed = True
        for idle in list(self._idle.values()):
            while idle:
                idle.pop().close()


def _is_open(connection: httpcore.ConnectionInterface) -> bool:
    """Whether a connection was not closed by the other end, and not idle for too long."""
    return connection.is_available() and not connection.has_expired()


def _may_be_http2(error: Exception, reception: Reception) -> bool:
    """Whether a host without TLS may know HTTP/2 alone: what came is no HTTP/1.1."""
    return isinstance(error, httpx.RemoteProtocolError) and reception.received > 0


def _content(request: httpx.Request, reception: Reception) -> Iterable[bytes]:
    """The body of a request; its last byte waits where it goes out together with others."""
    stream = request.stream
    if reception.together is not None and isinstance(stream, httpx.ByteStream):
        body = b"".join(stream)
        if body:
            together, reception.together = reception.together, None
            return _with_last_byte_held(body, together)
    return stream  # type: ignore[return-value]  # it is no async one


def _with_last_byte_held(body: bytes, together: Together) -> Iterator[bytes]:
    yield body[:-1]
    together.arrive()
    yield body[-1:]


class _Body(httpx.SyncByteStream):
    def __init__(
        self, answer: httpcore.Response, request: httpx.Request, on_close: Callable[[], None]
    ) -> None:
        self._answer = answer
        self._request = request
        self._on_close = on_close

    def __iter__(self) -> Iterator[bytes]:
        with _errors_of_httpx(self._request):
            yield from self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()
        on_close, self._on_close = self._on_close, _nothing
        on_close()


def _nothing() -> None:
    """A body that is closed again gives nothing back again."""


@contextmanager
def _errors_of_httpx(request: httpx.Request) -> Iterator[None]:
    try:
        yield
    except (
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        httpcore.TimeoutException,
        httpcore.UnsupportedProtocol,
    ) as error:
        # Both libraries give their errors the same names.
        raise getattr(httpx, type(error).__name__)(str(error), request=request) from error


class _Receptions(threading.local):
    """The reception of the answer that a thread waits for."""

    current = Reception()


class _Network(httpcore.NetworkBackend):
    def __init__(self, receptions: _Receptions) -> None:
        self._receptions = receptions

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        del local_address, socket_options  # The pool was given none.
        reception = self._receptions.current
        reception.is_reused, reception.way = False, Way.NONE
        end = time.monotonic() + (float("inf") if timeout is None else timeout)
        with _errors_of_httpcore(httpcore.ConnectTimeout, httpcore.ConnectError):
            resolved = _resolving(host, port)
            addresses = reception.wait_for(resolved.result, timeout)
            for number, address in enumerate(addresses, 1):
                try:
                    connection = _connected(address, reception, max(end - time.monotonic(), 0.0))
                    break
                except OSError:
                    if number == len(addresses):
                        raise
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        reception.way = Way.CONNECTED
        return _Connection(connection, self._receptions)


def _resolving(host: str, port: int) -> "Future[list[Any]]":
    """The addresses of a host, found in a thread: a resolver that hangs must not hang the run."""
    found: Future[list[Any]] = Future()

    def resolve() -> None:
        try:
            found.set_result(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found.set_exception(error if isinstance(error, OSError) else OSError(str(error)))

    threading.Thread(target=resolve, daemon=True, name="resolver").start()
    return found


def _connected(address: Any, reception: Reception, seconds: float) -> socket.socket:
    family, kind, protocol, _, place = address
    connection = socket.socket(family, kind, protocol)
    try:
        connection.settimeout(0)
        number = connection.connect_ex(place)
        if number in _UNDER_WAY:
            reception.wait_for(lambda one: _expect_writable(connection, one), seconds)
            number = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if number:
            raise OSError(number, _REASONS.get(number) or os.strerror(number))  # noqa: TRY301 - as other failures
    except BaseException:
        connection.close()
        raise
    return connection


def _expect_writable(connection: socket.socket, seconds: float) -> None:
    if not _is_ready(connection, seconds, writable=True):
        raise TimeoutError("timed out")


def _is_ready(connection: socket.socket, seconds: float, *, writable: bool = False) -> bool:
    if not hasattr(select, "poll"):
        wanted = [connection]
        read, write, _ = select.select([] if writable else wanted, wanted * writable, [], seconds)
        return bool(read or write)
    unix: Any = select
    poll = unix.poll()
    poll.register(connection, unix.POLLOUT if writable else unix.POLLIN)
    return bool(poll.poll(seconds * 1000))


@contextmanager
def _errors_of_httpcore(late: type[Exception], failed: type[Exception]) -> Iterator[None]:
    try:
        yield
    except TimeoutError as error:
        raise late(str(error) or "timed out") from error
    except OSError as error:
        raise failed(str(error)) from error


class _Connection(httpcore.NetworkStream):
    """A connection, used by one thread at a time, within the bounds of that thread's reception."""

    def __init__(self, connection: socket.socket, receptions: _Receptions) -> None:
        self._socket = connection
        self._receptions = receptions
        self._held = b""

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        reception = self._receptions.current
        if self._held:
            reception.begin()
            self._release(reception, timeout)
        if reception.in_headers:
            max_bytes = min(max_bytes, MOST_HEADER_BYTES + 1 - reception.received)

        def receive(seconds: float) -> bytes:
            self._socket.settimeout(seconds)
            return self._socket.recv(max_bytes)

        with _errors_of_httpcore(httpcore.ReadTimeout, httpcore.ReadError):
            data = reception.wait_for(receive, timeout)
        reception.receive(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        reception = self._receptions.current
        if buffer and not self._held and not reception.has_begun:
            # The head goes out with the begin of the body: one call and one packet.
            self._held = buffer
            return
        reception.begin()
        self._release(reception, timeout, buffer if len(buffer) <= _SHORT_BYTES else b"")
        if len(buffer) > _SHORT_BYTES:
            self._write(buffer, reception, timeout)

    def _release(self, reception: Reception, timeout: float | None, more: bytes = b"") -> None:
        """Send what is held, and more."""
        buffer, self._held = self._held + more, b""
        together, reception.together = reception.together, None
        if together is None:
            self._write(buffer, reception, timeout)
        else:
            # It has no body: this is all of it.
            self._write(buffer[:-1], reception, timeout)
            together.arrive()
            self._write(buffer[-1:], reception, timeout)

    def _write(self, buffer: bytes, reception: Reception, timeout: float | None) -> None:
        left = memoryview(buffer)

        def send(seconds: float) -> int:
            self._socket.settimeout(seconds)
            return self._socket.send(left)

        with _errors_of_httpcore(httpcore.WriteTimeout, httpcore.WriteError):
            while left:
                left = left[reception.wait_for(send, timeout) :]

    def close(self) -> None:
        self._socket.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        reception = self._receptions.current
        reception.way = Way.IN_TLS
        name = certified(server_hostname) if server_hostname else None
        try:
            with _errors_of_httpcore(httpcore.ConnectTimeout, httpcore.ConnectError):
                self._socket = secure = ssl_context.wrap_socket(
                    self._socket, server_hostname=name, do_handshake_on_connect=False
                )

                def shake_hands(seconds: float) -> None:
                    secure.settimeout(seconds)
                    secure.do_handshake()

                reception.wait_for(shake_hands, timeout)
                reception.way = Way.SECURE
        except BaseException:
            with suppress(OSError):
                self.close()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        if info == "is_readable":
            return self._socket.fileno() < 0 or _is_ready(self._socket, 0)
        return None
