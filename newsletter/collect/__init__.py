"""Where papers come from: one file per kind of source, all speaking through one careful HTTP client."""
