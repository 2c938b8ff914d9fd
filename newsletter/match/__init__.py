"""Which of the day's papers a subscriber would have found by hand. Arithmetic only: no I/O, no clock."""
