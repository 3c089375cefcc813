"""What is said of a way to the target on which nothing answers, and who is named for it."""

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme

from conformance.cli.main import main
from tests.certificates import ClientFiles, authority, client, trusted
from tests.conformance.load.command_line import TOKEN
from tests.conformance.target.proxy_process import forward_proxy
from tests.fake_server import handling

__all__ = ["authority", "client", "trusted"]

PAGE = b"HTTP/1.1 %s\r\nContent-Type: text/html\r\nContent-Length: 9\r\n\r\n<p>no</p>"
LOGIN = b"HTTP/1.1 302 Found\r\nLocation: http://login.example/\r\nContent-Length: 0\r\n\r\n"
BANNER = b"SSH-2.0-OpenSSH_9.2\r\n"
NOWHERE = "127.0.0.1:9/v3"


@contextmanager
def saying(text: bytes, *, stays: bool = False) -> Iterator[str]:
    """The host and port of a server that answers each request with a text, and then closes.

    Where it ``stays``, it says nothing more until the client closes.
    """

    def serve(connection: socket.socket) -> None:
        with suppress(OSError):
            connection.recv(65_536)
            connection.sendall(text)
            if not stays:
                connection.shutdown(socket.SHUT_WR)
            # What is not read would reset the connection, and the text be lost.
            while connection.recv(65_536):
                pass

    with handling(serve) as place:
        yield place


@contextmanager
def closing_without_an_alert(context: ssl.SSLContext) -> Iterator[str]:
    """The URL of a server of asyncio, whose TLS tells a client nothing of what it refuses."""
    begun: Future[tuple[int, asyncio.AbstractEventLoop]] = Future()
    over = asyncio.Event()

    def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda *_: None)
        async with await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context) as server:
            begun.set_result((server.sockets[0].getsockname()[1], loop))
            await over.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()), daemon=True)
    thread.start()
    port, loop = begun.result(10)
    try:
        yield f"https://127.0.0.1:{port}/v3"
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(10)


def line_of(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """The only line of a run without a verdict."""
    with pytest.raises(SystemExit) as ended:
        main(["run", "--token", TOKEN, "--select", "created.plain*", "--wait-for", "0", *arguments])
    captured = capsys.readouterr()
    assert (ended.value.code, captured.out) == (2, "")
    [line] = captured.err.splitlines()
    assert "me-too" not in line
    return line


BEFORE_HTTP: Mapping[str, tuple[bytes, str]] = {
    "a page": (PAGE % b"403 Forbidden", "{url} answered 403 with a web page: {proxy} may have"),
    "a portal": (PAGE % b"200 OK", "{url} answered 200 with a web page: {proxy} may have"),
    "a gateway": (PAGE % b"502 Bad Gateway", "{url} answered 502 with a web page: {proxy} may"),
    "a login": (LOGIN, "{url} leads elsewhere (302, Location: http://login.example/), or {proxy}"),
    "garbage": (BANNER, "{proxy}, or {url} behind it, does not answer: what it sends is no HTTP"),
    "nothing": (b"", "{proxy}, or {url} behind it, does not answer: it closes the connection"),
}
BEFORE_HTTPS: Mapping[str, tuple[bytes, str]] = {
    "garbage": (BANNER, "{proxy} does not answer CONNECT: what it sends is no HTTP; check --proxy"),
    "nothing": (b"", "{proxy} does not answer CONNECT: it closes the connection; check --proxy"),
    "a tunnel that is closed": (
        b"HTTP/1.1 200 OK\r\n\r\n",
        "{proxy} opened a way to {url}, and it is closed during TLS",
    ),
}
CASES = [("http", *one) for one in BEFORE_HTTP.values()]
CASES += [("https", *one) for one in BEFORE_HTTPS.values()]


@pytest.mark.parametrize(("scheme", "said", "told"), CASES)
def test_a_proxy_that_says_this_is_named(
    scheme: str, said: bytes, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    url = f"{scheme}://{NOWHERE}"
    with saying(said) as proxy:
        line = line_of(capsys, "--url", url, "--proxy", f"http://me:me-too@{proxy}")
    assert told.format(url=url, proxy=f"the proxy http://{proxy}") in line
    assert "check --proxy" in line


def test_a_proxy_that_opens_a_way_to_nothing_is_named(
    capsys: pytest.CaptureFixture[str],
) -> None:
    url, limit = f"https://{NOWHERE}", ("--max-time", "2s")
    with saying(b"HTTP/1.1 200 OK\r\n\r\n", stays=True) as proxy:
        line = line_of(capsys, "--url", url, "--proxy", f"http://me:me-too@{proxy}", *limit)
    told = f"the proxy http://{proxy} opened a way to {url}, and nothing answers there"
    assert line.endswith(f"it did not end in 2 s (--max-time): {told}")


def test_a_target_that_is_silent_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with saying(b"", stays=True) as place:
        line = line_of(capsys, "--url", f"http://{place}/v3", "--max-time", "2s")
    told = f"it did not end in 2 s (--max-time): http://{place}/v3 does not answer"
    assert line.endswith(told)


@pytest.mark.parametrize(
    ("said", "told"), [(BANNER, "what it sends is no HTTP"), (b"", "it closes the connection")]
)
def test_a_port_of_something_else_is_asked_after(
    said: bytes, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with saying(said) as place:
        line = line_of(capsys, "--url", f"http://{place}/v3")
    assert line.endswith(f"http://{place}/v3 does not answer: {told}; is this the API's port?")


GIVEN: Mapping[str, tuple[Callable[[ClientFiles], tuple[str, ...]], str]] = {
    "none": (lambda _: (), "it may want a client certificate: give --client-cert"),
    "another": (
        lambda one: ("--client-cert", str(one.both)),
        "it may want another client certificate than that of --client-cert",
    ),
}


@pytest.mark.parametrize("given", sorted(GIVEN))
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_closes_without_a_word_may_want_a_certificate(
    version: ssl.TLSVersion, given: str, authority: trustme.CA, trusted: tuple[str, str],
    tmp_path: Path, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    context.verify_mode, context.maximum_version = ssl.CERT_REQUIRED, version
    authority.configure_trust(context)
    arguments, told = GIVEN[given]
    other = ClientFiles(trustme.CA(), tmp_path)
    with closing_without_an_alert(context) as url:
        line = line_of(capsys, "--url", url, *trusted, *arguments(other))
    assert line.startswith(f"dinie-conformance: {url} does not answer: ")
    assert told in line


def test_a_proxy_that_leads_to_no_tls_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with saying(BANNER) as place, forward_proxy(tmp_path) as proxy:
        line = line_of(capsys, "--url", f"https://{place}/v3", "--proxy", f"http://{proxy}")
    way = f"the proxy http://{proxy} opened a way to https://{place}/v3"
    assert f"{way}, and what comes through it is no TLS: check --proxy" in line
