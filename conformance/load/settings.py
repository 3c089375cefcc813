"""What a load run is to do, as the command hands it to the process that does it."""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

VARIABLE = "DINIE_LOAD_SETTINGS"
"""The environment variable that carries them: a command line could be read by other users."""


class Role(StrEnum):
    """What the process is in a run: all of it, its master, or one of its workers."""

    ALONE = "alone"
    MASTER = "master"
    WORKER = "worker"


@dataclass(frozen=True, slots=True)
class Settings:
    """``spawn_rate`` is in users a second, ``max_p95`` in milliseconds; None is no threshold.

    ``max_failure_rate`` is a share of the requests, ``max_violations`` a count of answers that
    broke a MUST.
    """

    url: str
    token: str | None = field(default=None, repr=False)
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    ca_file: str | None = None
    users: int = 10
    spawn_rate: float = 10.0
    max_seconds: float = 60.0
    think_seconds: float = 0.0
    headless: bool = False
    max_failure_rate: float | None = None
    max_p95: float | None = None
    max_violations: int = 0
    role: Role = Role.ALONE
    master_host: str = "127.0.0.1"
    master_port: int = 5557
    expect_workers: int = 1
    web_host: str = "127.0.0.1"
    web_port: int = 8089
    report_json: str | None = None
    report_html: str | None = None
    report_locust: str | None = None

    def environment(self) -> Mapping[str, str]:
        """The variable that carries them."""
        return {VARIABLE: json.dumps(asdict(self))}

    @classmethod
    def taken(cls) -> Self:
        """Those in the environment, and out of it; raises KeyError where there are none."""
        values: dict[str, Any] = json.loads(os.environ.pop(VARIABLE))
        return cls(**{**values, "role": Role(values["role"])})
