"""The scripts, run by a real shell and curl against a real server: the same statuses again."""

import itertools
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import combinations
from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.catalogue.requirement import Requirement
from conformance.probe.plain_requests import NEW_NAME
from conformance.results.curl import MOST_STEPS, reproduction
from conformance.run.runner import Run
from conformance.server import catalogue
from conformance.target.exchange import Answer, Request
from conformance.target.redaction import without_secrets
from conformance.target.target import Target, TargetSettings
from conformance.target.transport.connection_settings import ConnectionSettings
from dinie_contract.output import COMMAND, SECRETS
from openapi.contract import Contract
from tests.conformance.fake_curl import arguments_of_curl, with_fake_curl
from tests.conformance.servers.options import Bug, Options
from tests.conformance.servers.serving import serving
from tests.fake_server import FakeRequest, Reply, fake_server, reply

CONTRACT = Contract.bundled()
PARTNERS = {"dinie_at_First-dQw4w9WgXcQ": "first", "dinie_at_Second-9bZkp7q19f0": "second"}
SHELLS = {
    os.path.realpath(found): one for one in ("sh", "bash", "dash") if (found := shutil.which(one))
}.values()
"""Each shell once, though ``sh`` is often another name of one of the others."""

CREATE = Request("POST", "/auth/credentials").with_json({"name": "dinie-conformance script"})


