"""The settings of a load test, handed from the command to the process that runs it."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from conformance.target.connecting import AccessSettings
from conformance.target.target_settings import TargetSettings
from conformance.target.transport.connection_settings import ConnectionSettings

VARIABLE = "DINIE_LOAD_SETTINGS"
"""The environment variable of the settings: other users can read a command line."""


class Role(StrEnum):
    """The role of a process: the whole run, its master, or one of its workers."""

    ALONE = "alone"
    MASTER = "master"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Settings:
    """``spawn_rate`` is in users a second, ``max_p95`` in milliseconds; None is no threshold.

    ``max_failure_rate`` is a share of the requests, ``max_violations`` a count of answers that
    broke a MUST, ``required`` are patterns of requirements that must be verified.
    """

    url: str
    contract: Path | None = None
    allow_production: bool = False
    target: TargetSettings = field(default_factory=TargetSettings)
    access: AccessSettings = field(default_factory=AccessSettings)
    users: int = 10
    spawn_rate: float = 10.0
    max_seconds: float = 60.0
    think_seconds: float = 0.0
    headless: bool = False
    max_failure_rate: float | None = None
    max_p95: float | None = None
    max_violations: int = 0
    required: tuple[str, ...] = ()
    master: bool = False
    worker: bool = False
    master_host: str = "127.0.0.1"
    master_port: int = 5557
    expect_workers: int = 1
    web_host: str = "127.0.0.1"
    web_port: int = 8089
    reports: Mapping[str, Path] = field(default_factory=dict)
    report_locust: Path | None = None

    @property
    def role(self) -> Role:
        """The role of this process."""
        return Role.MASTER if self.master else Role.WORKER if self.worker else Role.ALONE

    def environment(self) -> Mapping[str, str]:
        """The variable that carries the settings."""
        return {VARIABLE: json.dumps(asdict(self), default=str)}

    @classmethod
    def from_environment(cls) -> Self:
        """Take the settings out of the environment; raises KeyError where there are none."""
        values: dict[str, Any] = json.loads(os.environ.pop(VARIABLE))
        target, locust, contract = (
            values[name] for name in ("target", "report_locust", "contract")
        )
        target["headers"] = tuple(map(tuple, target["headers"]))
        access = values["access"]
        for name in ("keys", "second_keys"):
            access[name] = tuple(map(tuple, access[name]))
        connection = target["connection"]
        for name in ("ca_file", "client_cert", "client_key"):
            connection[name] = Path(connection[name]) if connection[name] else None
        target["connection"] = ConnectionSettings(**connection)
        return cls(
            **{
                **values,
                "contract": Path(contract) if contract else None,
                "target": TargetSettings(**target),
                "required": tuple(values["required"]),
                "access": AccessSettings(**access),
                "reports": {name: Path(path) for name, path in values["reports"].items()},
                "report_locust": Path(locust) if locust else None,
            }
        )
