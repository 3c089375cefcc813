"""``/_mock/assets``: scripts and style sheets of pages, each under its hash, cached for ever."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from mock_server.exchange.exchange import CONTROL_PATH, Exchange, Handlers
from mock_server.exchange.problems import Problem, ProblemType, Response

VENDORED = Path(__file__).parents[1] / "vendored"
"""The folder of other projects' files."""

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}

_FOR_EVER = {"Cache-Control": "public, max-age=31536000, immutable"}


@dataclass(frozen=True)
class _Asset:
    path: Path

    # Read when the first page wants it: a mock without a browser reads none.
    @cached_property
    def body(self) -> bytes:
        return self.path.read_bytes()

    @cached_property
    def digest(self) -> str:
        return sha256(self.body).hexdigest()[:16]


class Assets:
    """The files that pages load, by their names; nothing else of the disk is served."""

    def __init__(self, files: Iterable[Path]) -> None:
        self._by_name = {path.name: _Asset(path) for path in files}

    def handlers(self) -> Handlers:
        return {"readAsset GET /assets/{digest}/{file}": self.read}

    def url(self, name: str) -> str:
        """The path of a file, which is another one for other content."""
        return f"{CONTROL_PATH}/assets/{self._by_name[name].digest}/{name}"

    async def read(self, exchange: Exchange) -> Response:
        """Answer a file; raises a 404 for an unknown one, and for another version of one."""
        asset = self._by_name.get(exchange.parameters["file"])
        if asset is None or asset.digest != exchange.parameters["digest"]:
            detail = "There is no such file, or not in this version: load the page again."
            raise Problem(ProblemType.NOT_FOUND, "unknown_asset", detail)
        media_type = _MEDIA_TYPES[asset.path.suffix]
        return Response(200, asset.body, media_type, dict(_FOR_EVER))
