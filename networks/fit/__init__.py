"""Train a generator to a picture source."""
