"""A journal followed live by server-sent events (HTML Living Standard, section 9.2)."""

import asyncio
import json
import threading
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from starlette.types import Message, Receive

from demo.mock_process import mock_process
from mock_server.connection.delivery import OpenStreams, Streamed
from mock_server.connection.ending import ENDING
from mock_server.control.access import ControlAccess
from mock_server.exchange.exchange import Exchange
from mock_server.observing.journals import Journals
from tests.mock_server.clients import WiredJob
from tests.mock_server.wire import wire_to


@contextmanager
def followed(
    job: WiredJob, last: int | None = None, **query: int
) -> Iterator[Iterator[dict[str, Any]]]:
    """The events of a partner's journal, as they come."""
    headers = {} if last is None else {"Last-Event-ID": str(last)}
    url = f"{job.http.base_url}/_mock/partners/{job.id}/journal/events"
    with httpx.stream("GET", url, params=query, headers=headers, timeout=30) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        assert response.headers["cache-control"] == "no-store"
        assert "content-length" not in response.headers
        yield _events(response.iter_lines())


def _events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    fields: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(": ")
            fields[name] = value
        else:
            assert fields["event"] == "exchange"
            entry = json.loads(fields["data"])
            assert fields["id"] == str(entry["number"])
            yield entry
            fields = {}


def test_each_exchange_comes_when_it_is_over(wired: WiredJob) -> None:
    with followed(wired) as events:
        for number in range(1, 6):
            wired.create(name=f"number {number}")
            entry = next(events)
            assert (entry["number"], entry["status"]) == (number, 201)
            assert f"number {number}" in entry["request_body"]


def test_events_hold_the_same_as_the_journal(wired: WiredJob) -> None:
    with followed(wired) as events:
        wired.create(key="a")
        wired.get()
        assert [next(events), next(events)] == wired.journal()


def test_earlier_exchanges_come_first(wired: WiredJob) -> None:
    for _ in range(3):
        wired.get()
    with followed(wired) as events:
        assert [next(events)["number"] for _ in range(3)] == [1, 2, 3]
        wired.get()
        assert next(events)["number"] == 4


def test_a_follower_that_reconnects_misses_nothing(wired: WiredJob) -> None:
    wired.get()
    with followed(wired) as events:
        last = next(events)["number"]
    for _ in range(3):
        wired.get()
    with followed(wired, last) as events:
        assert [next(events)["number"] for _ in range(3)] == [2, 3, 4]


def test_a_page_says_by_the_query_where_it_begins_and_by_the_header_where_it_goes_on(
    wired: WiredJob,
) -> None:
    for _ in range(3):
        wired.get()
    with followed(wired, after=2) as events:
        assert next(events)["number"] == 3
    with followed(wired, 1, after=2) as events:
        assert next(events)["number"] == 2


def test_several_follow_one_journal(wired: WiredJob) -> None:
    with followed(wired) as first, followed(wired) as second:
        for number in range(1, 4):
            wired.get()
            assert next(first)["number"] == next(second)["number"] == number


def test_followers_go_on_after_a_reset(wired: WiredJob) -> None:
    for _ in range(3):
        wired.get()
    with followed(wired, 3) as events:
        wired.control("POST", "/reset")
        for number in range(1, 6):
            wired.create(name="anew")
            entry = next(events)
            assert (entry["number"], "anew" in entry["request_body"]) == (number, True)


def test_a_follower_that_reconnects_after_a_reset_gets_all_of_the_journal(wired: WiredJob) -> None:
    wired.get()
    with followed(wired, 700) as events:
        assert next(events)["number"] == 1


def test_it_ends_with_its_partner(wired: WiredJob) -> None:
    with followed(wired) as events:
        wired.get()
        next(events)
        wired.control("DELETE")
        assert list(events) == []


@pytest.mark.parametrize("last", ["x", "-1", "1.5", "1e1", "1_0"])
def test_a_last_event_that_is_no_number_is_refused(wired: WiredJob, last: str) -> None:
    response = wired.control("GET", "/journal/events", headers={"Last-Event-ID": last})
    assert (response.status_code, response.json()["param"]) == (422, "Last-Event-ID")


def test_a_mock_that_ends_ends_the_events_at_once_and_logs_nothing() -> None:
    with mock_process() as mock, httpx.Client(base_url=mock.origin) as http:
        job = WiredJob(http)
        with followed(job) as events:
            job.get()
            next(events)
            stopping = threading.Thread(target=mock.stop)
            stopping.start()
            assert list(events) == []
            stopping.join(30)
        assert mock.stop() == 0
        assert mock.log() == ""


def test_clients_that_go_away_leave_nothing_behind() -> None:
    with mock_process() as mock, httpx.Client(base_url=mock.origin) as http:
        job = WiredJob(http)
        for _ in range(30):
            with followed(job):
                pass
        for _ in range(3):
            assert job.get().status_code == 200
        assert mock.stop() == 0
        assert mock.log() == ""


