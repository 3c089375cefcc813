"""Created resources: status, media type, fields, names and timestamps of the 201."""
