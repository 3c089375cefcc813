"""Load with judgement: Locust's users, each answer judged by the catalogue.

``python -m conformance.load`` is a process of its own, begun by ``dinie-conformance load``:
gevent, on which Locust runs, changes the sockets and threads of the whole process that imports it.
"""
