"""Judge each conforming server with many seeds: `python -m tests.conformance.servers`.

The tests judge each with one seed that is always the same, so that they fail for who broke
something. Other seeds find more, and take hours.
"""

import argparse
import sys
import time
from collections import Counter

from tests.conformance.servers.judging import campaign_findings, departures
from tests.conformance.servers.variants import VARIANTS

FIRST_SEED = 1000


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.conformance.servers", description=__doc__
    )
    parser.add_argument("--runs", type=int, default=30, help="how many runs each server gets")
    parser.add_argument("--first-seed", type=int, default=FIRST_SEED, help="that of the first runs")
    parser.add_argument("--minutes", type=float, default=float("inf"), help="no run begins later")
    parser.add_argument("--server", action="append", choices=VARIANTS, metavar="NAME")
    parser.add_argument(
        "--fuzz", type=float, default=0, metavar="SECONDS", help="a campaign in place of each run"
    )
    options = parser.parse_args()
    end = time.monotonic() + options.minutes * 60
    done: Counter[str] = Counter()
    accused: Counter[str] = Counter()
    for seed in range(options.first_seed, options.first_seed + options.runs):
        for name in options.server or VARIANTS:
            if time.monotonic() > end:
                break
            variant, begin = VARIANTS[name], time.monotonic()
            if options.fuzz:
                found = campaign_findings(variant, seed, options.fuzz)
            else:
                found = departures(variant, seed)
            done[name] += 1
            accused[name] += bool(found)
            _say(f"{name}: seed {seed}, {time.monotonic() - begin:.0f} s")
            for one in found:
                _say(f"    {one}")
    for name in done:
        _say(f"{done[name]:4} runs, {accused[name]} wrong: {name}")
    sys.exit(bool(accused.total()))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
