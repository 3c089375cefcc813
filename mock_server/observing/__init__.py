"""What the mock tells of its requests: journal, log, metrics."""
