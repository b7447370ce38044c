"""The verifier: the rules that every program of the IR obeys, checked after lowering and after each optimization pass.

A violation is a bug in a rule or a pass, not in the user's function. `enable` switches it on, as the tests and the fuzzer do;
without it, compiling does not pay for it. The emitted module is always validated (`check_module`).
"""

from collections.abc import Callable, Iterable, Sequence

from gradient.wasm.ir import Buffer, Expr
from gradient.wasm.ir.statements import Statement
from gradient.wasm.verify.errors import InvalidProgram
from gradient.wasm.verify.memory import check_memory
from gradient.wasm.verify.module import check_module
from gradient.wasm.verify.statements import check_statements

__all__ = ["Check", "InvalidProgram", "check_memory", "check_module", "checker", "enable", "is_enabled"]

Check = Callable[[Sequence[Statement], str], None]

_enabled = False


def enable(on: bool = True) -> None:
    """Verifies all programs that are compiled from now on."""
    global _enabled  # noqa: PLW0603 - a switch of the process
    _enabled = on


def is_enabled() -> bool:
    """Whether programs are verified."""
    return _enabled


def checker(readable: Iterable[Buffer], outputs: Iterable[Buffer]) -> Check:
    """A function that checks the statements of a program after a stage; an error names the stage.

    Args:
        readable: the buffers that hold values at the start, arguments and constants.
        outputs: the buffers that the program has to write.
    """
    readable, outputs = set(readable), set(outputs)
    seen: set[Expr] = set()  # expressions do not change, so that each is checked once

    def check(statements: Sequence[Statement], stage: str) -> None:
        if not _enabled:
            return
        try:
            check_statements(statements, readable, outputs, seen)
        except InvalidProgram as error:
            error.add_note(f"after {stage}")
            raise

    return check
