"""What this package changes in ipywidgets' own script, which it does not promise to keep; ipywidgets itself is not imported."""

# What the part of the script has in it that looks for the model of an output.
LOOKING = "widget model not found"


def with_patience(script: str) -> str:
    """The part of the script that looks for models, as a statement, with a clock that is thirty times as slow.

    It gives up after two seconds, in which a busy device makes no models, and the output stays an error. There is no option for
    that: so it waits a minute. This part uses the clock for nothing else.
    """
    return f"((Date) => {{\n{script}\n}})({{ now: () => Date.now() / 30 }});"
