"""Both commands know their subcommands before any of them is imported."""

import gc
import importlib
import subprocess
import sys

import click
import pytest

import conformance.cli.main
import mock_server.cli.main
from dinie_contract.command_line import CommandGroup

GROUPS = {
    "dinie-conformance": conformance.cli.main.cli,
    "dinie-mock": mock_server.cli.main.cli,
}


@pytest.mark.parametrize("group", GROUPS.values(), ids=GROUPS)
def test_a_summary_is_the_first_sentence_of_the_help(group: click.Command) -> None:
    assert isinstance(group, CommandGroup)
    for name, one in group.subcommands.items():
        command = group.get_command(click.Context(group), name)
        assert command is not None
        assert command.name == name
        first = " ".join((command.help or "").partition("\n\n")[0].split())
        assert one.summary == first.partition(". ")[0].rstrip(".") + "."


@pytest.mark.parametrize("module", ["conformance.cli.main", "mock_server.cli.main"])
def test_help_loads_no_subcommand(module: str) -> None:
    """It is there at once: what a subcommand uses takes half a second to load."""
    code = (
        f"import sys; from {module} import main\n"
        "try: main(['--help'])\n"
        "finally: print('loaded:', *{'httpx', 'yaml', 'connexion', 'rich'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "Commands:" in done.stdout
    assert done.stdout.endswith("loaded:\n")


@pytest.mark.parametrize(
    "arguments", [["list"], ["list", "--client"], ["explain", "requests.token"]]
)
def test_the_catalogue_loads_nothing_that_sends(arguments: list[str]) -> None:
    """It would take a third of the time."""
    code = (
        "import sys; from conformance.cli.main import main\n"
        f"try: main({arguments})\n"
        "finally: print('loaded:', *{'httpx', 'httpcore', 'rich', 'connexion'} & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.endswith("\nloaded:\n")


@pytest.mark.parametrize("is_enabled", [True, False])
def test_the_garbage_collector_rests_while_a_subcommand_is_imported(
    monkeypatch: pytest.MonkeyPatch, *, is_enabled: bool
) -> None:
    enabled = []

    def import_module(name: str) -> object:
        enabled.append(gc.isenabled())
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", import_module)
    group = mock_server.cli.main.cli
    (gc.enable if is_enabled else gc.disable)()
    try:
        with pytest.raises(ImportError):
            group.get_command(click.Context(group), "serve")
        assert gc.isenabled() is is_enabled
        assert enabled == [False]
    finally:
        gc.enable()


def test_reports_as_text_are_made_by_the_command_itself() -> None:
    """It loads HTTPX without rich, which such a report needs."""
    command = [sys.executable, "-m", "mock_server", "exercise", "--no-config", "--quiet"]
    tried = [*command, "--preset", "outage", "--", sys.executable, "-c", ""]
    done = subprocess.run(tried, capture_output=True, text=True, check=False)
    assert "sent nothing to the mock" in done.stderr


def test_serving_loads_no_rich_until_a_report_needs_it() -> None:
    code = (
        "import sys, click; from dinie_contract import commands\n"
        "from mock_server.cli import main\n"
        "def serve(): print({'httpx', 'rich'} & {*sys.modules}); import conformance.report.text\n"
        "main.main = serve; sys.argv = ['dinie-mock', 'serve']; commands.mock()\n"
        "print('served')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["{'httpx'}", "served"]
