"""A bare ASGI app: it reads the body, looks at nothing and sends a canned answer."""

import json
from typing import TYPE_CHECKING

from benchmarks.apps.answer import ANSWER

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

BODY = json.dumps(ANSWER, separators=(",", ":")).encode()
START: "Message" = {
    "type": "http.response.start",
    "status": 201,
    "headers": [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(BODY)).encode()),
    ],
}
END: "Message" = {"type": "http.response.body", "body": BODY}


async def application(scope: "Scope", receive: "Receive", send: "Send") -> None:
    """Answer 201 to every request."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body", False):
        pass
    await send(START)
    await send(END)
