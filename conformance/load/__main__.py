"""``python -m conformance.load``: what ``dinie-conformance load`` becomes."""

import sys

from conformance.load.locust.process import main

if __name__ == "__main__":
    sys.exit(main())
