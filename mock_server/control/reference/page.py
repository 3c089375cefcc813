"""The operations that show the contract: as a page with try-it, as JSON and as YAML."""

import json
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from conformance.report.html import LOOK
from mock_server.control.assets import VENDORED, Assets
from mock_server.control.navigation import PAGES
from mock_server.control.policies import PAGE_POLICY
from mock_server.control.reference.served import served_document
from mock_server.exchange.exchange import CONTROL_PATH, Exchange, Handlers
from mock_server.exchange.problems import Response
from openapi.contract import Contract

_HERE = Path(__file__).parent

FILES = (
    LOOK,
    VENDORED / "swagger-ui-dist" / "swagger-ui-bundle.js",
    VENDORED / "swagger-ui-dist" / "swagger-ui.css",
    _HERE / "reference.css",
    _HERE / "reference.js",
)
"""What the page loads."""

_HEADERS = {"Content-Security-Policy": PAGE_POLICY, "Cache-Control": "no-store"}


@dataclass(frozen=True)
class Reference:
    """The operations on the contract that is played.

    Try-it has a token of ``first_partner``, unless the query names another one.
    """

    contract: Contract
    assets: Assets
    first_partner: str | None

    def handlers(self) -> Handlers:
        return {
            "readReference GET /docs": self.read,
            "readContract GET /openapi.json": self.as_json,
            "readContractAsYaml GET /openapi.yaml": self.as_yaml,
        }

    async def read(self, exchange: Exchange) -> Response:
        """Answer the page; its script reads the contract, and issues the token."""
        partner = exchange.parameters.get("partner", self.first_partner)
        page = _environment().get_template("reference.html.j2").render(
            contract=self.contract,
            sections=PAGES,
            url=self.assets.url,
            document=f"{CONTROL_PATH}/openapi.json",
            control=CONTROL_PATH,
            partner=partner,
        )  # fmt: skip
        return Response(200, page.encode(), "text/html; charset=utf-8", dict(_HEADERS))

    async def as_json(self, _: Exchange) -> Response:
        return Response(200, self._json, "application/json")

    async def as_yaml(self, _: Exchange) -> Response:
        return Response(200, self._yaml, "application/yaml")

    @cached_property
    def _json(self) -> bytes:
        # Not orjson: a document may hold numbers beyond 64 bits.
        return json.dumps(served_document(self.contract)).encode()

    @cached_property
    def _yaml(self) -> bytes:
        text = yaml.dump(
            served_document(self.contract), Dumper=yaml.CSafeDumper, sort_keys=False,
            allow_unicode=True, encoding="utf-8", width=100,
        )  # fmt: skip
        return bytes(text)


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("mock_server.control.reference", ""),
        autoescape=True,
        undefined=StrictUndefined,
    )
