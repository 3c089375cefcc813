"""What goes wrong on purpose: which requests a fault is for, when it fires, and what it does."""
