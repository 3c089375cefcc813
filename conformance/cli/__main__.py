"""``python -m conformance.cli`` is ``dinie-conformance``."""

from conformance.cli.main import main

main()
