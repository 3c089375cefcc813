"""``python -m demo``: 0 when the mock conforms, 1 when it does not, 2 when nothing can be said."""

import argparse
import importlib
import signal
import sys
from typing import Any

NO_VERDICT = 2
FEWEST_EXAMPLES = 50
"""With fewer, some documented answers are never met."""

_INTERRUPTED = 130


def main() -> int:
    """Run the demonstration; every end is a line that a person can read, and an exit code."""
    signal.signal(signal.SIGTERM, _end)
    try:
        # Everything else is imported here, where a missing tool or a Ctrl-C can be told plainly.
        job: Any = importlib.import_module("demo.job")
        parser = argparse.ArgumentParser(prog="python -m demo", description=job.__doc__)
        parser.add_argument(
            "--examples",
            type=int,
            default=job.DEFAULT_EXAMPLES,
            metavar="N",
            help="Schemathesis examples for each operation (%(default)s)",
        )
        examples = parser.parse_args().examples
        if examples < FEWEST_EXAMPLES:
            parser.error(f"--examples takes a number from {FEWEST_EXAMPLES} up")
        return 0 if job.run(examples) else 1
    except ImportError as error:
        print(f"demo: {error}. `make demo` installs what it needs.", file=sys.stderr)
    except KeyboardInterrupt:
        print("\ndemo: interrupted; nothing is left running.", file=sys.stderr)
        return _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - the last place before the user
        print(f"demo: {error or type(error).__name__}", file=sys.stderr)
    return NO_VERDICT


def _end(*_: object) -> None:
    # Without this the mock would outlive a demonstration that is told to end.
    sys.exit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main())
