"""The stages of a request, one concern for each file, in the order of :mod:`mock_server.app`.

A stage is ASGI middleware: it takes the next application and its dependencies, reads and fills the
:class:`~mock_server.exchange.exchange.Exchange`, and awaits the next. A stage that refuses raises a
:class:`~mock_server.exchange.problems.Problem`. Only the outermost one sends anything.
"""
