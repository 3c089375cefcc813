"""The server that conforms: Flask, SQLAlchemy and SQLite, on a pool of threads."""
