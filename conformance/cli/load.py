"""``dinie-conformance load``: a load test whose answers are judged by the catalogue."""

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from conformance.cli.options import (
    Authorities,
    BaseUrl,
    Duration,
    base_url,
    check_access,
    file,
    hidden,
)
from conformance.load.settings import Role, Settings
from conformance.report.output import check_writable
from openapi.contract import Contract


def _readable_authorities(context: click.Context, option: click.Parameter, value: Any) -> Any:
    # The process that sends reads them again: what is read here cannot be handed on.
    if value:
        Authorities().convert(value, option, context)
    return value


@click.command("load")
@click.option("--url", type=BaseUrl(), envvar="DINIE_URL", required=True,
              help="Base URL with its prefix, such as http://127.0.0.1:8080/v3.")  # fmt: skip
@hidden("--token", "Access token of a partner.")
@hidden("--client-id", "In place of --token, with --client-secret.")
@hidden("--client-secret", "In place of --token, with --client-id.")
@click.option("--users", type=click.IntRange(1), default=10, show_default=True,
              envvar="DINIE_USERS", metavar="N",
              help="So many users at the same time.")  # fmt: skip
@click.option("--spawn-rate", type=click.FloatRange(0, min_open=True), default=10.0,
              show_default=True, envvar="DINIE_SPAWN_RATE", metavar="R",
              help="Users that begin in a second.")  # fmt: skip
@click.option("--max-time", type=Duration(), default="1m", show_default=True,
              envvar="DINIE_MAX_TIME",
              help="The run ends after so long: 90s, 2m, 1h30m.")  # fmt: skip
@click.option("--think-time", type=click.FloatRange(0), default=0.0, show_default=True,
              envvar="DINIE_THINK_TIME", metavar="SECONDS",
              help="What a user waits between two calls, on the average.")  # fmt: skip
@click.option("--headless", is_flag=True, envvar="DINIE_HEADLESS",
              help="Begin at once and end with a verdict. Else Locust's web page "
                   "begins and shows the run.")  # fmt: skip
@click.option("--max-failure-rate", type=click.FloatRange(0, 1), envvar="DINIE_MAX_FAILURE_RATE",
              metavar="P", help="The run fails where a larger share of the requests got no "
                                "answer or a server error.")  # fmt: skip
@click.option("--max-p95", type=click.FloatRange(0, min_open=True), envvar="DINIE_MAX_P95",
              metavar="MS", help="The run fails where the 95th percentile of an operation's "
                                 "latency is larger.")  # fmt: skip
@click.option("--max-violations", type=click.IntRange(0), default=0, show_default=True,
              envvar="DINIE_MAX_VIOLATIONS", metavar="N",
              help="The run fails where more answers break a MUST.")  # fmt: skip
@click.option("--master", is_flag=True, envvar="DINIE_MASTER",
              help="Let workers send the load, and sum up.")  # fmt: skip
@click.option("--worker", is_flag=True, envvar="DINIE_WORKER",
              help="Send load for a master.")  # fmt: skip
@click.option("--master-host", default="127.0.0.1", show_default=True, envvar="DINIE_MASTER_HOST",
              metavar="HOST", help="Where the master listens, and a worker finds it.")  # fmt: skip
@click.option("--master-port", type=click.IntRange(1, 65535), default=5557, show_default=True,
              envvar="DINIE_MASTER_PORT", metavar="PORT", help="Its port.")  # fmt: skip
@click.option("--expect-workers", type=click.IntRange(1), default=1, show_default=True,
              envvar="DINIE_EXPECT_WORKERS", metavar="N",
              help="The master begins when so many workers are there.")  # fmt: skip
@click.option("--web-host", default="127.0.0.1", show_default=True, envvar="DINIE_WEB_HOST",
              metavar="HOST", help="Where Locust's web page is served. It asks for no "
                                   "password.")  # fmt: skip
@click.option("--web-port", type=click.IntRange(1, 65535), default=8089, show_default=True,
              envvar="DINIE_WEB_PORT", metavar="PORT", help="Its port.")  # fmt: skip
@file("--report-json", "Write the report for scripts.")
@file("--report-html", "Write the report as one web page.")
@file("--report-locust", "Write Locust's own report, with charts over time.")
@click.option("--ca-file", type=click.Path(), envvar="DINIE_CA_FILE", metavar="FILE",
              callback=_readable_authorities,
              help="Trust the certificate authorities in this PEM file, too.")  # fmt: skip
@click.option("--allow-production", is_flag=True, envvar="DINIE_ALLOW_PRODUCTION",
              help="Run against the contract's production server.")  # fmt: skip
def load_command(**options: Any) -> int:
    """Put an API under load and judge every answer; the exit code is the verdict.

    Users of Locust create, replay, list and revoke. What the run made is compared with the list
    at the end, and revoked.
    """
    settings = _settings(options)
    if find_spec("locust") is None:
        raise click.UsageError("Locust is not installed: pip install 'dinie-contract[load]'")
    paths = [options[f"report_{name}"] for name in ("json", "html", "locust")]
    check_writable(Path(one) for one in paths if one)
    sys.stdout.flush()
    # In this process's place: signals and the exit code need nobody who passes them on.
    # -P: no file of the folder that it is called in is taken for a module.
    command = [sys.executable, "-P", "-m", "conformance.load"]
    os.execve(sys.executable, command, {**os.environ, **settings.environment()})  # noqa: S606 - ours


def _settings(options: dict[str, Any]) -> Settings:
    """The settings that the options say; raises :class:`click.UsageError`."""
    second = dict.fromkeys(("second_token", "second_client_id", "second_client_secret"))
    url = base_url(Contract.bundled(), {**options, "app": None})
    check_access({**options, **second})
    if options["master"] and options["worker"]:
        raise click.UsageError("give either --master or --worker")
    role = Role.MASTER if options["master"] else Role.WORKER if options["worker"] else Role.ALONE
    same = ("token", "client_id", "client_secret", "ca_file", "users", "spawn_rate", "headless",
            "max_failure_rate", "max_p95", "max_violations", "master_host", "master_port",
            "expect_workers", "web_host", "web_port")  # fmt: skip
    return Settings(
        url=url,
        role=role,
        max_seconds=options["max_time"],
        think_seconds=options["think_time"],
        report_json=_path(options["report_json"]),
        report_html=_path(options["report_html"]),
        report_locust=_path(options["report_locust"]),
        **{name: options[name] for name in same},
    )


def _path(path: Path | None) -> str | None:
    return str(path.absolute()) if path else None
