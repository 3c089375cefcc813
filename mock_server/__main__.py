"""``python -m mock_server`` is ``dinie-mock``."""

from mock_server.cli.main import main

main()
