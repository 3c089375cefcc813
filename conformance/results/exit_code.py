"""The exit codes of ``dinie-conformance``."""

CONFORMS, BROKEN, NO_VERDICT = 0, 1, 2

INTERRUPTED = "interrupted"
"""The reason of a run that a signal stopped."""
