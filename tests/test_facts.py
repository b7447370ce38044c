"""What is defined in Python is not written down again in JavaScript: words, codes, colours, speeds, formats and margins."""

import itertools
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import pytest

from gradient.compare import SMALLEST
from gradient.link import constants
from gradient.run import MAX_STEPS
from gradient.views import plane, sentences, style
from gradient.views.map_ticks import SUPERSCRIPTS
from gradient.views.ticks import ROUND_STEPS
from gradient.views.transport import SPEEDS
from tests.conftest import ROOT

FILES = [file for room in ("views", "link", "adapters", "publish") for file in sorted((ROOT / "gradient" / room).rglob("*.js"))]
NAMES = [str(file.relative_to(ROOT)) for file in FILES]

MIN_PIECE = 8  # letters of a sentence that are found inside of a longer literal

_TOKEN = re.compile(
    r"""(?P<comment>//[^\n]*|/\*.*?\*/)
    |(?P<string>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)
    |(?<![\w.$\#])(?P<number>\d[\d_]*(?:\.\d*)?(?:e[+-]?\d+)?|\.\d+)""",
    re.DOTALL | re.VERBOSE | re.IGNORECASE,
)
_EXPRESSION = re.compile(r"\$\{([^{}]*)\}")
_PLACEHOLDER = re.compile(r"\{\w+\}|[\[\]]")
_DURATION = re.compile(r"\b\w+_MS = [\d_.]+")  # times are JavaScript's own
# A code that is compared with a literal, like `plane_case === 0` or `kind === "slider"`.
_CODE = re.compile(
    r"\b(?:verdict|plane_?case|exit_?step|diverged_?step)\W{0,4}\s*[!=]==?\s*-?\d|\bcase\s+\d"
    rf"|\bkind\s*[!=]==?\s*.(?:{'|'.join(constants.KINDS.values())})\b",
    re.IGNORECASE,
)


class Literals(NamedTuple):
    """The texts and the numbers that a source writes down, in their order."""

    texts: list[str]
    numbers: list[float]


def literals(source: str) -> Literals:
    texts, numbers = list[str](), list[float]()
    for token in _TOKEN.finditer(source):
        if token["string"]:
            text = token["string"][1:-1]
            texts += _EXPRESSION.split(text)[::2]
            numbers += [number for inner in _EXPRESSION.findall(text) for number in literals(inner).numbers]
        elif token["number"]:
            numbers.append(float(token["number"].replace("_", "")))
    return Literals(texts, numbers)


