"""Ways in for what comes back: each turns what it is handed into the bytes of mails."""
