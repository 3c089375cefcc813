"""The scripts, run by a real shell and curl against a real server: the same statuses again."""

import json
import os

import pytest

from conformance.catalogue.requirement import Requirement
from conformance.probe.plain_requests import NEW_NAME
from conformance.results.curl import MOST_STEPS, reproduction
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Request
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from tests.conformance.results.scripts import (
    CONTRACT,
    CREATE,
    PARTNERS,
    SHELLS,
    noted,
    recording_server,
    run_script,
    statuses,
)
from tests.conformance.servers.options import Bug, Options
from tests.conformance.servers.serving import serving

BODIES = {
    "printable": b'{"name": "it\'s"}',
    "an at sign": b"@/etc/passwd",
    "percent and backslash": b'{"name": "100% \\n \x00\xff"}',
    "one text of 2 MB": b'{"name": "' + b"x" * 2_000_000 + b'"}',
    "brackets": b"[" * 50_000 + b"]" * 50_000,
    "thousands of members": (
        b"{" + b", ".join(b'"member %d": %d' % (one, one * one) for one in range(20_000)) + b"}"
    ),
    "no text": bytes(range(256)) * 200,
    "chance": os.urandom(30_000),
}


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_body_is_sent_to_the_byte(body: bytes, shell: str) -> None:
    with recording_server() as (url, recorded):
        request = Request("POST", "/a", (("Content-Type", "application/json"),), body)
        script = reproduction(url, [(request, Answer(201))])
        assert statuses(run_script(script, shell)) == [201] == noted(script)

    assert recorded[0].body == body
    assert len(script) < max(1000, len(body) * 2)


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/a?b={c}&d=[1]", partner=None),
        Request("GET", "/a/../b/./c", partner=None),
        Request("GET", "/with-a-body", body=b"x", partner=None),
        Request("HEAD", "/a", partner=None),
        Request("PURGE", "/a", partner=1),
        Request("POST", "/no-type", body=b"x", partner=None),
        Request("POST", "/empty", (("Content-Type", ""), ("X-Quote", "it's")), b"x"),
    ],
    ids=lambda one: f"{one.method} {one.path}",
)
def test_a_request_is_what_it_was(request_: Request) -> None:
    with recording_server() as (url, recorded):
        run_script(reproduction(url, [(request_, Answer(201))]))

    [found] = recorded
    assert found.line == f"{request_.method} {request_.path} HTTP/1.1"
    assert found.body == request_.body
    curls_own = {"Host", "User-Agent", "Accept", "Content-Length"}
    given = dict(request_.headers)
    token = list(PARTNERS)[request_.partner] if request_.partner is not None else None
    if token:
        given["Authorization"] = f"Bearer {token}"
    assert {name: text for name, text in found.headers.items() if name not in curls_own} == given


@pytest.mark.parametrize("shell", SHELLS)
def test_what_was_sent_at_once_is_sent_at_once(shell: str) -> None:
    same = Request("POST", "/a", body=b"together")
    other = Request("POST", "/b", (("X-Other", "1"),), b"together")
    exchanges = [(one, Answer(201, sent_with=7)) for one in (same, same, same, other, other)]
    with recording_server() as (url, recorded):
        script = reproduction(url, [(CREATE, Answer(201)), *exchanges, (CREATE, Answer(201))])
        # Were they sent one by one, the first would wait for the others in vain.
        assert statuses(run_script(script, shell)) == [201] * 7

    assert noted(script) == [201] * 7
    assert [one.body == b"together" for one in recorded] == [False, *[True] * 5, False]


def test_the_posts_stay_though_a_list_was_read_to_its_end() -> None:
    page = Request("GET", "/auth/credentials?limit=100")
    pages = [(page.at(f"{page.path}&starting_after={one}"), Answer(200)) for one in range(40)]
    exchanges = [(CREATE.with_key("k1"), Answer(201)), (CREATE.with_key("k1"), Answer(201))]
    script = reproduction("http://target", [*exchanges, (page, Answer(200)), *pages])

    assert script.count("-X POST") == 2
    assert "# left out: 40 requests" in script
    assert "starting_after=39" in script
    assert "starting_after=38" not in script


