"""People: who wants the digest, what they want, how they said so; knows nothing of papers."""
