"""What the documents say is so."""

import ast
import re
from pathlib import Path

import click
import pytest

import mock_server
from conformance.cli.client import client_command
from conformance.cli.fuzz import fuzz_command
from conformance.cli.load import load_command
from conformance.cli.merge import merge_command
from conformance.cli.replay import replay_command
from conformance.cli.run import run_command
from conformance.generation.engine import CHECKS
from conformance.server import catalogue
from mock_server.cli.serve import serve_command

ROOT = Path(__file__).parent.parent
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
REFERENCE = (ROOT / "docs" / "mock.md").read_text()


def error_codes() -> set[str]:
    """The codes of all problems that the source can raise."""
    found = set()
    for path in Path(str(mock_server.__file__)).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                at = {"Problem": 1, "unauthenticated": 0}.get(node.func.id)
                if at is not None and isinstance(node.args[at], ast.Constant):
                    found.add(str(node.args[at].value))
    return found


@pytest.mark.parametrize(
    ("command", "documents", "start"),
    [
        (serve_command, ["mock"], ""),
        (client_command, ["client"], ""),
        (run_command, ["conformance"], ""),
        (load_command, ["load"], ""),
        (fuzz_command, ["fuzz", "conformance"], ""),
        (replay_command, ["fuzz", "conformance"], "## Replay"),
        (merge_command, ["fuzz", "conformance"], "**`merge DIR…`**"),
    ],
    ids=lambda one: getattr(one, "name", ""),
)
def test_every_option_is_documented_with_its_variable(
    command: click.Command, documents: list[str], start: str
) -> None:
    own, *shared = ((ROOT / "docs" / f"{name}.md").read_text() for name in documents)
    text = "".join([own[own.index(start) :], *shared])
    for option in command.params:
        if isinstance(option, click.Option):
            variable = f"`{option.envvar}` " if option.envvar else ""
            assert f"| `{option.opts[0]}` | {variable}|" in text


def test_every_error_code_is_documented() -> None:
    codes = error_codes()
    assert len(codes) > 8
    assert {code for code in codes if f"`{code}`" not in REFERENCE} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)", document.read_text()):
        assert (document.parent / target).exists(), target


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_make_target_exists(document: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"(?:`|\$ )make ([a-z-]+)", document.read_text()):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_the_python_in_the_readme_imports() -> None:
    [block] = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    imports = [line for line in block.splitlines() if line.startswith(("import", "from"))]
    ast.parse(block)
    exec("\n".join(imports), {})


def test_the_readme_counts_the_catalogue() -> None:
    requirements = catalogue().values()
    sabotages = sum(len(one.sabotage) for one in requirements)
    row = f"| sabotages of {len(requirements)} requirements that must be caught | {sabotages} |"

    assert row in (ROOT / "README.md").read_text()


def test_every_check_of_schemathesis_has_its_requirement() -> None:
    reference = (ROOT / "docs" / "conformance.md").read_text()
    rows = dict(re.findall(r"^\| `(\w+)` \| `(generated\.[\w-]+)` \|$", reference, re.MULTILINE))

    assert rows.keys() == set(CHECKS)
    assert set(rows.values()) <= catalogue().keys()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda one: one.name)
def test_every_test_that_a_document_names_is_there(document: Path) -> None:
    for named in re.findall(r"`(tests/[\w./-]+)`", document.read_text()):
        assert (ROOT / named).exists(), named
