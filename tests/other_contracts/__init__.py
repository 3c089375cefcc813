"""Small APIs in styles that are not ours, each with its contract and a server that keeps it."""
