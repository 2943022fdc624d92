"""The one error of reading and writing checkpoints."""


class CheckpointError(Exception):
    """A checkpoint that cannot be used; the message is one sentence for a person.

    It names the file, what is wrong with it, and what to do.
    """


def one_line(error: object, limit: int = 120) -> str:
    """Text of others as a part of a sentence: in one line, printable, not too long."""
    text = " ".join(str(error).split())
    text = "".join(c if c.isprintable() else "?" for c in text).rstrip(".")
    return text if len(text) <= limit else text[: limit - 1] + "…"
