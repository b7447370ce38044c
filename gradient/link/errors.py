"""What `jaxlink` and `choose` raise in the cell that makes a mistake."""


class LinkError(ValueError):
    """A link that cannot be made; nothing of it is left. Its message names the argument and says what to do."""
