"""Run the server: `python -m tests.shelves --port 8082 --fault FILTER_IGNORED`."""

import argparse

import uvicorn

from tests.shelves.faults import Fault
from tests.shelves.server import Shelves
from tests.shelves.serving import TOKENS

parser = argparse.ArgumentParser(prog="python -m tests.shelves", description=__doc__)
parser.add_argument("--port", type=int, default=8082, help="the port")
parser.add_argument("--fault", action="append", default=[], choices=[one.name for one in Fault])
options = parser.parse_args()
app = Shelves(TOKENS, [Fault[one] for one in options.fault])
uvicorn.run(app, port=options.port, log_level="warning")
