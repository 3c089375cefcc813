"""Each scheme is judged: who needs no credential, or takes a wrong one, is caught."""

import subprocess
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from conformance.catalogue.requirement import Requirement
from conformance.catalogue.sabotage import Sabotage, set_header
from conformance.results.result import Outcome, Result
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.connecting import AccessSettings, authenticate
from conformance.target.exchange import Tamper
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from conformance.target.token_forms import UNCHANGED, form_at
from openapi.contract import Contract
from tests.plain_servers.contracts import SCHEMES, todos
from tests.plain_servers.serving import TOKENS, serving

Accepts = Callable[[BaseHTTPRequestHandler], str | None]

JUDGED = (
    "authentication.no-token-is-refused",
    "authentication.unknown-token-is-refused",
    "authentication.damaged-token-is-refused",
    "authentication.token-in-query-is-refused",
    "authentication.token-elsewhere-is-refused",
    "authentication.refused-request-creates-nothing",
    "authentication.no-header-names-the-partner",
)


def chosen(*ids: str) -> list[Requirement]:
    return [catalogue()[one] for one in ids]


def results(
    scheme: str,
    *ids: str,
    accepts: Accepts = lambda _: None,
    headers: tuple[tuple[str, str], ...] = (),
    name: str = "todos",
    own_keys: bool = False,
    tamper: Tamper | None = None,
) -> list[Result]:
    with serving(name, scheme, accepts, own_keys=own_keys) as (url, document):
        contract = Contract(document)
        with Target(url, [], TargetSettings(headers=headers), tamper=tamper) as target:
            access = AccessSettings(token=TOKENS[0], second_token=TOKENS[1])
            authenticate(target, access, contract)
            run = Run(contract, target, chosen(*ids), seed=1)
            found = list(run.results())
            run.clean_up()
    return found


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_server_that_refuses_all_others_passes(scheme: str) -> None:
    found = results(scheme, *JUDGED)

    assert {(one.outcome, one.actual) for one in found} == {(Outcome.PASSED, "")}
    assert {one.requirement.id for one in found} == {*JUDGED}


def anybody(_: BaseHTTPRequestHandler) -> str | None:
    return TOKENS[0]


def whose_key_is_in_the_query(request: BaseHTTPRequestHandler) -> str | None:
    return TOKENS[0] if "=first%3Apartner" in request.path else None


def whose_token_is_in_another_header(request: BaseHTTPRequestHandler) -> str | None:
    return request.headers.get("x-access-token")


def whose_credential_begins_well(request: BaseHTTPRequestHandler) -> str | None:
    given = request.headers.get("x-api-key", "")
    return TOKENS[0] if given.startswith(TOKENS[0][:20]) else None


@pytest.mark.parametrize(
    ("scheme", "accepts", "id_"),
    [
        *((one, anybody, JUDGED[0]) for one in SCHEMES),
        *((one, anybody, JUDGED[1]) for one in SCHEMES),
        ("basic", anybody, "authentication.malformed-header-is-refused"),
        ("basic", anybody, "authentication.other-scheme-is-refused"),
        ("header", whose_credential_begins_well, JUDGED[2]),
        ("header", whose_key_is_in_the_query, JUDGED[3]),
        ("cookie", whose_key_is_in_the_query, JUDGED[3]),
        ("query", whose_token_is_in_another_header, JUDGED[4]),
    ],
)
def test_a_server_that_takes_others_is_caught(scheme: str, accepts: Accepts, id_: str) -> None:
    found = results(scheme, id_, accepts=accepts)

    assert Outcome.FAILED in {one.outcome for one in found}


CHALLENGES = ("authentication.refusal-has-challenge", "authentication.challenge-names-basic")
OF_BASIC = [(id_, one) for id_ in CHALLENGES for one in catalogue()[id_].sabotage]


@pytest.mark.parametrize(("id_", "sabotage"), OF_BASIC, ids=lambda one: getattr(one, "name", one))
def test_a_challenge_of_basic_is_judged(id_: str, sabotage: Sabotage) -> None:
    found = results("basic", id_, tamper=sabotage.make())

    assert {one.outcome for one in found} == {Outcome.WARNING}


@pytest.mark.parametrize(
    "challenge",
    [
        'Basic realm="shop"',
        'basic charset="UTF-8", REALM = ""',
        'Digest nonce="a, b", Basic realm="a"',
    ],
)
def test_each_spelling_of_a_challenge_of_basic_passes(challenge: str) -> None:
    tamper = set_header(401, "WWW-Authenticate", challenge).make()
    found = results("basic", *CHALLENGES, tamper=tamper)

    assert {one.outcome for one in found} == {Outcome.PASSED}


def test_no_challenge_is_asked_of_an_api_key() -> None:
    create = Contract(todos(SCHEMES["header"])).operations["POST /todos"]

    assert not any(one.applies_to(create) for one in chosen(*CHALLENGES))


def test_a_key_that_goes_along_as_a_header_leaves_it_unverified() -> None:
    found = results("header", JUDGED[0], headers=(("X-Api-Key", TOKENS[0]),))

    assert {one.outcome for one in found} == {Outcome.NOT_VERIFIED}
    assert {one.actual for one in found} == {
        "the key goes along as a --header with every request: give it as --token"
    }


def test_what_is_about_bearer_tokens_alone_applies_to_no_key() -> None:
    create = Contract(todos(SCHEMES["header"])).operations["POST /todos"]
    others = chosen(
        "authentication.scheme-is-case-insensitive", "authentication.malformed-header-is-refused"
    )

    assert not any(one.applies_to(create) for one in others)


@pytest.mark.parametrize("form", [UNCHANGED, "cut", "extended", "in the other case"])
def test_user_and_password_are_written_in_shell_as_they_are_sent(form: str, tmp_path: Path) -> None:
    found = form_at(form, "basic Authorization")
    told = subprocess.run(
        ["/bin/bash", "-c", f'printf %s "{found.shell.format("TOKEN")}"'],
        check=True, capture_output=True, text=True, cwd=tmp_path,
        env={"TOKEN": TOKENS[0], "PATH": "/usr/bin:/bin"},
    ).stdout  # fmt: skip

    assert (found.scheme, told) == ("Basic ", found.apply(TOKENS[0]))
