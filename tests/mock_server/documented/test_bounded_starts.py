"""A foreign contract starts in bounded time and memory, or is refused in one line."""

import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from demo.mock_process import mock_process
from openapi.reading import MAX_OPERATIONS
from tests.mock_server.command_line import run_command

HEAD = "openapi: 3.1.0\ninfo: {title: t, version: '1'}\n"
MOST_MEGABYTES = 400
SELF = "{$ref: '#/components/schemas/A'}"


def answering(schema: str, **components: str) -> str:
    content = f"content: {{application/json: {{schema: {schema}}}}}"
    paths = f"{{/a: {{get: {{responses: {{'200': {{description: x, {content}}}}}}}}}}}"
    schemas = ", ".join(f"{name}: {one}" for name, one in components.items())
    return f"{HEAD}paths: {paths}\ncomponents: {{schemas: {{{schemas}}}}}\n"


def nested(levels: int) -> str:
    return f"{{type: array, minItems: 1000, items: {nested(levels - 1)}}}" if levels else "true"


def doubling(keyword: str) -> str:
    """Forty schemas of two parts each, both of which are the next one: 2^40 parts."""
    schemas = {
        f"s{at}": f"{{{keyword}: [{{$ref: '#/components/schemas/s{at + 1}'}},"
        f" {{$ref: '#/components/schemas/s{at + 1}'}}]}}"
        for at in range(40)
    }
    return answering("{$ref: '#/components/schemas/s0'}", **schemas, s40="{type: string}")


def chained(levels: int) -> str:
    """2^20 parts, each of which leads to a long chain of schemas."""
    counts = [2] * 20 + [1] * levels
    parts = [[f"{{$ref: '#/components/schemas/s{at + 1}'}}"] * n for at, n in enumerate(counts)]
    schemas = {f"s{at}": f"{{allOf: [{', '.join(one)}]}}" for at, one in enumerate(parts)}
    schemas[f"s{len(parts)}"] = "{type: string}"
    return answering("{$ref: '#/components/schemas/s0'}", **schemas)


def referring(count: int, last: str) -> str:
    """A chain of so many schemas that do nothing but refer to the next one."""
    schemas = {f"s{at}": f"{{$ref: '#/components/schemas/s{at + 1}'}}" for at in range(count)}
    first = "{$ref: '#/components/schemas/s0'}"
    return answering(first, **schemas, **{f"s{count}": last})


def members(count: int, keyword: str = "") -> str:
    """An object of so many members, each of which is such an object again."""
    names = [f"p{at}" for at in range(count)]
    required = f"required: [{', '.join(names)}], " if keyword else ""
    properties = ", ".join(f"{name}: {SELF}" for name in names)
    return answering(SELF, A=f"{{type: object, {required}properties: {{{properties}}}}}")


def operations(count: int) -> str:
    answer = "{get: {responses: {'200': {description: x}}}}"
    return f"{HEAD}paths:\n" + "".join(f"  /a{at}: {answer}\n" for at in range(count))


GROUPS = "".join(rf"(\{at}\{at})" for at in range(1, 40))

