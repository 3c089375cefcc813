"""`--contract`: a file or a bundled version, and what a run directory remembers of it."""

import json
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from conformance.catalogue.requirement import Level
from conformance.cli.catalogue import explain_command, list_command
from conformance.cli.main import main
from conformance.fuzz.findings.exporting import as_pytest, with_scripts
from conformance.fuzz.storage.directory import RunDirectory
from conformance.fuzz.storage.files import FileError
from conformance.fuzz.storage.finding import Finding
from conformance.fuzz.storage.record import Record
from conformance.server import catalogue
from openapi.contract import Contract
from openapi.errors import ContractError
from tests.payments.serving import FILE as PAYMENTS

ORDERS = Path(__file__).parent.parent / "server" / "contracts" / "orders.yaml"


def printed(command: click.Command, *arguments: str) -> str:
    result = CliRunner().invoke(command, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main([*arguments])
    assert ended.value.code == 2
    [line] = capsys.readouterr().err.splitlines()
    return line


def test_a_version_names_a_bundled_contract_and_anything_else_a_file() -> None:
    assert Contract.named(None).identity == "2026-03-01"
    assert Contract.named(Path("2026-03-01")).identity == "2026-03-01"
    assert re.fullmatch(r"Orders \S+ \([0-9a-f]{12}\)", Contract.named(ORDERS).identity)
    with pytest.raises(ContractError, match="2020-01-01: is not bundled: choose from 2026-03-01"):
        Contract.named(Path("2020-01-01"))


def test_a_contract_that_changed_is_another_one(tmp_path: Path) -> None:
    changed, same = tmp_path / "orders.yaml", tmp_path / "same.yaml"
    changed.write_text(ORDERS.read_text().replace("operationId: createOrder", "operationId: order"))
    same.write_text(f"{ORDERS.read_text()}\n# note\n")

    assert Contract.named(same).identity == Contract.named(ORDERS).identity
    assert Contract.named(changed).identity != Contract.named(ORDERS).identity


def test_list_shows_what_applies_to_which_operation() -> None:
    lines = printed(list_command, "--contract", str(ORDERS)).splitlines()
    below = {one.split()[0]: lines[number + 1] for number, one in enumerate(lines) if "MUST" in one}

    assert below["created.plain-request-succeeds"].split() == ["->", "createOrder,", "createNote"]
    assert below["lists.only-ones-own"].strip() == "-> no operation of this contract"
    assert "->" not in printed(list_command)


def test_explain_reads_the_contract_that_is_given() -> None:
    assert "createOrder POST /orders" in printed(
        explain_command, "created.plain-request-succeeds", "--contract", str(ORDERS)
    )


def test_what_the_seed_does_not_speak_of_is_a_should_in_the_bundled_contract_alone() -> None:
    id_ = "generated.answers-match-their-schemas"
    requirement, payments = catalogue()[id_], Contract.from_file(PAYMENTS)

    assert requirement.level_on(payments.operations["listMerchants"]) is Level.MUST
    assert requirement.level_on(Contract.bundled().operations["listCredentials"]) is Level.SHOULD
    # It applies to what makes something, and its judge looks at lists too.
    statuses = catalogue()["generated.statuses-are-documented"]
    assert statuses.level_on(payments.operations["takePayment"]) is Level.MUST
    assert statuses.level_on(payments.operations["listPayments"]) is Level.SHOULD
    assert "SHOULD" not in printed(explain_command, id_, "--contract", str(PAYMENTS))
    assert "listCredentials GET /auth/credentials (a SHOULD)" in printed(explain_command, id_)
    listed = printed(list_command, "--contract", "2026-03-01")
    assert "-> listCredentials (a SHOULD), createCredential\n" in listed


@pytest.mark.parametrize("command", ["run", "load", "fuzz"])
def test_a_contract_that_is_none_is_one_line(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--url", "http://127.0.0.1:1/v3", "--token", "dinie_at_none")
    broken = tmp_path / "broken.yaml"
    broken.write_text("openapi: 3.1.0\n")

    assert "broken.yaml" in refused(capsys, command, *given, "--contract", str(broken))
    assert "is not bundled" in refused(capsys, command, *given, "--contract", "2020-01-01")
    lacking = refused(capsys, command, *given, "--contract", str(tmp_path / "none.yaml"))
    assert "cannot be read" in lacking


@pytest.mark.parametrize(
    "arguments",
    [
        ("list", "--contract"), ("explain", "lists", "--contract"), ("merge", "x", "--contract"),
        ("client", "--contract"), ("client", "--har"), ("merge",), ("replay",),
    ],
)  # fmt: skip
def test_a_url_is_no_file_and_its_password_is_not_repeated(
    arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    line = refused(capsys, *arguments, "https://user:hidden-word@example.com/orders.yaml")
    assert "takes no URL: save what is there as a file, and name that" in line
    assert "hidden-word" not in line


@pytest.mark.parametrize("where", ["a variable", "a configuration file"])
def test_a_url_is_no_contract_wherever_it_is_given(
    where: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    url, file = "https://example.com/orders.yaml", tmp_path / "dinie.toml"
    file.write_text(f'[client]\ncontract = "{url}"\n' if where == "a configuration file" else "")
    if where == "a variable":
        monkeypatch.setenv("DINIE_CONTRACT", url)
    assert "takes no URL" in refused(capsys, "client", "--config", str(file), "--har", "x.har")


def finding_of(contract: Contract, operation: str) -> Finding:
    return Finding(
        requirement="created.plain-request-succeeds", operation=operation, level="must",
        cause="cause", expected="201", actual="500", work="work", seed=1,
        effort={"times": 1, "steps": 1, "keys": 1}, first_seen="2026-03-01T00:00:00+00:00",
        steps=({"method": "GET", "path": "/orders", "headers": [], "body": "", "partner": 0,
                "token_form": "as it is", "at_once": 0},),
        shows="0" * 64, was_sent_again=True, contract=contract.label,
    )  # fmt: skip


def test_a_finding_and_its_scripts_name_their_contract() -> None:
    orders, bundled = Contract.named(ORDERS), Contract.bundled()
    finding = finding_of(orders, "createOrder")
    scripts = with_scripts("http://127.0.0.1:1", finding)

    assert Finding.read_text(finding.text(), orders, "here").contract == orders.identity
    with pytest.raises(FileError, match=r"is by contract Orders .* not 2026-03-01: give its own"):
        Finding.read_text(finding.text(), bundled, "here")
    for script in (scripts.curl, scripts.python, as_pytest("", [finding])):
        assert f"contract: {orders.identity}" in script

    own = finding_of(bundled, "createCredential")
    assert "contract" not in json.loads(own.text())
    with pytest.raises(FileError, match="is by contract 2026-03-01, not Orders"):
        Finding.read_text(own.text(), orders, "here")


def test_a_run_directory_is_read_by_its_own_contract_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    orders = Contract.named(ORDERS)
    directory, test = RunDirectory.create(tmp_path / "campaign"), tmp_path / "test_found.py"
    Record(orders, directory, "http://127.0.0.1:1", 1, ()).save()

    assert Record.read(orders, directory).contract is orders
    for arguments in (
        ("merge", str(directory.path)),
        ("replay", str(directory.path), "--url", "http://127.0.0.1:1", "--token", "dinie_at_none"),
        ("fuzz", "--no-config", "--resume", str(directory.path), "--export", "pytest", str(test)),
    ):
        line = refused(capsys, *arguments)
        assert orders.identity in line
        assert "not 2026-03-01" in line
        assert "--contract" in line
    assert not test.exists()
