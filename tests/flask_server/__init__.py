"""A server of the contract that knows nothing of ours, and the faults it can be given."""
