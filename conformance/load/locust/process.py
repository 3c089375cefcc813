"""The process that puts a target under load: Locust as a library, from a token to an exit code.

Locust's own command is not used. It has a configuration, an output and exit codes of its own, and
takes files of the folder that it is called in for modules.
"""

import logging

from conformance.load.locust.run import LoadRun
from conformance.load.locust.signals import listening
from conformance.load.locust.two_partners import checked_before
from conformance.load.reports import report_void
from conformance.load.settings import Settings
from conformance.results.exit_code import INTERRUPTED, NO_VERDICT
from conformance.results.result import Result
from conformance.run.judging import never_succeeded
from conformance.run.runner import Run
from conformance.target.capabilities import Capability
from conformance.target.clean_up import revoke_all
from conformance.target.connecting import authenticate, build_target
from conformance.target.errors import TargetError
from dinie_contract.output import complain, shown
from openapi.contract import Contract

_LOOKS = 3
"""How often a target is looked at that seems to have no list, or to create nothing."""

_NOTHING_TO_MAKE = "load makes things by a POST, and no POST of the contract creates any"


class _Plain(logging.Formatter):
    """One line for each record, and no traceback."""

    def format(self, record: logging.LogRecord) -> str:
        return shown(f"dinie-conformance: {record.getMessage().partition(chr(10))[0]}")


def main() -> int:
    """Do what the settings in the environment say; the exit code."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Plain())
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
    settings = Settings.from_environment()
    try:
        return _run(settings)
    except Exception as error:  # noqa: BLE001 - the last place before the user
        complain(f"a fault of the harness: {type(error).__name__}: {error}")
        return NO_VERDICT


def _run(settings: Settings) -> int:
    contract = Contract.to_judge_by(settings.contract)
    if contract.main_resource is None:
        return report_void(contract, settings, _NOTHING_TO_MAKE)
    with (
        build_target(settings.url, settings.target, settings.access) as target,
        listening(target) as signals,
    ):
        run = Run(contract, target, (), 0)
        before: list[Result] = []
        try:
            authenticate(target, settings.access, contract, complain)
            _survey(run)
            if not settings.worker:
                before += checked_before(run)
        except TargetError as error:
            return report_void(contract, settings, INTERRUPTED if signals.seen else str(error))
        finally:
            run.clean_up(keep_parents=True)
        try:
            if target.speaks_http2:
                reason = f"{target.base_url} speaks HTTP/2 alone, and load only HTTP/1.1"
                return report_void(contract, settings, reason)
            if signals.seen:
                return report_void(contract, settings, INTERRUPTED)
            if never := never_succeeded(run.contract, run.answered, run.said):
                return report_void(contract, settings, never)
            return LoadRun(settings, contract, target, signals, before).run()
        finally:
            # The load has made its resources in these.
            if target.places.parents and signals.seen <= 1:
                with target.cleaning_up():
                    revoke_all(contract, target, target.places.parents)


def _survey(run: Run) -> None:
    """Find out what the target can do; one server error now and then does not hide it."""
    for _ in range(_LOOKS):
        run.survey(with_key=True)
        if Capability.LISTING in run.target.capabilities and not never_succeeded(
            run.contract, run.answered, run.said
        ):
            return
