"""A server that knows a client by its certificate is accused of nothing for its tokens."""

import ssl
from pathlib import Path

import pytest
import trustme

from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from conformance.target.transport.connection_settings import ConnectionSettings
from openapi.contract import Contract
from tests.certificates import ClientFiles, authority, client
from tests.plain_servers.contracts import BEARER, CERTIFICATE, todos
from tests.plain_servers.serving import TOKENS, serving

__all__ = ["authority", "client"]

OF_TOKENS = (
    "authentication.no-token-is-refused",
    "authentication.unknown-token-is-refused",
    "authentication.refused-request-creates-nothing",
    "authentication.other-spellings-open-nothing",
    "authentication.head-needs-a-token",
    "authentication.challenge-names-bearer",
    "authentication.scheme-is-case-insensitive",
    "authentication.no-header-names-the-partner",
)
OF_PARTNERS = (
    "lists.only-ones-own",
    "revocation.only-ones-own",
    "reads.belongs-to-its-partner",
)
OTHERS = ("created.plain-request-succeeds", "reads.shows-what-was-made")


@pytest.fixture
def asking(authority: trustme.CA) -> ssl.SSLContext:
    """The TLS of a server that asks for a client's certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.fixture
def shown(authority: trustme.CA, client: ClientFiles, tmp_path: Path) -> TargetSettings:
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    connection = ConnectionSettings(ca_file=file, client_cert=client.both)
    return TargetSettings(connection=connection)


def results(
    tls: ssl.SSLContext, settings: TargetSettings, *, is_alternative: bool
) -> dict[str, set[Outcome]]:
    with serving("todos", tls=tls) as (url, document):
        if is_alternative:
            document["components"]["securitySchemes"]["token"] = BEARER
            document["security"].append({"token": []})
        with Target(url, TOKENS, settings) as target:
            chosen = [catalogue()[one] for one in (*OF_TOKENS, *OF_PARTNERS, *OTHERS)]
            run = Run(Contract(document), target, chosen, seed=1)
            found: list[Result] = list(run.results())
            run.clean_up()
    outcomes: dict[str, set[Outcome]] = {}
    for one in found:
        outcomes.setdefault(one.requirement.id, set()).add(one.outcome)
    return outcomes


@pytest.mark.parametrize("is_alternative", [False, True])
def test_what_a_certificate_opens_is_not_judged_by_tokens(
    asking: ssl.SSLContext, shown: TargetSettings, *, is_alternative: bool
) -> None:
    found = results(asking, shown, is_alternative=is_alternative)
    judged = {*OF_TOKENS, *OF_PARTNERS} & found.keys()

    assert {outcome for one in judged for outcome in found[one]} == {Outcome.NOT_VERIFIED}
    assert {outcome for one in OTHERS for outcome in found[one]} == {Outcome.PASSED}
    assert judged >= {"lists.only-ones-own", "revocation.only-ones-own"}
    assert (OF_TOKENS[0] in judged) is is_alternative


def test_a_token_beside_a_certificate_or_without_one_is_judged() -> None:
    document = todos(CERTIFICATE)
    document["components"]["securitySchemes"]["token"] = BEARER
    get, post = (document["paths"]["/todos"][one] for one in ("get", "post"))
    get["security"] = [{"credential": [], "token": []}]
    post["security"] = [{"credential": []}, {"token": []}]
    contract = Contract(document)
    opened = {
        (name, is_shown): contract.opens_with_certificate(one, is_shown=is_shown)
        for name, one in contract.operations.items()
        for is_shown in (True, False)
    }

    assert not any(opened["GET /todos", one] for one in (True, False))
    assert (opened["POST /todos", True], opened["POST /todos", False]) == (True, False)
    assert all(opened["GET /todos/{id}", one] for one in (True, False))
