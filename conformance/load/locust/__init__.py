"""The load test itself: the only modules that import Locust and gevent."""
