"""Where papers come from: one file per kind of source, all through one careful HTTP client."""
