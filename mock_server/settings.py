"""The settings of a mock, in one value that every worker process receives."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from mock_server.observing.logs import LogFormat, LogLevel
from mock_server.partners.partners import Partner

ANY_ORIGIN = "*"
"""The origin that stands for all."""

DEFAULT_RATE_LIMIT = "1000000/minute"
"""A limit that no client reaches, so that every response carries the headers."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a mock.

    ``contract`` is a file, or None for the bundled contract; with ``strict_contract`` one with a
    flaw is refused. ``rate_limit`` is such as
    ``100/minute``. ``faults`` are presets that each partner has from the start. Without
    ``control`` there is no control plane and no journal. Without an ``admin_token`` the control
    plane answers requests whose ``Host`` is a loopback name or one of ``hosts`` (None: any).
    With ``stateless`` no items of other contracts are kept.
    ``cors`` are the origins whose pages may call the API. ``workers`` is the number of processes.
    """

    partners: tuple[Partner, ...] = ()
    contract: Path | None = None
    strict_contract: bool = False
    store: str = "sqlite://"
    rate_limit: str = DEFAULT_RATE_LIMIT
    faults: tuple[str, ...] = ()
    stateless: bool = False
    control: bool = True
    admin_token: str | None = None
    hosts: tuple[str, ...] | None = ()
    cors: tuple[str, ...] = ()
    workers: int = 1
    log_format: LogFormat = "text"
    log_level: LogLevel = "warning"

    def to_json(self) -> str:
        """The settings as text for another process. It holds the partners' secrets."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The settings from the text of :meth:`to_json`."""
        values = json.loads(text)
        values["partners"] = tuple(Partner(**partner) for partner in values["partners"])
        values["hosts"] = values["hosts"] and tuple(values["hosts"])
        values["faults"] = tuple(values["faults"])
        values["cors"] = tuple(values["cors"])
        values["contract"] = Path(values["contract"]) if values["contract"] else None
        return cls(**values)
