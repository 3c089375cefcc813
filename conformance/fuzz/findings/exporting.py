"""Findings as a pytest file that runs on its own: httpx, and a URL and tokens by variable."""

from collections.abc import Sequence

from conformance.fuzz.findings.python_script import can_be_written, literal, sending
from conformance.fuzz.storage.finding import Finding

_TEST = '''

def test_{name}():
    """{requirement} [{operation}]: {cause}."""
    steps, wrong = {steps}, {wrong}
    for _ in range({attempts}):
        assert shape(steps, resent(steps, send)) != wrong, {message!r}
'''


def can_be_exported(finding: Finding) -> bool:
    """Whether the steps of a finding reproduce it, and need nothing but a token."""
    return finding.was_sent_again and can_be_written(finding.steps)


def as_pytest(base_url: str, findings: Sequence[Finding]) -> str:
    """The file: a test for each finding that can be exported, failing while it is there."""
    tests = [
        _TEST.format(
            name=f"{_word(one.requirement)}_{one.id}",
            requirement=one.requirement,
            operation=one.operation,
            cause=ascii(one.cause)[1:-1].replace('"', "'"),
            steps=literal(list(one.steps)),
            wrong=literal(one.shows),
            attempts=one.attempts,
            message=ascii(f"expected {one.expected}, got {one.actual}")[1:-1],
        )
        for one in findings
        if can_be_exported(one)
    ]
    return sending(base_url) + "".join(tests)


def _word(text: str) -> str:
    return "".join(one if one.isalnum() else "_" for one in text)
