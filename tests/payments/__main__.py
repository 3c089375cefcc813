"""Run the server: `python -m tests.payments --port 8081 --fault KEY_IGNORED`."""

import argparse

import uvicorn

from tests.payments.faults import Fault
from tests.payments.server import Payments
from tests.payments.serving import TOKENS

parser = argparse.ArgumentParser(prog="python -m tests.payments", description=__doc__)
parser.add_argument("--port", type=int, default=8081, help="the port")
parser.add_argument("--fault", action="append", default=[], choices=[one.name for one in Fault])
options = parser.parse_args()
app = Payments(TOKENS, [Fault[one] for one in options.fault])
uvicorn.run(app, port=options.port, log_level="warning")
