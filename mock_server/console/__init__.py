"""The console: pages on which a person sees what the mock does, and does what requests can do."""
