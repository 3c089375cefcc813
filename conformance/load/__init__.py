"""Load tests: Locust's users, each answer judged by the catalogue.

``dinie-conformance load`` runs them in a process of its own: gevent, on which Locust runs, changes
the sockets and threads of the whole process that imports it.
"""
