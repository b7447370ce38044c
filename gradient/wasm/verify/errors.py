"""The error for a program that breaks a rule of the IR."""


class InvalidProgram(ValueError):  # noqa: N818 - it is the program that is invalid
    """The compiler has built a program that breaks a rule of its IR; `rule` is the name of that rule."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(f"{rule}: {detail}. This is a bug in the compiler, in the rule or the pass that built it.")
        self.rule = rule