def run_script(script: str, shell: str = "sh") -> str:
    """What the script prints."""
    tokens = dict(zip(("TOKEN", "SECOND_TOKEN"), PARTNERS, strict=True))
    done = subprocess.run(
        [shell, "-e"], input=script, env={**os.environ, **tokens}, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def statuses(text: str) -> list[int]:
    return [int(one) for one in re.findall(r"HTTP/1\.[01] (\d{3})", text)]


def noted(script: str) -> list[int]:
    """The statuses that the script says it should give."""
    notes = re.findall(r"  # ((?:\d{3}(?:, )?)+)$", script, re.MULTILINE)
    return [int(one) for note in notes for one in note.split(", ")]


class Recorded:
    """Answers by a function, and keeps the requests."""

    def __init__(self, answering: Callable[[FakeRequest], Reply]) -> None:
        self.requests: list[FakeRequest] = []
        self._answering = answering

    def __call__(self, request: FakeRequest) -> Reply:
        self.requests.append(request)
        return self._answering(request)


@contextmanager
def recording_server() -> Iterator[tuple[str, list[FakeRequest]]]:
    """A server that records every request; five with the body ``together`` wait for each other."""
    recorded: list[FakeRequest] = []
    gate = threading.Barrier(5)

    def answering(request: FakeRequest) -> Reply:
        recorded.append(request)
        if request.body == b"together":
            gate.wait(30)
        return reply(201)

    with fake_server(answering) as origin:
        yield origin, recorded


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


def answered(value: object, status: int = 201, **headers: str) -> Answer:
    pairs = tuple((name.replace("_", "-"), one) for name, one in headers.items())
    return Answer(status, pairs, json.dumps(value).encode())


def making_items(request: FakeRequest) -> Reply:
    """Each item has an id that nothing else has, in an envelope, and a tag."""
    number = next(NUMBERS)
    item = {"itemNo": f"it_{number:08d}", "number": number, "next": {"cursor": f"c_{number:08d}"}}
    # A field of the head more, at the end of the media type.
    media_type = f'application/json\r\nETag: "tag-{number}"'
    return reply(201, json.dumps({"data": [item, item]}).encode(), media_type)


NUMBERS = itertools.count(40)


def test_what_a_request_repeats_of_an_answer_is_taken_from_the_answer() -> None:
    item = {"itemNo": "it_of_the_run", "number": 7, "next": {"cursor": "c_of_the_run"}}
    made = answered({"data": [item, item]}, etag='"tag-of-the-run"')
    exchanges = [
        (CREATE, made),
        (Request("GET", "/items/it_of_the_run/x?after=c_of_the_run&size=7"), Answer(200)),
        (Request("GET", "/items/7"), Answer(200)),
        (Request("PUT", "/items", (("If-Match", '"tag-of-the-run"'),)), Answer(200)),
        (CREATE.with_json({"of": "it_of_the_run", "size": 7}), Answer(201)),
        (CREATE.with_json({"of": "it_of_the_run", "said": "\u00e9 100%"}, ensure_ascii=False),
         Answer(201)),
        (Request("GET", "/items/it_of_the_run0"), Answer(404)),
    ]  # fmt: skip
    with fake_server(recorded := Recorded(making_items)) as url:
        script = reproduction(url, exchanges)
        for _ in range(2):
            del recorded.requests[:]
            run_script(f"export PYTHONUTF8=1\n{script}")
            _, read, by_number, changed, *referring, other = recorded.requests
            number = by_number.line.split()[1].rpartition("/")[2]
            id_, cursor = f"it_{int(number):08d}", f"c_{int(number):08d}"
            assert read.line == f"GET /items/{id_}/x?after={cursor}&size=7 HTTP/1.1"
            assert changed.headers["If-Match"] == f'"tag-{number}"'
            assert json.loads(referring[0].body) == {"of": id_, "size": 7}
            assert json.loads(referring[1].body) == {"of": id_, "said": "\u00e9 100%"}
            assert other.line == "GET /items/it_of_the_run0 HTTP/1.1"


def test_what_the_harness_has_sent_first_stays_as_it_is() -> None:
    code, chosen = "chosen-by-a-client", CREATE.with_json({"code": "chosen-by-a-client"})
    exchanges = [
        (chosen, answered({"code": code, "id": "by-the-server"})),
        (Request("GET", f"/items/{code}"), Answer(200)),
    ]
    assert "in_answer" not in reproduction("http://target", exchanges)


def test_an_answer_without_the_member_leads_to_nothing_that_is_there() -> None:
    exchanges = [
        (CREATE, answered({"id": "id-of-the-run"})),
        (Request("DELETE", "/items/id-of-the-run"), Answer(204)),
    ]
    with recording_server() as (url, recorded):
        run_script(reproduction(url, exchanges))

    assert recorded[1].line == "DELETE /items/dinie-conformance-unknown HTTP/1.1"


def test_what_the_last_steps_repeat_is_made_though_it_was_long_before() -> None:
    read = Request("GET", "/items/id-of-the-run")
    others = [(CREATE.with_key(f"key-{one}"), Answer(201)) for one in range(30)]
    exchanges = [(CREATE, answered({"id": "id-of-the-run"})), *others, (read, Answer(404))]
    script = reproduction("http://target", exchanges)

    assert "# left out: 23 requests" in script
    assert len(noted(script)) == MOST_STEPS + 1
    assert 'items/"${ID_1}"' in script


def test_few_pages_are_read_each_from_where_the_one_before_ends() -> None:
    page = Request("GET", "/items?limit=1")
    pages = [(page, answered({"data": [{"id": "id-of-page-00"}]}, 200))]
    for one in range(12):
        after = page.at(f"{page.path}&starting_after=id-of-page-{one:02d}")
        pages.append((after, answered({"data": [{"id": f"id-of-page-{one + 1:02d}"}]}, 200)))
    script = reproduction("http://target", [(CREATE, Answer(201)), *pages])

    assert "left out" not in script
    assert "id-of-page" not in script
    assert script.count("in_answer data -1 id") == 12


def test_requests_that_differ_in_their_keys_alone_are_a_loop() -> None:
    request = CREATE.with_json({"name": "dinie-conformance 0123456789ab"})
    others = request.with_key("0f1e2d3c-4b5a-4678-9abc-def012345678"), Answer(201, times=40)
    with recording_server() as (url, recorded):
        run_script(reproduction(url, [(CREATE, Answer(201)), others, (CREATE, Answer(201))]))

    looped = recorded[1:-1]
    assert len({one.headers["Idempotency-Key"] for one in looped}) == 40
    assert len({one.body for one in looped}) == 40
    assert all(NEW_NAME.fullmatch(json.loads(one.body)["name"]) for one in looped)


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


def test_a_key_is_the_same_in_whatever_case_its_header_is() -> None:
    key = "0f1e2d3c-4b5a-4678-9abc-def012345678"
    names = ("Idempotency-Key", "idempotency-key", "IDEMPOTENCY-KEY")
    with recording_server() as (url, recorded):
        run_script(
            reproduction(url, [(CREATE.with_header(one, key), Answer(201)) for one in names])
        )

    sent = [value for one in recorded for name, value in one.headers.items() if name in names]
    assert len(sent) == 3
    assert key not in sent
    assert len({*sent}) == 1


def test_each_run_of_a_script_has_keys_of_its_own() -> None:
    key = "0f1e2d3c-4b5a-4678-9abc-def012345678"
    edited = [key, key, f"{key}0", key[:-1], key.upper(), "another", f"{key}'; exit"]
    exchanges = [(CREATE.with_key(one), Answer(201)) for one in edited]
    with recording_server() as (url, recorded):
        script = reproduction(url, exchanges)
        run_script(script)
        run_script(script)

    assert key not in script.replace(f"{key}'", "")
    sent = [one.headers["Idempotency-Key"] for one in recorded]
    for keys in (sent[:7], sent[7:]):
        own = keys[0]
        assert own not in edited
        assert keys == [own, own, f"{own}0", own[:-1], own.upper(), *edited[5:]]
    assert sent[0] != sent[7]


def test_nothing_in_a_request_is_taken_for_a_command(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    text = f"';touch {trap};'$(touch {trap})`touch {trap}`"
    hostile = Request("POST", f"/a?b=$(touch${{IFS}}{trap})", (("X", text),), text.encode())
    with recording_server() as (url, recorded):
        run_script(reproduction(url, [(hostile, Answer(201))]))

    assert recorded[0].body == text.encode()

    assert not trap.exists()


HOSTILE = (
    "x'; touch MARK #", "'", "\n", "$(touch MARK)", "`touch MARK`", "'; touch MARK; '", '"', "\\",
    "touch", "MARK", "curl", "-H", "application/json", "'\\''", "\x1b]0;MARK\x07", "é'\u202e",
    "{}[]", "@/etc/passwd", "a-word-of-sixteen-characters", "${TOKEN}", "%s", "!!",
    "\r\nX-Injected: 1", "\n::error::x", "##vso[x]", "##[x]",
)  # fmt: skip
"""Texts that a target may answer, and may call its secrets."""

TEXTS = st.lists(st.sampled_from(HOSTILE) | st.text(max_size=8), max_size=4).map("".join)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return with_fake_curl(tmp_path_factory.mktemp("shell"))


@settings(max_examples=200, deadline=None)
@given(
    issued=st.lists(TEXTS, max_size=3), given_=st.lists(TEXTS, max_size=2),
    path=TEXTS, header=TEXTS, body=TEXTS, base=st.sampled_from(["", "/v3", "/$(touch MARK)"]),
)  # fmt: skip
def test_no_secret_and_no_answer_makes_a_command(
    folder: Path, issued: list[str], given_: list[str], path: str, header: str, body: str, base: str
) -> None:
    SECRETS.clear()
    SECRETS.add(issued)
    SECRETS.give(given_)
    value = header.encode("utf-8", "replace").decode().translate(dict.fromkeys(range(0x20)))
    request = Request(
        "POST", f"/a/{quote(path, errors='replace')}?b={quote(body, errors='replace')}",
        (("X-Text", value), ("Content-Type", "text/plain")), body.encode(errors="replace"),
    )  # fmt: skip
    script = reproduction(f"http://127.0.0.1:1{base}", [(request, Answer(201))])
    assert not COMMAND.search(script)

    *arguments, url, end = [
        one for one in arguments_of_curl(folder, script) if one not in {"--globoff", "--path-as-is"}
    ]
    shown = SECRETS.redact(value)
    expected = ["-sS", "-i", "-w", "\\n", "-X", "POST", "-H", "Authorization: Bearer t"]
    expected += ["-H", f"X-Text: {shown}" if shown else "X-Text;", "-H", "Content-Type: text/plain"]
    if request.body:
        sent = arguments.pop()
        if sent == "@-":
            sent = (folder / "body").read_bytes().decode()
        assert sent == SECRETS.redact(without_secrets(request.body.decode()))
        expected += ["--data-binary"]
    assert arguments == expected
    assert url.startswith("http://127.0.0.1:1")
    assert end == ""


@settings(max_examples=100, deadline=None)
@given(name=TEXTS, id_=TEXTS, given_=st.lists(TEXTS, max_size=2))
def test_no_member_and_no_id_of_an_answer_makes_a_command(
    folder: Path, name: str, id_: str, given_: list[str]
) -> None:
    SECRETS.clear()
    SECRETS.give(given_)
    made = answered({name: f"{id_}-of-the-run"})
    path = f"/a/{quote(f'{id_}-of-the-run', safe='', errors='replace')}"
    body = json.dumps({"of": f"{id_}-of-the-run"})
    request = Request("POST", path, (("Content-Type", "application/json"),), body.encode())
    script = reproduction("http://127.0.0.1:1", [(CREATE, made), (request, Answer(201))])
    assert not COMMAND.search(script)
    assert not any(secret in script for secret in SECRETS)
    assert arguments_of_curl(folder, script)


def test_a_value_of_a_member_called_as_a_secret_stands_in_a_path_as_it_was_sent(
    folder: Path,
) -> None:
    SECRETS.give(["memberofsecrets"])
    made = answered({"memberofsecrets": "é'-of-the-run"})
    request = Request("GET", "/a/%C3%A9%27-of-the-run")
    script = reproduction("http://127.0.0.1:1", [(CREATE, made), (request, Answer(200))])
    assert "memberofsecrets" not in script
    assert "http://127.0.0.1:1/a/%C3%A9%27-of-the-run" in arguments_of_curl(folder, script)


def test_a_url_that_nobody_gave_is_exported_by_the_reader(folder: Path) -> None:
    script = reproduction("", [(CREATE, Answer(201))])
    with pytest.raises(AssertionError, match="export the base URL"):
        arguments_of_curl(folder, script)
    script = f"DINIE_URL=http://127.0.0.1:1/v3\n{script}"
    assert "http://127.0.0.1:1/v3/auth/credentials" in arguments_of_curl(folder, script)


WAY = {"ca_file": Path("ca.pem"), "client_cert": Path("it's.pem"), "client_key": Path("a.key"),
       "client_key_password": "pass", "insecure": True, "proxy": "http://h"}  # fmt: skip


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("count", range(len(WAY) + 1))
def test_a_shell_can_read_a_script_whatever_the_way(count: int, shell: str) -> None:
    for names in combinations(WAY, count):
        connection = ConnectionSettings(**{name: WAY[name] for name in names})  # type: ignore[arg-type]
        way = TargetSettings(connection=connection, headers=(("X-It's", "value"),))
        script = reproduction("", [(CREATE, Answer(201))], way)
        done = subprocess.run([shell, "-n"], input=script, capture_output=True, text=True,
                              check=False)  # fmt: skip
        assert (done.returncode, done.stderr) == (0, ""), (names, script)


@pytest.mark.skipif(shutil.which("zsh") is None, reason="NOT TESTED: there is no zsh")
def test_a_script_that_is_pasted_into_zsh_calls_no_other_host(folder: Path) -> None:
    script = reproduction("http://127.0.0.1:1", [(CREATE, Answer(201))])
    pasted = f"zsh -i -f <<'PASTED' 2>/dev/null\n{script}\nPASTED\n"
    arguments = arguments_of_curl(folder, pasted)
    assert "http://127.0.0.1:1/auth/credentials" in arguments
    assert not {"#", "201"} & {*arguments}
