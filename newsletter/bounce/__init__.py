"""What a mail that came back says: whom it is about, and what became of their mail. No I/O, no clock."""
