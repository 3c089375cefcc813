"""Run the server: `python -m tests.flask_server --port 0 --fault NAME`."""

import argparse
import sys

from tests.flask_server.faults import FAULTS
from tests.flask_server.parts import Parts
from tests.flask_server.serving import serve


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.flask_server", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="the port; 0 takes a free one")
    parser.add_argument("--fault", action="append", default=[], choices=FAULTS, metavar="NAME")
    parser.add_argument("--rate-limit", type=int, default=1_000_000, help="requests in a minute")
    parser.add_argument("--window", type=float, default=60, help="seconds of that minute")
    parser.add_argument("--list", action="store_true", help="list the faults, and end")
    options = parser.parse_args()
    if options.list:
        for fault in FAULTS.values():
            line = f"{fault.name:45} {fault.expected:7} {fault.description}\n"
            sys.stdout.write(line)
        return
    parts = Parts()
    parts.limits.limit = options.rate_limit
    parts.limits.length = options.window
    for name in options.fault:
        FAULTS[name].put_in(parts)
    serve(parts, options.port)


if __name__ == "__main__":
    main()
