"""One Python API over many music servers."""
