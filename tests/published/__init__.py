"""Published idempotency libraries, each put behind a correct endpoint and judged.

``python -m tests.published``, or ``make judged``, writes ``docs/judged.md``.
"""
