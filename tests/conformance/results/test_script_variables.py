"""What is another in each run of a script is a variable in it."""

import itertools
import json
import random
import re
import secrets
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from conformance.fuzz.findings.exporting import python_script, with_scripts
from conformance.fuzz.findings.recording import steps_of
from conformance.fuzz.resending import fresh_like
from conformance.fuzz.storage.steps import steps_of as stored_steps
from conformance.probe.probe import Probe
from conformance.results.curl import MOST_STEPS, reproduction
from conformance.target.exchange import Answer, Request
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from openapi.contract import Contract
from tests.conformance.fuzz.test_finding import FINDING
from tests.conformance.results.scripts import (
    CREATE,
    PARTNERS,
    Recorded,
    answered,
    noted,
    recording_server,
    run_script,
    statuses,
)
from tests.fake_server import FakeRequest, Reply, fake_server, reply
from tests.other_contracts.styles import TEXT, answer, document, parameter, taken, thing


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


@pytest.mark.parametrize("count", [12, 60])
def test_pages_are_read_each_from_where_the_one_before_ends(count: int) -> None:
    page = Request("GET", "/items?limit=1")
    pages = [(page, answered({"data": [{"id": "id-of-page-00"}]}, 200))]
    for one in range(count):
        after = page.at(f"{page.path}&starting_after=id-of-page-{one:02d}")
        pages.append((after, answered({"data": [{"id": f"id-of-page-{one + 1:02d}"}]}, 200)))
    script = reproduction("http://target", [(CREATE, Answer(201)), *pages])

    assert "left out" not in script
    assert "id-of-page" not in script
    assert script.count("in_answer data -1 id") == 2
    assert f"for _ in $(seq {count - 1}); do  # 200 each" in script


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


class Paged:
    """A list with one item on each page; its ids are others each time that it is read anew."""

    def __init__(self, pages: int) -> None:
        self.pages, self.reading, self.seen = pages, "", list[int]()

    def __call__(self, request: FakeRequest) -> Reply:
        _, _, after = request.line.split()[1].partition("&starting_after=")
        if not after:
            self.reading, self.seen = secrets.token_hex(6), []
        known, _, number = after.partition("-")
        if after and (known != self.reading or not number.isdigit()):
            return reply(404)
        self.seen.append(int(number or 0))
        item = {"id": f"{self.reading}-{self.seen[-1] + 1:03d}"}
        return reply(200, json.dumps({"data": [item]}).encode(), "application/json")


def test_a_script_of_many_pages_reads_them_all_in_each_run() -> None:
    pages = 7
    exchanges, page = [], Request("GET", "/items?limit=1", partner=None)
    with fake_server(served := Paged(pages)) as url, Target(url, []) as target:
        for _ in range(pages):
            exchanges.append((page, answer := target.send(page)))
            last = answer.objects("data")[-1]["id"]
            page = Request("GET", f"/items?limit=1&starting_after={last}", partner=None)
        script = reproduction(url, exchanges)
        for _ in range(2):
            served.seen.clear()
            assert statuses(run_script(script, "bash")) == [200] * pages
            assert served.seen == list(range(pages))


BOOK = thing(
    ["isbn", "title", "of"],
    isbn={**TEXT, "pattern": "^97[89][0-9]{10}$"}, title=TEXT, of={**TEXT, "format": "email"},
)  # fmt: skip
REFUSED = {one: answer(TEXT) for one in ("400", "401", "404", "409")}
BOOKS = Contract(document("Books", {
    "/books": {"post": {"requestBody": {"required": True, **taken(BOOK)},
                        "responses": {"201": answer(BOOK), **REFUSED}}},
    "/books/{isbn}": {
        "parameters": [parameter("isbn", "path", TEXT)],
        "get": {"responses": {"200": answer(BOOK), **REFUSED}},
    },
}))  # fmt: skip


class Library:
    """Takes each number, title and address but once, and fails to show what it has taken."""

    def __init__(self) -> None:
        self.books: list[dict[str, str]] = []

    def __call__(self, request: FakeRequest) -> Reply:
        method, path, _ = request.line.split()
        if method == "GET":
            is_there = any(path == f"/books/{one['isbn']}" for one in self.books)
            return reply(500 if is_there else 404)
        book = json.loads(request.body)
        if any(book[name] == one[name] for one in self.books for name in book):
            return reply(409)
        self.books.append(book)
        return reply(201, request.body, "application/json")


