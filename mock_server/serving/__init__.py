"""The server process: sockets, workers, shutdown."""