def flat(value: Any) -> Iterator[str]:
    """All strings in the values of a nested record."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | tuple | list):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from flat(part)


CONSTANTS = [value for name, value in vars(constants).items() if name.isupper()]
WORDS = {word for name, value in vars(sentences).items() if name.isupper() for word in flat(value)} | set(SPEEDS)
WHOLE = {word for word in WORDS if len(word) > 1} | {value for value in CONSTANTS if isinstance(value, str)}
PIECES = {piece.strip() for word in WORDS for piece in _PLACEHOLDER.split(word) if len(piece.strip()) >= MIN_PIECE}
SIGNS = "".join(sign for key, sign in SUPERSCRIPTS.items() if key.isdigit())
COLOURS = {value for name, value in vars(style).items() if name.isupper() and isinstance(value, str) and value.startswith("#")}
# A small number is no sign of anything, and neither is a millionth.
NUMBERS = {float(MAX_STEPS), SMALLEST, *(value for value in CONSTANTS if isinstance(value, float))} - {constants.TOLERANCE}
STEPS = tuple(itertools.chain(*ROUND_STEPS))
SEQUENCES = [tuple(map(float, SPEEDS.values())), style.MARGINS, tuple(map(abs, plane.TICKS)), STEPS]


def written_again(source: str) -> list[str]:
    """The facts of Python that stand in a source of JavaScript."""
    texts, numbers = literals(_DURATION.sub("", source))
    return [
        *(text for text in texts if text.strip() in WHOLE or SIGNS in text),
        *(piece for piece in PIECES for text in texts if _has(text, piece) and text.strip() not in WHOLE),
        *(colour for colour in COLOURS for text in texts if colour.lower() in text.lower()),
        *(f"{number:g}" for number in numbers if number in NUMBERS),
        *(str(sequence) for sequence in SEQUENCES if _contains(numbers, sequence)),
        *(match[0] for match in _CODE.finditer(re.sub(r"//[^\n]*|/\*.*?\*/", "", source, flags=re.DOTALL))),
    ]


def _has(text: str, piece: str) -> bool:
    """Whether a piece stands in a text, and not in a longer word or name."""
    return re.search(rf"(?<!\w){re.escape(piece)}(?!\w)", text) is not None


def _contains(numbers: list[float], sequence: Iterable[float]) -> bool:
    wanted = list(sequence)
    return any(numbers[i : i + len(wanted)] == wanted for i in range(len(numbers) - len(wanted) + 1))


@pytest.mark.parametrize("name", NAMES)
def test_no_fact_of_python_is_written_again(name: str) -> None:
    assert written_again((ROOT / name).read_text()) == []


def test_there_are_facts_and_sources() -> None:
    assert len(FILES) > 15
    assert len(WORDS) > 40
    assert len(PIECES) > 20
    assert len(COLOURS) > 5


# The check can fail.

COPIES = [
    ('const CODES = ["converged", "bouncy"];', "converged"),
    ('pill.textContent = "Going down";', "Going down"),
    ('const SPEEDS = [["A", 4], ["B", 12], ["C", 40]];', "(4.0, 12.0, 40.0)"),
    ('speed.title = "Normal";', "Normal"),
    ("const text = `leaves the map at step ${step}`;", "leaves the map"),
    (
        "words.textContent = 'Sorry. The server cannot be reached. This page keeps working in your browser.';",
        "The server cannot",
    ),
    ('context.fillStyle = "#D55E00";', style.PATH),
    ("const margins = [62, 36, 84, 46];", str(style.MARGINS)),
    ("const ticks = [-0.5, 0, 0.5, 1, 1.5];", str(tuple(map(abs, plane.TICKS)))),
    ("const past = 2e2;", "200"),
    ("Math.log(Math.max(loss, 1e-37))", "1e-37"),
    ("const steps = [[1, 0], [2, 0], [2.5, 1], [5, 0]];", str(STEPS)),
    ('const raised = "⁰¹²³⁴⁵⁶⁷⁸⁹";', SIGNS),
    ("return size >= 100_000 ? value.toExponential(2) : value;", "100000"),
    ('if (link.get("state") === "kernel") stop();', "kernel"),
    ("`${Math.min(step, 200)} steps`", "200"),
    ("if (frame.plane_case === 0) drawMark();", "plane_case === 0"),
    ('switch (model.get("verdict")) { case 1: stop(); }', "case 1"),
    ('if (kind === "slider") return onStep(value, model);', 'kind === "slider'),
]


@pytest.mark.parametrize(("source", "fact"), COPIES)
def test_a_fact_that_is_written_again_is_found(source: str, fact: str) -> None:
    assert [found for found in written_again(source) if fact in found], f"not found: {fact}"


@pytest.mark.parametrize(
    "source",
    [
        '// converged, "Going down", 200\n/* leaves the map at step, #d55e00 */ const x = 1;',
        'if (place === BROWSER || place === "kernels") go(12, 4, 40);',
        "const [a, b] = [words.reset, theme.colours.path]; draw(0.5, 1, 1.5, -1200, x200, 0.200);",
        'element.className = "techni-step"; model.get("step");',
        "const WAIT_MS = 200; setTimeout(act, WAIT_MS);",
    ],
)
def test_other_literals_are_no_facts(source: str) -> None:
    assert written_again(source) == []
