"""Records of requests: journals, log and metrics."""
