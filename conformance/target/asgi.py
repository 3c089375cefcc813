"""An ASGI or WSGI app as a target in this process: what a server would answer, without one."""

import asyncio
import importlib
import inspect
import logging
import sys
import threading
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterator,
    Mapping,
    MutableMapping,
)
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    suppress,
)
from pathlib import Path
from typing import Any

import httpx

from conformance.target.transport.app_answer import AppAnswer
from conformance.target.wsgi import WsgiTransport
from dinie_contract.errors import Unusable
from dinie_contract.output import excerpt

START_SECONDS = 60.0
"""The longest start of an app."""

_STOP_SECONDS = 10.0

_FREE_SECONDS = 2.0
"""How long the event loop may be busy at the end, before the app is left behind."""

_LATE_SECONDS = 0.1
"""How long an app is held up that sends more after its answer, so that it is no busy loop."""

_ASGI_PARAMETERS, _WSGI_PARAMETERS = 3, 2

_FAILED = "lifespan.startup.failed"
_LIFESPAN_ANSWERS = {
    f"lifespan.{step}.{end}" for step in ("startup", "shutdown") for end in ("complete", "failed")
}

_LONGEST_REASON = 500

_NAMES = ("openapi", "conformance")
"""Our packages in this process, whose names an app may have for its own."""

_log = logging.getLogger(__name__)

Message = MutableMapping[str, Any]
Asgi = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]


class AppError(Unusable):
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
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        hint = _name_clash(folder)
        raise AppError(f"{module_name} cannot be imported: {_told(error)}{hint}") from error
    for part in path.split("."):
        try:
            found = getattr(found, part)
        except AttributeError:
            raise AppError(f"{module_name} has no {path}") from None
        except Exception as error:
            raise AppError(f"{name} cannot be read: {_told(error)}") from error
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
    try:
        reason = _last_line(str(error))
    except Exception:  # noqa: BLE001 - the error is the app's
        reason = ""
    return f"{type(error).__name__}: {reason}" if reason else type(error).__name__


def _last_line(text: object) -> str:
    lines = text.strip().splitlines() if isinstance(text, str) else []
    return excerpt(lines[-1], _LONGEST_REASON) if lines else ""


@contextmanager
def _event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop in a thread of its own, which is left behind where the app keeps it."""
    loop = asyncio.new_event_loop()
    # What a task of the app raises, and nobody waits for, is the app's own affair.
    loop.set_exception_handler(lambda _, context: _log.debug("%s", context))
    is_over = threading.Event()

    def run() -> None:
        while not is_over.is_set():
            # A task of the app that exits takes the loop along, and no other request shall feel it.
            with suppress(SystemExit, KeyboardInterrupt):
                loop.run_forever()

    thread = threading.Thread(target=run, daemon=True, name="asgi")
    thread.start()
    try:
        yield loop
    finally:
        is_over.set()
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
    if tasks:
        await asyncio.wait(tasks, timeout=_FREE_SECONDS)


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

    async def send(message: Message) -> None:
        if _kind_of(message) not in _LIFESPAN_ANSWERS:
            raise ValueError("no message of a lifespan")
        await answered.put(message)

    async def lifespan() -> None:
        scope = {
            "type": "lifespan",
            "asgi": {"version": "3.0", "spec_version": "2.0"},
            "state": state,
        }
        ended = {"type": "ended"}
        try:
            await app(scope, events.get, send)
        except Exception:  # noqa: BLE001 - an app without a lifespan raises (ASGI, Lifespan: Scope)
            _log.debug("the app's lifespan raised", exc_info=True)
        except BaseException as error:  # noqa: BLE001 - one that exits would take the loop along
            ended = {"type": _FAILED, "message": _told(error)}
        await answered.put(ended)

    running = asyncio.create_task(lifespan())
    try:
        await events.put({"type": "lifespan.startup"})
        try:
            answer = await asyncio.wait_for(answered.get(), START_SECONDS)
        except TimeoutError:
            raise _late(name) from None
        if answer["type"] == _FAILED:
            reason = _last_line(answer.get("message"))
            raise AppError(f"{name} failed to start{f': {reason}' if reason else ''}")
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
        body, answer = request.read(), AppAnswer(request)
        scope = {**_scope(request), "state": dict(self._state)}
        call = asyncio.run_coroutine_threadsafe(self._call(scope, body, answer), self._loop)
        try:
            found = answer.wait()
        except BaseException:
            call.cancel()
            raise
        # What the app does after its answer, nobody waits for.
        return found

    async def _call(self, scope: Message, body: bytes, answer: AppAnswer) -> None:
        received = iter([{"type": "http.request", "body": body, "more_body": False}])

        ended = asyncio.Event()

        async def receive() -> Message:
            message = next(received, None)
            if message is None:
                await ended.wait()
            return message or {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            # An app that never waits for anything would keep the loop to itself.
            await asyncio.sleep(_LATE_SECONDS if answer.is_done else 0)
            try:
                send_at_once(message)
            finally:
                if answer.is_done:
                    ended.set()

        def send_at_once(message: Message) -> None:
            kind = _kind_of(message)
            if kind == "http.response.start":
                answer.begin(message.get("status"), message.get("headers", ()))
            elif kind == "http.response.body":
                is_last = not message.get("more_body", False)
                answer.add(message.get("body", b""), is_last=is_last)
            else:
                raise answer.broken("sent what is no message of an answer")

        try:
            await self._app(scope, receive, send)
            answer.fail(EOFError("the app ended without an answer"))
        except BaseException as error:  # noqa: BLE001 - such as SystemExit, which would end the loop
            answer.fail(error)
        ended.set()


def _kind_of(message: object) -> object:
    """The type of a message that an app sends; None where it is no message."""
    return message.get("type") if isinstance(message, Mapping) else None


def _scope(request: httpx.Request) -> Message:
    path, _, query = request.url.raw_path.partition(b"?")
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": request.url.scheme,
        "path": request.url.path,
        "raw_path": path,
        "query_string": query,
        "root_path": "",
        "headers": [(name.lower(), value) for name, value in request.headers.raw],
        "client": ("127.0.0.1", 1),
        "server": (request.url.host, request.url.port),
    }
