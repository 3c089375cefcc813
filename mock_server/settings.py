"""How one mock is to run, in one value that every worker process gets."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from mock_server.observing.logs import LogFormat, LogLevel
from mock_server.partners.partners import Partner

DEFAULT_RATE_LIMIT = "1000000/minute"
"""So generous that no client meets it, yet every response carries the headers."""


@dataclass(frozen=True, slots=True)
class Settings:
    """``contract`` None plays the bundled one; ``rate_limit`` is such as ``100/minute``.

    ``faults`` are presets that each partner has from the start. ``control`` False leaves the
    control plane and the journal out. Without an ``admin_token`` everybody may use it.
    ``workers`` is how many processes there are in all.
    """

    partners: tuple[Partner, ...] = ()
    contract: Path | None = None
    store: str = "sqlite://"
    rate_limit: str = DEFAULT_RATE_LIMIT
    faults: tuple[str, ...] = ()
    control: bool = True
    admin_token: str | None = None
    workers: int = 1
    log_format: LogFormat = "text"
    log_level: LogLevel = "warning"

    def to_json(self) -> str:
        """The settings as text for another process. It holds the partners' secrets."""
        return json.dumps(asdict(self), default=str)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """What :meth:`to_json` wrote."""
        values = json.loads(text)
        values["partners"] = tuple(Partner(**partner) for partner in values["partners"])
        values["faults"] = tuple(values["faults"])
        values["contract"] = Path(values["contract"]) if values["contract"] else None
        return cls(**values)
