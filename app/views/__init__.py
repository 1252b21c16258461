"""The pages: each a function of what the reader is looking at."""
