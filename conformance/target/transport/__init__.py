"""How an answer is received: over sockets, within bounds of time and size, and decoded."""
