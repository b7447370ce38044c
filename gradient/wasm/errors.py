"""The errors of `compile`."""

from gradient.adapters.jax import Equation, source_of


class UnsupportedPrimitive(NotImplementedError):  # noqa: N818 - the name of the interface
    """A function uses something that has no rule here. The message says what, where, and what to do instead."""


class CompilerFault(RuntimeError):  # noqa: N818 - the name of the interface
    """The compiler has failed at a function that it should compile or refuse."""

    def __init__(self, detail: str) -> None:
        super().__init__(
            f"{detail}. This is a fault of the compiler to WebAssembly, not of your function, which can run in the kernel, "
            "with jax.jit."
        )


_ADVICE = {
    "random": "Draw random numbers outside and pass them in as an argument.",
    "threefry": "Draw random numbers outside and pass them in as an argument.",
    "eigh": "Write a 2×2 decomposition in closed form, or use power iteration for the largest eigenvalue.",
    "eig": "Write a 2×2 decomposition in closed form, or use power iteration for the largest eigenvalue.",
    "svd": "Use power iteration on the product of the matrix and its transpose.",
    "lu": "Write the solution of a small system in closed form, or iterate.",
    "cholesky": "Write it for a small matrix in closed form.",
    "triangular": "Write the substitution as a scan.",
}
_ADVICE_FOR_ALL = "Write it with arithmetic on float32, int32 and bool."


def unsupported(what: str, equation: Equation) -> UnsupportedPrimitive:
    """The error for an equation that cannot be compiled."""
    advice = next((text for key, text in _ADVICE.items() if key in what), _ADVICE_FOR_ALL)
    return located(UnsupportedPrimitive(what, advice), equation)


def located(error: UnsupportedPrimitive, equation: Equation) -> UnsupportedPrimitive:
    """The error with the place in the user's source: of the equation, or of the call that it is part of."""
    where = source_of(equation)
    return complete(error, where) if where else error


def complete(error: UnsupportedPrimitive, where: str) -> UnsupportedPrimitive:
    """The error, whose arguments are what and advice, as a message for the user; unchanged if it is one already."""
    if len(error.args) != 2:
        return error
    what, advice = error.args
    return UnsupportedPrimitive(
        f"{what} cannot be compiled to WebAssembly; it comes from {where}. {advice} "
        "The function can still run in the kernel, with jax.jit."
    )
