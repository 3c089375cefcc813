"""Plain correct servers of contracts of many shapes: none is accused, and most gets a verdict."""
