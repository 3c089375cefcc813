"""``python -m dinie_contract.sabotaged``: the API of a healthy server with one fault."""

import runpy

from dinie_contract.location import put_first

put_first()
runpy.run_module("conformance.cli.sabotaged", run_name="__main__")
