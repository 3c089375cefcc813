"""One run of the gate: checks in threads, results as a stream, the verdict at the end."""
