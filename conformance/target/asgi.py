"""An ASGI or WSGI app as a target in this process: what a server would answer, without one."""

import asyncio
import importlib
import inspect
import logging
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from pathlib import Path
from typing import Any

import httpx

from conformance.target.transport.reception import answer_of_app, reception_of
from conformance.target.wsgi import WsgiTransport

START_SECONDS = 60.0
"""The longest start of an app."""

_STOP_SECONDS = 10.0

_FREE_SECONDS = 2.0
"""How long the event loop may be busy at the end, before the app is left behind."""

_ASGI_PARAMETERS, _WSGI_PARAMETERS = 3, 2

_NAMES = ("openapi", "conformance")
"""Our packages in this process, whose names an app may have for its own."""

_log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Asgi = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]


class AppError(Exception):
    """There is no such app, or it does not start; the message is one plain line."""


@contextmanager
def serving(name: str | None) -> Iterator[httpx.BaseTransport | None]:
    """A transport to the app ``module:object`` while it is up; None is no app, for a target by URL.

    An app that raises answers 500, as it would behind a server. Raises :class:`AppError`.
    """
    if name is None:
        yield None
        return
    app = load(name)
    if _is_asgi(app, name):
        with _event_loop() as loop, _running(app, name, loop) as state:
            yield _AsgiTransport(app, state, loop)
    else:
        yield WsgiTransport(app)


def load(name: str) -> Any:
    """The object that ``module:object`` names; raises :class:`AppError`."""
    module_name, _, path = name.partition(":")
    if not module_name or not path:
        raise AppError(f"{name!r} must be module:object")
    folder = Path.cwd()
    # A console script, other than `python -m`, does not look where it is called.
    sys.path.insert(0, str(folder))
    try:
        found: Any = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        hint = _name_clash(folder)
        raise AppError(f"{module_name} cannot be imported: {_told(error)}{hint}") from error
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise AppError(f"{module_name} has no {path}") from None
    return found


def _name_clash(folder: Path) -> str:
    """A hint where the app's folder has a package that means one of ours in this process."""
    for name in _NAMES:
        place = Path(str(sys.modules[name].__file__)).parent if name in sys.modules else None
        for theirs in (folder / name, folder / f"{name}.py"):
            if place and theirs.exists() and theirs.resolve() != place.resolve():
                return (
                    f"; {theirs} is hidden by dinie-contract's own package of that name:"
                    " serve the app and give --url"
                )
    return ""


def _is_asgi(app: Any, name: str) -> bool:
    """Whether it is an ASGI app; not where it is a WSGI app, and AppError where it is neither."""
    call = getattr(app, "__call__", None)  # noqa: B004 - its kind is asked for, not whether it is there
    coroutine = inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(call)
    if coroutine and _takes(app, _ASGI_PARAMETERS):
        return True
    if not coroutine and _takes(app, _WSGI_PARAMETERS):
        return False
    # What gives an awaitable without being a coroutine function: a wrapper, or a class.
    if not coroutine and _takes(app, _ASGI_PARAMETERS):
        return True
    raise AppError(
        f"{name} is no app: neither ASGI (scope, receive, send) nor WSGI (environ, start_response)"
    )


def _takes(app: Any, count: int) -> bool:
    try:
        inspect.signature(app).bind(*range(count))
    except (TypeError, ValueError):
        return False
    return True


def _told(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[-1]}" if lines else type(error).__name__


@contextmanager
def _event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop in a thread of its own, which is left behind where the app keeps it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True, name="asgi")
    thread.start()
    try:
        yield loop
    finally:
        if _is_free(loop):
            with suppress(TimeoutError):
                asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(_STOP_SECONDS)
            loop.call_soon_threadsafe(loop.stop)
            thread.join(_STOP_SECONDS)
            if not thread.is_alive():
                loop.close()


