"""Requirements on implementations, one section for each file."""
