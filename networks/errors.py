"""The one error of reading and writing checkpoints."""


class CheckpointError(Exception):
    """A checkpoint that cannot be used; the message is one sentence for a person.

    It names the file, what is wrong with it, and what to do.
    """
