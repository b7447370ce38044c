"""Facts that Python and JavaScript share. `esm` writes them into modules that import `constants.js`."""

import json
from enum import StrEnum

# The states of a link: who computes, and why. The first two are also the values of `JaxLink.where`.
BROWSER = "browser"
KERNEL = "kernel"  # because `where` says so; in the states below the kernel computes, too
UNLINKABLE = "unlinkable"  # a page lacks one of the traits
UNCOMPILED = "uncompiled"  # there is no program for the present choice
UNSUPPORTED = "unsupported"  # a browser can run no program
STOPPED = "stopped"  # a program has failed on a page

STATES = [BROWSER, KERNEL, UNLINKABLE, UNCOMPILED, UNSUPPORTED, STOPPED]


class Kind(StrEnum):
    """Which values a trait takes; `ANY` takes whatever it is given."""

    TEXT = "text"
    TEXTS = "texts"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    NUMBER = "number"
    INTEGERS = "integers"
    NUMBERS = "numbers"
    SLIDER = "slider"
    SLIDERS = "sliders"
    ANY = "any"


KINDS = {kind.name: kind.value for kind in Kind}
ROUNDING = [Kind.INTEGER, Kind.INTEGERS, Kind.SLIDER, Kind.SLIDERS]  # those that do not take every number as it is

MAX_ROUNDS = 100  # of a circle of links in one event: those that settle need fewer
CAUSE_LENGTH = 10_000  # of the names of traits that a request follows from
MAX_DEPTH = 10  # of the applications of a table within each other, in a circle of tables
CONTRADICTION = "The links contradict each other, so they were stopped."

# How numbers in sentences look. Whole numbers below WHOLE_LIMIT are written out. All others have SIGNIFICANT_DIGITS, and an
# exponent from EXPONENT_FROM upwards and below EXPONENT_BELOW.
SIGNIFICANT_DIGITS = 3
WHOLE_LIMIT = 1e6
EXPONENT_FROM = 1e5
EXPONENT_BELOW = 1e-3
NOT_A_NUMBER = "not a number"
INFINITE = "infinity"
NEGATIVE_INFINITE = "−infinity"

STEP_DIGITS = 12  # of a slider's steps, which are sums of floats
TOLERANCE = 1e-6  # a few roundings to float32
VERSION_NAME = "v"  # of a page's names and meanings, in its address


def constants_module() -> str:
    """The constants above as JavaScript."""
    constants = {name: value for name, value in globals().items() if name.isupper()}
    return "".join(f"const {name} = {json.dumps(value, ensure_ascii=False)};\n" for name, value in constants.items())
