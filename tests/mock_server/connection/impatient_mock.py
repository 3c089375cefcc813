"""``dinie-mock`` with other limits than it is made with, so that no test waits for half a minute.

The first argument is what differs, as JSON; ``files`` is the process's limit of open files.
"""

import json
import resource
import sys

from mock_server.cli.main import main
from mock_server.connection import ClosableProtocol
from mock_server.connection.watch import Limits

limits = json.loads(sys.argv.pop(1))
if files := limits.pop("files", None):
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
ClosableProtocol.limits = Limits(**limits)
main()
