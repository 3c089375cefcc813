"""What the operations do, one resource for each file."""