def test_a_stream_whose_client_has_gone_leaves_no_task_and_closes_its_source() -> None:
    async def scenario() -> None:
        gone, begun, closed = asyncio.Event(), asyncio.Event(), []

        async def chunks() -> AsyncGenerator[bytes]:
            try:
                yield b"one"
                await asyncio.Event().wait()
            finally:
                closed.append(True)

        async def receive() -> Message:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message.get("body") == b"one":
                begun.set()

        exchange = Exchange({"type": "http"}, receive, 0)
        head: Message = {"type": "http.response.start", "status": 200, "headers": []}
        streaming = asyncio.ensure_future(
            Streamed(chunks(), OpenStreams(1))(exchange, head, b"", send)
        )
        await begun.wait()
        assert not streaming.done()
        gone.set()
        await streaming
        assert closed == [True]
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(scenario())


async def streamed(receive: Receive, ending: asyncio.Event | None = None, most: int = 1000) -> int:
    """The chunks, of at most ``most``, that are sent where sending never has to wait."""
    sent = 0

    async def chunks() -> AsyncGenerator[bytes]:
        for _ in range(most):
            yield b"chunk"

    async def send(message: Message) -> None:
        nonlocal sent
        sent += message.get("body") == b"chunk"

    exchange = Exchange({"type": "http"}, receive, 0)
    if ending is not None:
        exchange.scope["extensions"] = {ENDING: ending}
    head: Message = {"type": "http.response.start", "status": 200, "headers": []}
    await Streamed(chunks(), OpenStreams(1))(exchange, head, b"", send)
    return sent


async def never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


def test_nothing_more_is_sent_to_a_client_that_has_gone() -> None:
    async def gone() -> Message:
        return {"type": "http.disconnect"}

    assert asyncio.run(streamed(gone)) < 5


def test_a_stream_ends_with_the_mock_though_its_client_takes_all_at_once() -> None:
    async def scenario() -> None:
        ending = asyncio.Event()
        streaming = asyncio.ensure_future(streamed(never, ending))
        await asyncio.sleep(0)
        ending.set()
        assert await streaming < 10

    asyncio.run(scenario())


def test_others_have_their_turn_between_the_chunks_of_a_stream() -> None:
    async def scenario() -> None:
        streaming = asyncio.ensure_future(streamed(never, most=100))
        turns = 0
        while not streaming.done():
            await asyncio.sleep(0)
            turns += 1
        assert await streaming == 100
        assert turns >= 100

    asyncio.run(scenario())


def test_many_that_come_and_go_at_once_leave_the_mock_to_the_others() -> None:
    with mock_process() as mock, httpx.Client(base_url=mock.origin, timeout=60) as http:
        job = WiredJob(http)
        for _ in range(50):
            job.create(name="x" * 16_000)
        follow = f"GET /_mock/partners/{job.id}/journal/events HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for _ in range(5):
            for _ in range(40):
                with wire_to(mock) as wire:
                    wire.send(follow.encode())
            assert job.get().status_code == 200
        assert mock.stop() == 0
        assert mock.log() == ""


def test_who_stops_following_is_forgotten() -> None:
    async def scenario() -> None:
        journals = Journals(lambda _: None)
        events = journals.follow("partner", 0)
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0)
        assert journals.of("partner").followers == 1
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert journals.of("partner").followers == 0
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(scenario())


def test_a_stream_ends_with_the_session_that_it_is_of() -> None:
    async def scenario() -> None:
        access, first = ControlAccess("admin"), with_cookie("")
        session = access.begin_session(first, "admin").partition(";")[0]
        follower, other = with_cookie(session), with_cookie(access.begin_session(first, "admin"))
        for one in (follower, other):
            access.check(one)
        streams = [asyncio.ensure_future(endless(one)) for one in (follower, other)]
        await asyncio.sleep(0)
        access.end_session(with_cookie(session))
        await asyncio.wait_for(streams[0], 10)
        assert not streams[1].done()
        for _ in range(100):
            access.begin_session(first, "admin")
        await asyncio.wait_for(streams[1], 10)

    asyncio.run(scenario())


def test_a_stream_ends_when_its_session_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mock_server.control.access._SESSION_SECONDS", 0.2)

    async def scenario() -> None:
        access = ControlAccess("admin")
        follower = with_cookie(access.begin_session(with_cookie(""), "admin"))
        access.check(follower)
        await asyncio.wait_for(endless(follower), 10)

    asyncio.run(scenario())


def with_cookie(cookie: str) -> Exchange:
    headers = [(b"host", b"localhost"), (b"cookie", cookie.partition(";")[0].encode())]
    return Exchange({"type": "http", "scheme": "http", "headers": headers}, never, 0)


async def endless(exchange: Exchange) -> None:
    """A stream that nothing but its session ends."""

    async def chunks() -> AsyncGenerator[bytes]:
        yield b"one"
        await asyncio.Event().wait()

    async def send(message: Message) -> None:
        pass

    head: Message = {"type": "http.response.start", "status": 200, "headers": []}
    await Streamed(chunks(), OpenStreams(9))(exchange, head, b"", send)