def _is_free(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether no app keeps the loop to itself."""
    try:
        asyncio.run_coroutine_threadsafe(asyncio.sleep(0), loop).result(_FREE_SECONDS)
    except TimeoutError:
        return False
    return True


async def _cancel_all() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for one in tasks:
        one.cancel()
    if tasks and (await asyncio.wait(tasks, timeout=_FREE_SECONDS))[1]:
        # Of what is left behind nobody needs to hear.
        asyncio.get_running_loop().set_exception_handler(lambda *_: None)


@contextmanager
def _running(app: Asgi, name: str, loop: asyncio.AbstractEventLoop) -> Iterator[Message]:
    """The app within its lifespan; gives the state that every request shares with it."""
    started = _started(app, name)
    starting = asyncio.run_coroutine_threadsafe(_entered(started), loop)
    try:
        # A little longer: an app that blocks the loop cannot be told that its time is over.
        state = starting.result(START_SECONDS + 1)
    except TimeoutError:
        raise _late(name) from None
    try:
        yield state
    finally:
        if _is_free(loop):
            ending = asyncio.run_coroutine_threadsafe(_left(started), loop)
            with suppress(TimeoutError):
                ending.result(_STOP_SECONDS + _FREE_SECONDS)


async def _entered(started: AbstractAsyncContextManager[Message]) -> Message:
    return await started.__aenter__()


async def _left(started: AbstractAsyncContextManager[Message]) -> None:
    await started.__aexit__(None, None, None)


@asynccontextmanager
async def _started(app: Asgi, name: str) -> AsyncIterator[Message]:
    """Run the app's lifespan; gives the state that every request shares with it."""
    state: Message = {}
    events: asyncio.Queue[Message] = asyncio.Queue()
    answered: asyncio.Queue[Message] = asyncio.Queue()

    async def lifespan() -> None:
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": state,
        }
        try:
            await app(scope, events.get, answered.put)
        except Exception:  # noqa: BLE001 - an app without a lifespan raises (ASGI, Lifespan: Scope)
            _log.debug("the app's lifespan raised", exc_info=True)
        await answered.put({"type": "ended"})

    running = asyncio.create_task(lifespan())
    try:
        await events.put({"type": "lifespan.startup"})
        try:
            answer = await asyncio.wait_for(answered.get(), START_SECONDS)
        except TimeoutError:
            raise _late(name) from None
        if answer["type"] == "lifespan.startup.failed":
            lines = str(answer.get("message", "")).strip().splitlines()
            raise AppError(f"{name} failed to start{f': {lines[-1]}' if lines else ''}")
        yield state
        if not running.done():
            await events.put({"type": "lifespan.shutdown"})
            with suppress(TimeoutError):
                await asyncio.wait_for(answered.get(), _STOP_SECONDS)
    finally:
        running.cancel()


def _late(name: str) -> AppError:
    return AppError(f"{name} did not start within {START_SECONDS:.0f} seconds")


class _AsgiTransport(httpx.BaseTransport):
    """Sends from any thread into the one event loop, where requests overlap as behind a server."""

    def __init__(self, app: Asgi, state: Message, loop: asyncio.AbstractEventLoop) -> None:
        self._app = app
        self._state = state
        self._loop = loop

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        request.read()
        reception_of(request).begin()
        answer = asyncio.run_coroutine_threadsafe(self._answer(request), self._loop)
        try:
            return answer_of_app(request, answer)
        finally:
            answer.cancel()

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        reception = reception_of(request)

        async def as_received(scope: Message, receive: Any, send: Any) -> None:
            async def counted(message: Message) -> None:
                # An app that never waits for anything would keep the loop to itself.
                await asyncio.sleep(0)
                if message["type"] == "http.response.body":
                    reception.in_headers = False
                    reception.receive(len(message.get("body", b"")))
                await send(message)

            await self._as_served(scope, receive, counted)

        transport = httpx.ASGITransport(as_received)
        answer = await transport.handle_async_request(request)
        body = b"".join([part async for part in answer.stream])  # type: ignore[union-attr]
        # Given as a stream, it gets no header that the app did not send.
        return httpx.Response(
            answer.status_code, headers=answer.headers.raw, stream=httpx.ByteStream(body)
        )

    async def _as_served(self, scope: Message, receive: Any, send: Any) -> None:
        started = ended = False

        async def noting(message: Message) -> None:
            nonlocal started, ended
            await send(message)
            started = True
            ended = message["type"] == "http.response.body" and not message.get("more_body", False)

        try:
            await self._app({**scope, "state": dict(self._state)}, receive, noting)
        except Exception:  # noqa: BLE001 - what a server answers then follows
            _log.debug("the app raised", exc_info=True)
        if not started:
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 500, "headers": headers})
            await send({"type": "http.response.body", "body": b"Internal Server Error"})
        elif not ended:
            raise httpx.RemoteProtocolError("the app broke its answer off")
