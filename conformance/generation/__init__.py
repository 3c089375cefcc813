"""What makes test data: the one adapter to Schemathesis, whose engine is no frozen interface."""
