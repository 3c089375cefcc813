"""What cannot be served is left out with a warning at the start, or refused in one line."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mock_server.app import create_app
from mock_server.partners.partners import Partner
from mock_server.settings import Settings
from openapi.errors import ContractError
from tests.mock_server.clients import Serving
from tests.mock_server.command_line import run_command

HEAD = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\n"
DONE = "responses: {'200': {description: x}}"
OPERATION = f"paths: {{/a: {{get: {{{DONE}}}}}}}\n"


def answering(schema: str) -> str:
    content = f"content: {{application/json: {{schema: {schema}}}}}"
    return (
        f"{HEAD}paths: {{/a: {{get: {{responses: {{'200': {{description: x, {content}}}}}}}}}}}\n"
    )


def secured(schemes: str, used: str = "[{s: []}]") -> str:
    return f"{HEAD}{OPERATION}security: {used}\ncomponents: {{securitySchemes: {schemes}}}\n"


UNSUPPORTED = {"a word; a=1": "{s: {type: http, scheme: 'a word; a=1'}}"}
MALFORMED = {
    "handshake": "{s: {type: handshake}}",
    "without a scheme": "{s: {type: http}}",
    "apiKey": "{s: {type: apiKey, in: header}}",
}


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    def to(text: str) -> Path:
        path = tmp_path / "contract.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return to


FLAWS = [
    (answering("false"), "#/paths/~1a/get/responses/200/content/application~1json/schema", "value"),
    (
        answering("{type: object, required: [z], additionalProperties: false}"),
        "#/paths/~1a/get/responses/200/content/application~1json/schema",
        "no value was found",
    ),
    (
        answering("{type: string, format: ipv4, maxLength: 3}"),
        "#/paths/~1a/get/responses/200/content/application~1json/schema",
        "no value was found",
    ),
    (answering("{pattern: '['}"), "/schema/pattern", "is no usable schema"),
    (answering("{$ref: '#/components/schemas/X'}"), "/schema", "which does not exist"),
    *(
        (secured(schemes), "#/components/securitySchemes/s", name)
        for name, schemes in UNSUPPORTED.items()
    ),
]


@pytest.mark.parametrize(("text", "place", "reason"), FLAWS)
def test_what_it_cannot_answer_or_check_is_a_501_and_told_at_the_start(
    write: Callable[[str], Path],
    serving: Serving,
    caplog: pytest.LogCaptureFixture,
    text: str,
    place: str,
    reason: str,
) -> None:
    with serving(Settings(contract=write(text))) as client:
        [told] = [one.getMessage() for one in caplog.records if "is not served" in one.getMessage()]
        answer = client.get("/a")

    assert place in told
    assert reason in told
    assert (answer.status_code, answer.json()["code"]) == (501, "not_served")
    assert reason in answer.json()["detail"]


@pytest.mark.parametrize(("text", "place", "reason"), FLAWS)
def test_a_strict_start_refuses_it(
    write: Callable[[str], Path], text: str, place: str, reason: str
) -> None:
    with pytest.raises(ContractError) as caught:
        create_app(Settings(contract=write(text), strict_contract=True))

    assert place in caught.value.place
    assert reason in caught.value.reason
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("reason", "schemes"), MALFORMED.items())
def test_a_scheme_that_says_too_little_is_a_501(
    write: Callable[[str], Path], serving: Serving, reason: str, schemes: str
) -> None:
    with serving(Settings(contract=write(secured(schemes)))) as client:
        answer = client.get("/a")

    assert answer.status_code == 501
    assert reason in answer.json()["detail"]


@pytest.mark.parametrize("schemes", [*UNSUPPORTED.values(), *MALFORMED.values()])
def test_it_serves_a_contract_that_only_mentions_an_unsupported_scheme(
    write: Callable[[str], Path],
    serving: Serving,
    schemes: str,
) -> None:
    with serving(Settings(contract=write(secured(schemes, "[]")))) as client:
        assert client.get("/a").status_code == 200


def test_a_partners_token_serves_for_every_scheme_that_wants_one(
    write: Callable[[str], Path], serving: Serving
) -> None:
    schemes = "{s: {type: oauth2, flows: {}}, t: {type: openIdConnect, openIdConnectUrl: /x}}"
    contract = write(secured(schemes, "[{s: [], t: []}]"))
    partner = Partner("partner", "id", "secret", "token")
    with serving(Settings(contract=contract, partners=(partner,))) as client:
        assert client.get("/a").status_code == 401
        assert client.get("/a", headers={"Authorization": "Bearer token"}).status_code == 200


@pytest.mark.parametrize(
    ("text", "options", "place"),
    [
        (f"{HEAD}paths: {{}}", [], " #/paths: holds no operation"),
        (f"{HEAD}paths: {{/a: {{$ref: '#/paths/~1a'}}}}", [], " #/paths/~1a: refers to itself"),
        ("a: 1\na: 2", [], ":2: is not YAML: the key 'a' stands twice"),
        (answering("{pattern: '['}"), ["--strict-contract"], "pattern: is no usable schema"),
        (secured(UNSUPPORTED["a word; a=1"]), ["--strict-contract"], "a word"),
        (secured("{s: {type: mutualTLS}}"), ["--strict-contract"], "no certificate of a client"),
    ],
)
def test_the_command_line_says_so_in_one_line(
    write: Callable[[str], Path], text: str, options: list[str], place: str
) -> None:
    path = write(text)
    ended = run_command("serve", "--port", "0", "--contract", str(path), *options)

    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith(f"dinie-mock: {path}")
    assert place in ended.stderr
    assert ended.stderr.count("\n") == 1
