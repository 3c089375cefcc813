"""``dinie-conformance load``: a load test whose answers are judged by the catalogue."""

import sys
from collections.abc import Mapping
from typing import Any

import click

from conformance.catalogue.selection import ids_of
from conformance.cli.contract import contract_to_judge_by
from conformance.cli.option_types import report_files, takes_options
from conformance.cli.settings import SendingSettings
from conformance.load.settings import Settings
from conformance.report.output import check_writable
from conformance.server import catalogue
from dinie_contract.command_line import settings_of
from dinie_contract.systems import go_on_as


@click.command("load")
@takes_options("load", extra="load")
def load_command(**parameters: Any) -> int:
    """Put an API under load and judge every answer; the exit code is the verdict.

    Users of Locust create, replay, list and revoke. What the run made is compared with the list
    at the end, and revoked.
    """
    settings = _settings(parameters)
    locust = settings.report_locust
    check_writable([*settings.reports.values(), *([locust] if locust else [])])
    sys.stdout.flush()
    # -P keeps files of the working directory from being imported as modules.
    return go_on_as(["-P", "-m", "dinie_contract.commands"], settings.environment())


def _settings(parameters: Mapping[str, Any]) -> Settings:
    """The settings by the options; raises :class:`click.UsageError`."""
    reports = {name: path.absolute() for name, path in report_files(parameters).items()}
    locust = parameters["report_locust"]
    absolute = locust.absolute() if locust else None
    settings = settings_of(Settings, {**parameters, "reports": reports, "report_locust": absolute})
    settings_of(SendingSettings, parameters).checked_url(contract_to_judge_by(settings.contract))
    ids_of(catalogue(), settings.required)
    if settings.master and settings.worker:
        raise click.UsageError("give either --master or --worker")
    return settings
