"""Partners take turns: no timings here, only who comes after whom."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from mock_server.exchange.exchange import Exchange
from mock_server.pipeline import scheduling as turns
from mock_server.pipeline.body import ClientGone
from mock_server.pipeline.scheduling import FairScheduling


class Server:
    """The stage in front of an application that notes whom it answers."""

    def __init__(self, iterations: int = 0) -> None:
        self.answered: list[str] = []
        self.iterations = iterations
        self.turns = FairScheduling(self.answer)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(self.iterations):
            await asyncio.sleep(0)
        self.answered.append(scope["name"])

    def request(self, name: str, receive: Receive | None = None) -> Awaitable[None]:
        """A request of the partner that is the first letter of its name."""
        scope: Scope = {"name": name}
        exchange = Exchange(scope, receive or nothing, 0.0, partner_id=name[0])
        exchange.enter()
        return self.turns(scope, exchange.receive, unsent)

    def start(self, *names: str, receive: Receive | None = None) -> list[asyncio.Task[None]]:
        return [asyncio.create_task(self._run(name, receive)) for name in names]

    async def _run(self, name: str, receive: Receive | None) -> None:
        await self.request(name, receive)


async def nothing() -> Message:
    raise AssertionError("nobody reads here")


async def unsent(message: Message) -> None:
    raise AssertionError("nobody sends here")


def names(partner: str, count: int) -> list[str]:
    return [f"{partner}{number}" for number in range(count)]


def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(test())


@pytest.mark.parametrize("iterations", [0, 3])
def test_one_request_comes_after_few_of_fifty(iterations: int) -> None:
    async def test() -> None:
        server = Server(iterations)
        await asyncio.gather(*server.start("b", "a"))
        await asyncio.gather(*server.start(*names("a", 50), "b!"))
        assert server.answered.index("b!") <= 2 + 2 + iterations
        assert [one for one in server.answered[2:] if one != "b!"] == names("a", 50)

    run(test)


def test_who_comes_later_still_comes_soon() -> None:
    async def test() -> None:
        server = Server()
        await asyncio.gather(*server.start("b", "a"))
        waiting = server.start(*names("a", 50))
        for _ in range(20):
            await asyncio.sleep(0)
        before = len(server.answered)
        assert before < 40
        await asyncio.gather(*server.start("b!"), *waiting)
        assert server.answered.index("b!") <= before + 3

    run(test)


def test_three_partners_take_turns() -> None:
    async def test() -> None:
        server = Server()
        await asyncio.gather(*server.start("a", "b", "c"))
        server.answered.clear()
        await asyncio.gather(
            *server.start(*names("a", 9), *names("b", 9), *names("c", 9)),
        )
        for turn in range(9):
            three = server.answered[3 * turn : 3 * turn + 3]
            assert sorted(one[0] for one in three) == ["a", "b", "c"]
            assert {one[1] for one in three} == {str(turn)}

    run(test)


def test_who_is_alone_never_waits() -> None:
    async def test() -> None:
        server = Server()
        await asyncio.gather(*server.start("a"))
        made: list[Awaitable[None]] = []

        def answer(scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
            made.append(server.answer(scope, receive, send))
            return made[-1]

        server.turns.app = answer
        request = server.request("a")
        # What comes back is the application's own coroutine: nothing was put around it.
        assert made == [request]
        await request

    run(test)


def test_contention_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        server = Server()
        await asyncio.gather(*server.start("a", "b", "a"))
        await asyncio.sleep(0)
        monkeypatch.setattr(asyncio.get_running_loop(), "time", lambda: later)
        # The first finds out that it is alone.
        await asyncio.gather(*server.start("a"))
        server.answered.clear()
        tasks = server.start(*names("a", 50))
        await asyncio.sleep(0)
        assert server.answered == names("a", 50)
        await asyncio.gather(*tasks)

    later = 1e9
    run(test)


def test_who_is_gone_takes_no_turn_and_leaves_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    async def gone() -> Message:
        raise AssertionError("nobody reads here")

    async def test() -> None:
        server = Server()
        await asyncio.gather(*server.start("b", "a"))
        first = server.start("a first")
        lost = server.start(*names("a lost ", 50), receive=gone)
        last = server.start("a last")
        for _ in range(8):
            await asyncio.sleep(0)
        assert server.answered[2:] == ["a first", "a last"]
        assert [type(task.exception()) for task in lost] == [ClientGone] * 50
        await asyncio.gather(*first, *last)

    monkeypatch.setattr(turns, "is_closed", lambda receive: receive is gone)
    run(test)


def test_who_gives_up_leaves_the_line() -> None:
    async def test() -> None:
        server = Server()
        await asyncio.gather(*server.start("b", "a"))
        tasks = server.start(*names("a", 50))
        await asyncio.sleep(0)
        for task in tasks[1:-1]:
            task.cancel()
        await asyncio.gather(tasks[0], tasks[-1])
        assert server.answered[2:] == ["a0", "a49"]

    run(test)


def test_nothing_is_left_behind() -> None:
    async def test() -> None:
        server = Server()
        await asyncio.gather(*server.start(*names("a", 50), *names("b", 50)))
        for _ in range(3):
            await asyncio.sleep(0)
        assert server.turns._queues == {}

    run(test)
