"""Files of other projects' packages for pages, as ``packages.toml`` names them."""
