"""A campaign: the catalogue's checks over and over, with other data each time, for hours."""
