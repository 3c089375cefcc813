"""A faulty server on a real socket: a healthy one behind a fault."""

from collections.abc import Iterator
from contextlib import contextmanager

from conformance.catalogue.sabotage import Sabotage
from conformance.cli.sabotaged import Proxy
from conformance.target.target import Target
from tests.conformance.fuzz.conftest import TOKENS
from tests.fake_server import serve_app


@contextmanager
def faulty(upstream: str, fault: Sabotage) -> Iterator[str]:
    """The base URL of ``upstream`` behind the fault, while the block lasts."""
    with Target(upstream, TOKENS) as target:
        proxy = Proxy(target, fault.make())
        with serve_app(proxy, http="httptools") as origin:
            yield f"{origin}{proxy.prefix}"