def test_what_may_be_taken_but_once_is_new_in_each_run(tmp_path: Path) -> None:
    create = BOOKS.operations["POST /books"]
    with fake_server(served := Library()) as url, Target(url, [*PARTNERS][:1]) as target:
        probe = Probe(BOOKS, create, target, random.Random(1))
        made = probe.send(probe.request())
        probe.send(Request("GET", f"/books/{made.text('isbn')}"))
        exchanges, new = probe.recording.exchanges, target.places.new_texts
        script = reproduction(url, exchanges, target.settings, new=new)
        steps = steps_of(exchanges, target.settings, new)
        python = tmp_path / "finding.py"
        python.write_text(python_script(url, steps))
        for _ in range(2):
            assert statuses(run_script(script, "bash")) == [201, 500] == noted(script)
            ran = subprocess.run(
                [sys.executable, str(python)], check=True, capture_output=True, text=True,
                env={"DINIE_TOKEN": target.tokens[0]}, timeout=60,
            )  # fmt: skip
            assert re.findall(r" (\d{3}) ", ran.stdout) == ["201", "500"]

    assert len(served.books) == 5
    assert all(BOOKS.operations["POST /books"].object_body.schema.is_valid(one)  # type: ignore[union-attr]
               for one in served.books)  # fmt: skip
    assert stored_steps(steps, "file") == tuple(steps)
    assert {*fresh_like(steps)} == {served.books[0]["isbn"], served.books[0]["of"].split("@")[0]}


def flags(id_: dict[str, Any]) -> Contract:
    """The contract of flags that a PUT makes by an id, which the body has as well."""
    flag = thing(["code"], code=id_)
    return Contract(document("Flags", {"/flags/{code}": {
        "parameters": [parameter("code", "path", id_)],
        "put": {"requestBody": {"required": True, **taken(flag)},
                "responses": {"200": answer(flag), "201": answer(flag), **REFUSED}},
        "get": {"responses": {"200": answer(flag), **REFUSED}},
    }}))  # fmt: skip


@pytest.mark.parametrize(
    "id_",
    [
        {**TEXT, "maxLength": 40},
        {**TEXT, "maxLength": 16},
        {**TEXT, "pattern": "^T[0-9A-F]{12}$"},
        {**TEXT, "format": "uuid"},
        {"type": "integer"},
        {"type": "integer", "format": "int32", "maximum": 2_147_483_647},
    ],
)
def test_what_a_put_makes_is_new_in_each_run(id_: dict[str, Any], tmp_path: Path) -> None:
    made: list[str] = []

    def served(request: FakeRequest) -> Reply:
        method, path, _ = request.line.split()
        code = path.rpartition("/")[2]
        if method == "GET":
            return reply(500 if code in made else 404)
        if str(json.loads(request.body)["code"]) != code:
            return reply(400)
        is_new = code not in made
        made.append(code)
        return reply(201 if is_new else 200, request.body)

    contract = flags(id_)
    create = contract.operations["PUT /flags/{code}"]
    with fake_server(served) as url, Target(url, [*PARTNERS][:1]) as target:
        probe = Probe(contract, create, target, random.Random(1))
        probe.send(request := probe.request())
        probe.send(Request("GET", request.path))
        exchanges, new = probe.recording.exchanges, target.places.new_texts
        script = reproduction(url, exchanges, target.settings, new=new)
        steps = steps_of(exchanges, target.settings, new)
        python = tmp_path / "finding.py"
        python.write_text(python_script(url, steps))
        for _ in range(2):
            assert statuses(run_script(script, "bash")) == [201, 500] == noted(script)
            ran = subprocess.run(
                [sys.executable, str(python)], check=True, capture_output=True, text=True,
                env={"DINIE_TOKEN": target.tokens[0]}, timeout=60,
            )  # fmt: skip
            assert re.findall(r" (\d{3}) ", ran.stdout) == ["201", "500"]

    assert len({*made}) == 5
    schema = create.parameters[0].schema
    assert all(schema.is_valid(int(one) if id_["type"] == "integer" else one) for one in made)


def test_a_creation_without_rules_has_its_text_as_it_was() -> None:
    same = CREATE.with_json({"name": "a name that a check has chosen", "of": "abcdef123456"})

    assert "new_like" not in reproduction("http://target", [(same, Answer(201))])


def test_a_finding_from_a_file_has_new_texts_in_its_scripts() -> None:
    steps = steps_of(
        [(CREATE.with_json({"code": "chosen-abc123"}), Answer(500))], TargetSettings(),
        {"chosen-abc123": 6},
    )  # fmt: skip
    finding = replace(FINDING, steps=tuple(steps))
    written = with_scripts("http://target", finding)

    assert "chosen-abc123 6)" in written.curl
    assert written.curl.count("chosen-abc123") == 1
    assert "like.6.chosen-abc123" in written.python
