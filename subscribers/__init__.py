"""People: who wants the digest, what they want, and how they said so. Knows nothing of papers or mail."""
