"""What a paper says, in a few words: taken from its abstract, or asked for and checked. No I/O."""
