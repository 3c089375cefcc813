"""What is answered, as a value that every stage may still read or replace."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Response:
    """A whole response: it is sent only at the very end."""

    status: int
    body: bytes = b""
    media_type: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
