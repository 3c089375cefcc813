"""The requests as bytes, and what an answer must look like to count."""

import json
from dataclasses import dataclass

PATH = "/v3/auth/credentials"
TOKEN = "dinie_at_bench"
BODY = json.dumps({"name": "Production Key", "expires_at": "2099-03-04T00:00:00Z"}).encode()
FIELDS = {
    "id",
    "client_id",
    "name",
    "status",
    "expires_at",
    "created_at",
    "updated_at",
    "last_used_at",
    "client_secret",
}
CREATED, UNAUTHORIZED, INVALID, LIMITED = 201, 401, 422, 429
REPLAYED = b"\r\nidempotent-replayed: true\r\n"


class BenchmarkError(Exception):
    """The benchmark cannot go on; the message is one line for the person who started it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; the head is in small letters and ends with its blank line."""

    status: int
    head: bytes
    body: bytes


def create_request(key: str | None = None, *, token: str = TOKEN, body: bytes = BODY) -> bytes:
    """Return the bytes of a create, with an idempotency key if one is given."""
    lines = [
        f"POST {PATH} HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {token}",
        "Accept: application/json",
        "Content-Type: application/json",
        f"Content-Length: {len(body)}",
    ]
    if key is not None:
        lines.append(f"Idempotency-Key: {key}")
    return "\r\n".join([*lines, "", ""]).encode() + body


def parse_answer(received: bytes) -> Answer | None:
    """Return the answer once all of it is there, and None until then."""
    end = received.find(b"\r\n\r\n") + 4
    if end < 4:  # noqa: PLR2004 (find answered -1)
        return None
    head = received[:end].lower()
    _, found, rest = head.partition(b"\r\ncontent-length: ")
    if not found:
        raise BenchmarkError("an answer has no Content-Length")
    length = int(rest[: rest.index(b"\r\n")])
    if len(received) < end + length:
        return None
    return Answer(int(head[9:12]), head, received[end : end + length])


def is_created(answer: Answer) -> str | None:
    """Say what is wrong with an answer that is not 201."""
    return None if answer.status == CREATED else f"{answer.status}: {answer.body[:200]!r}"


def check_create(answer: Answer) -> None:
    """Refuse an answer that is not a new credential with all of its fields."""
    if answer.status != CREATED:
        raise BenchmarkError(f"a create was answered {answer.status}: {answer.body[:200]!r}")
    if set(json.loads(answer.body)) != FIELDS:
        raise BenchmarkError(f"a create was answered with other fields: {answer.body[:200]!r}")
