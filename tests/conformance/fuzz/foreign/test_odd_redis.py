"""A server that answers as no Redis does, or never to the end, ends no campaign in a fault."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import BinaryIO

import pytest

from conformance import generation
from conformance.generation import shared_corpus

USUAL = {
    b"HELLO": b"%1\r\n$5\r\nproto\r\n:3\r\n",
    b"SCARD": b":1\r\n",
    b"MEMORY": b":100\r\n",
    b"SMEMBERS": b"*1\r\n$5\r\nvalue\r\n",
    **dict.fromkeys((b"SADD", b"SREM", b"EXPIRE", b"PUBLISH"), b":1\r\n"),
}
GENEROUS_SECONDS = 20.0
"""It ends at all."""

Send = Callable[[bytes], None]


@dataclass
class OddServer:
    """``odd`` are raw answers by command, and ``endless`` sends those of SMEMBERS."""

    odd: dict[bytes, bytes]
    endless: Callable[[Send], None] | None = None
    over: threading.Event = field(default_factory=threading.Event)

    def accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                arguments = (listening.accept()[0],)
                threading.Thread(target=self.serve, args=arguments, daemon=True).start()

    def serve(self, connection: socket.socket) -> None:
        queued: list[bytes] | None = None
        with suppress(OSError, ValueError), connection, connection.makefile("rb") as file:
            while name := _command(file).upper():
                if name == b"EXEC" and queued is not None:
                    if self.endless and b"SMEMBERS" in queued:
                        self.endless(lambda data: self.send(connection, data))
                    answers = b"".join(map(self.answer, queued))
                    text = self.odd.get(name, b"*%d\r\n%s" % (len(queued), answers))
                    queued = None
                elif queued is not None:
                    queued.append(name)
                    text = b"+QUEUED\r\n"
                else:
                    queued = [] if name == b"MULTI" else None
                    text = self.answer(name)
                self.send(connection, text)

    def answer(self, name: bytes) -> bytes:
        return {**USUAL, **self.odd}.get(name, b"+OK\r\n")

    def send(self, connection: socket.socket, data: bytes) -> None:
        if self.over.wait(0 if len(data) > 1 else 0.01):
            raise OSError
        connection.sendall(data)


@contextmanager
def odd_redis(
    odd: dict[bytes, bytes], endless: Callable[[Send], None] | None = None
) -> Iterator[str]:
    """The URL of such a server, until the block ends."""
    server = OddServer(odd, endless)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=server.accept, args=(listening,), daemon=True).start()
        try:
            yield f"redis://127.0.0.1:{listening.getsockname()[1]}/0"
        finally:
            server.over.set()
            listening.shutdown(socket.SHUT_RDWR)


def _command(file: BinaryIO) -> bytes:
    """The name of the next command; nothing after the last one."""
    arguments = []
    for _ in range(int(file.readline()[1:] or 0)):
        arguments.append(file.read(int(file.readline()[1:])))
        file.read(2)
    return arguments[0] if arguments else b""


def test_the_server_of_these_tests_is_one() -> None:
    with odd_redis({}) as url:
        corpus = generation.SharedCorpus(url, "here")
        assert list(corpus.fetch(b"key")) == [b"value"]
        assert not corpus.has_junk
        assert not corpus.was_away


@pytest.mark.parametrize(
    "odd",
    [
        {b"SCARD": b"$3\r\nabc\r\n"},
        {b"SCARD": b"$-1\r\n"},
        {b"SCARD": b"*1\r\n:1\r\n"},
        {b"SMEMBERS": b"*1\r\n:1\r\n"},
        {b"SMEMBERS": b"*1\r\n$-1\r\n"},
        {b"SMEMBERS": b"*1\r\n*1\r\n$1\r\na\r\n"},
        {b"SMEMBERS": b"*1\r\n-ERR \x1b[31m\r\n"},
        {b"SMEMBERS": b"$5\r\nvalue\r\n"},
        {b"SMEMBERS": b":7\r\n"},
        {b"SMEMBERS": b"*10000000\r\n"},
        {b"SMEMBERS": b"*1\r\n" * 10_000},
        {b"SCARD": b">1\r\n$1\r\na\r\n" * 2000 + b":1\r\n"},
    ],
    ids=range(12),
)
def test_an_answer_that_no_redis_gives_is_left_out_and_told(
    odd: dict[bytes, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shared_corpus, "_MOST_SECONDS", 0.5)
    with odd_redis(odd) as url:
        corpus = generation.SharedCorpus(url, "here")
        assert not list(corpus.fetch(b"key"))
        assert corpus.has_junk or corpus.is_away


@pytest.mark.parametrize(
    "odd",
    [{b"HELLO": b"*0\r\n"}, {b"HELLO": b":1\r\n"}, {b"SADD": b"+OK\r\n"}, {b"EXEC": b":3\r\n"}],
    ids=range(4),
)
def test_one_that_is_no_redis_at_the_start_is_named_so(odd: dict[bytes, bytes]) -> None:
    with odd_redis(odd) as url, pytest.raises(ValueError, match="answers as no Redis server does"):
        generation.SharedCorpus(url, "here")


def test_what_its_url_sets_wrongly_is_named_so() -> None:
    with odd_redis({}) as url, pytest.raises(ValueError, match="URL sets what is not known"):
        generation.SharedCorpus(f"{url}?unknown=1", "here")


def byte_by_byte(send: Send) -> None:
    send(b"*2\r\n*1\r\n$10000000\r\n")
    while True:
        send(b"x")


def test_an_answer_that_comes_byte_by_byte_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared_corpus, "_MOST_SECONDS", 0.5)
    with odd_redis({}, byte_by_byte) as url:
        corpus = generation.SharedCorpus(url, "here")
        asked = threading.Thread(target=corpus.fetch, args=(b"key",), daemon=True)
        asked.start()
        asked.join(GENEROUS_SECONDS)
        assert not asked.is_alive()
        assert corpus.is_away


def test_what_grew_after_it_was_looked_at_takes_no_more_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sent = 0

    def many_megabytes(send: Send) -> None:
        nonlocal sent
        send(b"*2\r\n*1000000\r\n")
        while True:
            send(b"$100000\r\n" + b"x" * 100_000 + b"\r\n")
            sent += 100_000

    monkeypatch.setattr(shared_corpus, "_MOST_RECEIVED", 1_000_000)
    with odd_redis({}, many_megabytes) as url:
        corpus = generation.SharedCorpus(url, "here")
        asked = threading.Thread(target=corpus.fetch, args=(b"key",), daemon=True)
        asked.start()
        asked.join(GENEROUS_SECONDS)
        assert not asked.is_alive()
        assert corpus.has_junk
    assert sent < 50_000_000
