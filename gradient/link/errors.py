"""What `jaxlink` and `choose` raise in the cell that makes a mistake."""


class LinkError(ValueError):
    """A link that cannot be made; nothing of it is left. Its message names the argument and says what to do."""


_LONGEST = 120  # letters of an exception's message in a sentence


def described(error: Exception) -> str:
    """An exception in a sentence: its type, and the first line of its message if it has one."""
    lines = str(error).strip().splitlines()
    line = lines[0] if lines else ""
    message = line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"
    return f"{type(error).__name__}: {message}" if message else type(error).__name__
