"""What under ``/_mock`` is the mock's own, and none of the API's business."""

from collections.abc import Awaitable, Mapping

from starlette.types import ASGIApp, Receive, Scope, Send

from mock_server.control import PATH

_UNDER = f"{PATH}/"


class OwnPaths:
    """Sends the paths of the ``probes`` there, and all others to the ``control`` plane, if any.

    What is left is for the API.
    """

    def __init__(
        self, app: ASGIApp, probes: Mapping[str, ASGIApp], control: ASGIApp | None
    ) -> None:
        self.app = app
        self.probes = probes
        self.control = control

    def __call__(self, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        path = scope.get("path", "")
        own = self.probes.get(path, self.control) if path.startswith(_UNDER) else None
        return (own or self.app)(scope, receive, send)
