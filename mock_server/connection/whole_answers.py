"""Answers that are sent whole: uvicorn would take the head of each apart, header by header."""

from functools import lru_cache
from typing import Any

from starlette.types import Message, Send
from uvicorn.protocols.http.httptools_impl import HEADER_RE, STATUS_LINE, RequestResponseCycle

_IN_VALUES = bytes([0x09, *range(0x20, 0x7F), *range(0x80, 0x100)])


async def send_whole(send: Send, head: Message, body: bytes) -> None:
    """Send an answer: at once where that can be, else in the two parts of ASGI."""
    if not send_at_once(send, head, body):
        await send(head)
        await send({"type": "http.response.body", "body": body})


def send_at_once(send: Send, head: Message, body: bytes) -> bool:
    """Send an answer with one write, as uvicorn would with two.

    False where nothing was sent: where something else takes it than uvicorn, or it is the last one
    of its connection, or has no body by its method, or has a header that uvicorn looks at.
    """
    cycle: Any = getattr(send, "__self__", None)
    if not isinstance(cycle, RequestResponseCycle) or not cycle.keep_alive:
        return False
    if cycle.disconnected or cycle.flow.write_paused or cycle.scope["method"] == "HEAD":
        return False
    names, _ = zip(*head["headers"], strict=True)
    headers = [*cycle.default_headers, *head["headers"]]
    lines = b"\r\n".join(map(b": ".join, headers))
    is_one_line_each = lines.translate(None, _IN_VALUES) == b"\r\n" * (len(headers) - 1)
    if not is_one_line_each or not _are_plain(names):
        return False
    cycle.response_started = cycle.response_complete = True
    cycle.waiting_for_100_continue = False
    cycle.transport.write(b"%b%b\r\n\r\n%b" % (STATUS_LINE[head["status"]], lines, body))
    cycle.message_event.set()
    cycle.on_response()
    return True


@lru_cache(maxsize=256)
def _are_plain(names: tuple[bytes, ...]) -> bool:
    """Whether these are names of headers, and none of one that says anything of the connection."""
    unusual = {b"connection", b"transfer-encoding"}
    return not any(one in unusual or HEADER_RE.search(one) for one in names)
