"""The error for a program that breaks a rule."""

from gradient.wasm.errors import CompilerFault


class InvalidProgram(CompilerFault):
    """The compiler has built a program that breaks a rule of its IR or of WebAssembly; `rule` is the name of that rule."""

    def __init__(self, rule: str, detail: str) -> None:
        super().__init__(f"{rule}: {detail}")
        self.rule = rule