def test_what_was_waited_for_is_waited_for() -> None:
    with serving(Options(bug=Bug.KEYS_ARE_IGNORED), PARTNERS) as url:
        with Target(url, tuple(PARTNERS), settings=TargetSettings(replay_delay=0.25)) as target:
            result = Run(CONTRACT, target, [], seed=1).check(
                catalogue()["idempotency.replay-later-is-identical"],
                CONTRACT.operations["createCredential"],
            )
        assert result.reproduce.splitlines()[-2] == "sleep 0.25"
        assert statuses(run_script(result.reproduce)) == [201, 201]


def test_no_more_than_the_last_steps_are_written() -> None:
    exchanges = [(CREATE.with_key(f"key-{one}"), Answer(201)) for one in range(30)]
    script = reproduction("http://target", exchanges)

    assert "# left out: 22 requests" in script
    assert len(noted(script)) == MOST_STEPS
    assert "key-29" in script


def test_requests_that_differ_in_their_keys_alone_are_a_loop() -> None:
    request = CREATE.with_json({"name": "dinie-conformance 0123456789ab"})
    others = request.with_key("0f1e2d3c-4b5a-4678-9abc-def012345678"), Answer(201, times=40)
    with recording_server() as (url, recorded):
        run_script(reproduction(url, [(CREATE, Answer(201)), others, (CREATE, Answer(201))]))

    looped = recorded[1:-1]
    assert len({one.headers["Idempotency-Key"] for one in looped}) == 40
    assert len({one.body for one in looped}) == 40
    assert all(NEW_NAME.fullmatch(json.loads(one.body)["name"]) for one in looped)


def test_a_key_that_many_others_outlive_is_shown_with_them() -> None:
    options = Options(bug=Bug.KEYS_ARE_IGNORED)
    with serving(options, PARTNERS) as url, Target(url, tuple(PARTNERS)) as target:
        result = Run(CONTRACT, target, [], seed=1).check(
            catalogue()["idempotency.key-outlives-many-others"],
            CONTRACT.operations["createCredential"],
        )
    lines = result.reproduce.splitlines()
    assert "for n in $(seq 10001 10320); do" in lines
    first, last = lines[-6], lines[-1]
    assert first == last
    assert "${KEY_1}" in first
    assert noted(result.reproduce) == [201, 201]


CASES = {
    Bug.KEYS_ARE_IGNORED: "idempotency.replay-is-identical",
    Bug.KEYS_ARE_RACED_FOR: "idempotency.simultaneous-requests-make-one-resource",
    Bug.KEYS_ARE_SHARED_BY_PARTNERS: "idempotency.key-belongs-to-its-partner",
    Bug.KEYED_REQUESTS_ARE_REFUSED: "idempotency.fresh-key-is-accepted",
    Bug.NUMBERS_ARE_NAMES: "validation.wrong-or-missing-field-is-refused",
    Bug.BAD_JSON_IS_A_PAGE: "robustness.broken-json",
    Bug.SURROGATES_ARE_A_FAILURE: "robustness.lone-surrogates",
    Bug.TOKENS_HAVE_NO_CASE: "authentication.damaged-token-is-refused",
    Bug.CREATED_IS_200: "created.plain-request-succeeds",
}


@pytest.mark.parametrize(("bug", "id_"), CASES.items())
def test_a_violation_shows_again(bug: Bug, id_: str) -> None:
    requirement: Requirement = catalogue()[id_]
    options = Options(bug=bug)
    with serving(options, PARTNERS) as url, Target(url, tuple(PARTNERS)) as target:
        result = Run(CONTRACT, target, [], seed=1).check(
            requirement, CONTRACT.operations["createCredential"]
        )
        assert result.reproduce, (result.outcome, result.actual)
        # Run twice on the same server: it takes no replay of the last run for a first answer.
        for _ in range(2):
            found = statuses(run_script(result.reproduce))
            assert sorted(found) == sorted(noted(result.reproduce))

    assert not any(token in result.reproduce for token in PARTNERS)
