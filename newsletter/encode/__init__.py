"""Texts as vectors whose nearness is nearness of meaning: the port, and sentence models behind it."""
