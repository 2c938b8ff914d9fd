"""Handing mails over: the port, the relay, the outbox folder."""
