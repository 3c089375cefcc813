"""The first request as a whole program in each language."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from mock_server.console.first_request.call import Login, first_call, request_of
from mock_server.console.first_request.literals import LITERALS, Literal
from openapi.contract import Contract
from openapi.document import bundled_path, read_document
from openapi.errors import ContractError


@dataclass(frozen=True, slots=True)
class FirstRequest:
    """A program: its language, the name of its file, its source, and the command that runs it."""

    language: str
    file: str
    code: str
    command: str


@dataclass(frozen=True, slots=True)
class _Language:
    name: str
    file: str
    """The name of the program; its template is beside this module under the same name."""
    command: str


SDK = _Language("Python (dinie-sdk)", "first_request_sdk.py", "python first_request_sdk.py")
"""The vendor's SDK, which calls the vendor's API alone."""

LANGUAGES = (
    _Language("curl", "first_request.sh", "sh first_request.sh"),
    SDK,
    _Language("Python (httpx)", "first_request.py", "python first_request.py"),
    _Language("JavaScript", "first_request.mjs", "node first_request.mjs"),
    _Language("Java", "FirstRequest.java", "java FirstRequest.java"),
    _Language("Go", "first_request.go", "go run first_request.go"),
    _Language("C#", "FirstRequest.cs", "dotnet run FirstRequest.cs"),
    _Language("PHP", "first_request.php", "php first_request.php"),
)


def first_requests(
    contract: Contract,
    base_url: str,
    client_id: str,
    client_secret: str | None,
    token: str,
    key: str,
) -> tuple[FirstRequest, ...]:
    """The first request as a program in each language; empty where no call can be made simply.

    ``base_url`` ends with the base path of the contract. Without a ``client_secret``, which the
    mock shows only once, the vendor's SDK is left out: it takes no token. ``key`` is the
    idempotency key: a fresh one for each rendering.
    """
    call = first_call(contract)
    if call is None:
        return ()
    login = Login(client_id, client_secret, token)
    values = {
        "request": request_of(call, base_url, login, key),
        "base_url": base_url,
        "client_id": client_id,
        "client_secret": client_secret,
    }
    has_sdk = client_secret is not None and _is_bundled(contract)
    return tuple(
        FirstRequest(
            one.name,
            one.file,
            _environment().get_template(f"{one.file}.j2").render(values),
            one.command,
        )
        for one in LANGUAGES
        if one is not SDK or has_sdk
    )


@cache
def _environment() -> Environment:
    # Source, and no HTML: the page that shows it escapes it.
    environment = Environment(  # noqa: S701
        loader=PackageLoader("mock_server.console", "first_request"),
        undefined=StrictUndefined,
        finalize=_only_literals,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(LITERALS)
    return environment


def _only_literals(value: Any) -> Literal:
    if not isinstance(value, Literal):
        raise TypeError("a template shows a value that is no literal of its language")
    return value


@cache
def _is_bundled(contract: Contract) -> bool:
    try:
        return bool(contract.document == read_document(bundled_path(contract.version)))
    except ContractError:
        return False
