"""Ways in for what comes back: each turns what it is handed into the bytes of mails."""

LARGEST = 1024 * 1024
"""Octets that are read of a mail, by whatever way: a report stands before what it returns."""