LEFT_OUT = {
    "a long text": answering("{type: string, minLength: 999999999}"),
    "a long text, as a float": answering("{type: string, minLength: 4.0e9, format: password}"),
    "a long array": answering("{type: array, minItems: 99999999}"),
    "a long tuple": answering("{type: array, minItems: 2000000000, prefixItems: [true]}"),
    "nested arrays": answering(nested(5)),
    "objects in objects": members(50, "required"),
    "a pattern of doubling groups": answering(f"{{type: string, pattern: '^(a)?{GROUPS}$'}}"),
    "texts that are hard to find": answering(
        r'{type: string, minLength: 100000, pattern: "^[\x00-\U0010FFFF]*$"}'
    ),
}
STARTED = {
    "references to references": referring(150, "{type: string}"),
    "a recursive object": members(1000),
    "a tiny step": answering("{type: number, multipleOf: 1.0e-300, minimum: 3.14159}"),
    "a number of 400 digits": answering(f"{{type: integer, minimum: 1{'0' * 400}}}"),
}
LEFT_OUT |= {
    "parts of allOf": doubling("allOf"),
    "parts of anyOf": doubling("anyOf"),
    "parts of oneOf": doubling("oneOf"),
    "parts in front of a long chain": chained(300),
    "a chain of references": referring(20_000, "{type: string}"),
    "a circle of references": referring(20_000, "{$ref: '#/components/schemas/s0'}"),
    "references that lead nowhere": referring(20_000, "{$ref: '#/components/schemas/none'}"),
    "a repeated pattern": answering("{type: string, pattern: '^a{1000000}$'}"),
    "many members": answering("{type: object, minProperties: 99999999}"),
    "few unique values": answering(
        "{type: array, uniqueItems: true, minItems: 50, items: {enum: [1, 2]}}"
    ),
    "no number": answering("{type: number, maximum: 1e400}"),
    "an endless object": answering(
        SELF, A=f"{{type: object, required: [a], properties: {{a: {SELF}}}}}"
    ),
}
REFUSED = {
    "many operations": operations(MAX_OPERATIONS + 1),
    "aliases of a long text": f"x: &x '{'y' * 100_000}'\ny: [{', '.join(['*x'] * 1000)}]\n",
}
QUICK = (
    "a long text",
    "a long array",
    "nested arrays",
    "parts of allOf",
    "a chain of references",
    "a repeated pattern",
)


def cases(contracts: dict[str, str]) -> list[object]:
    return [
        pytest.param(text, id=name, marks=[] if name in QUICK else pytest.mark.thorough)
        for name, text in contracts.items()
    ]


@pytest.mark.parametrize("text", cases(LEFT_OUT))
def test_an_answer_that_cannot_be_made_is_a_501_and_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text(text)
    with mock_process("--contract", str(path)) as mock:
        used = psutil.Process(mock.process.pid).memory_info().rss
        answer = httpx.get(f"{mock.origin}/a")
        [line] = mock.log().splitlines() or mock.announcement.splitlines()[:1]
    assert used < MOST_MEGABYTES << 20
    assert (answer.status_code, answer.json()["code"]) == (501, "not_served")
    assert "is not served" in line
    place = "#/components/" if "#/components/" in line else "#/paths/~1a/get/responses/200"
    assert place in answer.json()["detail"]
    assert place in line


@pytest.mark.parametrize("text", cases(STARTED))
def test_a_large_contract_starts(tmp_path: Path, text: str) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text(text)
    with mock_process("--contract", str(path)) as mock:
        used = psutil.Process(mock.process.pid).memory_info().rss
        assert httpx.get(f"{mock.origin}/a").status_code == 200
    assert used < MOST_MEGABYTES << 20


@pytest.mark.parametrize("text", cases(REFUSED))
def test_what_cannot_be_served_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "contract.yaml"
    path.write_text(text)
    ended = run_command("serve", "--port", "0", "--contract", str(path))
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"dinie-mock: {path}")
    assert ended.stderr.count("\n") == 1


def test_a_contract_without_end_is_refused() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "mock_server", "serve", "--port", "0", "--contract", "/dev/zero"],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stderr == (
        "dinie-mock: /dev/zero: cannot be read: is no regular file; copy what it gives to a file\n"
    )


@pytest.mark.thorough
def test_all_examples_together_have_a_budget(tmp_path: Path) -> None:
    content = "content: {application/json: {examples: {e: {$ref: '#/components/examples/e'}}}}"
    paths = "".join(
        f"  /a{at}: {{get: {{responses: {{'200': {{description: x, {content}}}}}}}}}\n"
        for at in range(100)
    )
    path = tmp_path / "contract.yaml"
    path.write_text(
        f"{HEAD}paths:\n{paths}components: {{examples: {{e: {{value: '{'z' * 1_000_000}'}}}}}}\n"
    )
    with mock_process("--contract", str(path)) as mock:
        statuses = [httpx.get(f"{mock.origin}/a{at}").status_code for at in range(100)]
        assert statuses == [200] * 67 + [501] * 33
