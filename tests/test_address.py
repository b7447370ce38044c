"""The address of the page: what it sets, what it refuses, and what no address can do."""

import random
import re
from pathlib import Path
from typing import Any

import pytest

from gradient.datasets import DATASETS
from gradient.models import MODELS
from gradient.optimizers import OPTIMIZERS, sliders
from gradient.problems import PROBLEMS, SHIPPED
from gradient.run import MAX_STEPS
from gradient.views.share import LONGEST_TITLE
from tests.addresses import followed, random_address

Seen = dict[str, Any]

EXAMPLE = "#v=1&problem=wave&optimizer=momentum&rate=0.1&momentum=0.7&steps=30&w=0.6&b=-3.5&step=12"
RUNS = "adam,rate=0.1,b1=0.9,b2=0.999;3:nesterov,rate=0.209,momentum=0.5"
ADDRESSES = {
    "the example": EXAMPLE,
    "short": "#problem=network&key=3",
    "all that is brief": "#v=1&scale=linear&residuals=1&speed=fast&repeat=1&map=starts&play=1",
    "runs": f"#v=1&optimizer=rmsprop&compare={RUNS}",
    "a lesson": "#v=1&hide=momentum,optimizer&title=Why%3F+%3Cb%3E",
    "a lesson with a wrong name": "#v=1&hide=problem,optimiser,standardize,data&title=x",
    "kept": f"{EXAMPLE}&theme=dark&present=1",
    "a heading": "#momentum",
    "nothing": "",
    "a data set": "#v=1&problem=yours&data=puromycin",
    "another model": "#v=1&problem=yours&data=puromycin&model=line",
    "no data": "#v=1&problem=yours&data=1,2;3&model=spline",
    "out of range": "#v=1&rate=99&steps=2.5&w=9&momentum=abc&optimizer=adamw&foo=1&v=3",
    "kept in other cases": f"{EXAMPLE}&lang=fr-CA&theme=Dark&embed=0",
    "kept for nothing": f"{EXAMPLE}&lang=xx&theme=pink&present=yes",
    "nothing but what is kept for nothing": "#embed=maybe",
}
NUM_RANDOM = 1000
PROBLEM_NAMES = [problem.name for problem in SHIPPED]
MODEL_NAMES = [*(model.name for model in MODELS), *(problem.name for problem in SHIPPED if problem.fits_own)]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Seen]]:
    found = followed(list(ADDRESSES.values()), tmp_path_factory.mktemp("address"))
    return dict(zip(ADDRESSES, found, strict=True))


def test_an_address_sets_what_it_says(seen: dict[str, list[Seen]]) -> None:
    parts = seen["the example"][0]["parts"]
    names = ("problem", "optimizer", "rate", "momentum", "steps", "w", "b", "step")
    chosen = PROBLEM_NAMES.index("Wave"), list(OPTIMIZERS).index("momentum")
    assert [parts[name][0] for name in names] == [*chosen, 0.1, 0.7, 30, 0.6, -3.5, 12]
    parts = seen["all that is brief"][0]["parts"]
    brief = ("scale", "residuals", "speed", "repeat", "map", "play")
    assert [parts[name] for name in brief] == [[1], [True], [40], [True], [1], [True]]


def test_what_it_leaves_out_follows_from_its_choices(seen: dict[str, list[Seen]]) -> None:
    parts, network = seen["short"][0]["parts"], PROBLEMS["Network"]
    assert (parts["problem"], parts["key"], parts["steps"]) == ([PROBLEM_NAMES.index("Network")], [3], [network.num_steps])
    assert parts["rate"] == [pytest.approx(network.learning_rate)]


def test_runs_have_their_places(seen: dict[str, list[Seen]]) -> None:
    runs, order, is_open = seen["runs"][0]["parts"]["compare"]
    assert (order, is_open) == ([0, 1, 3], True)
    keys, row = list(OPTIMIZERS), len(runs) // 3
    assert [runs[0], runs[row + 1], runs[2 * row]] == [keys.index("adam"), 0, keys.index("nesterov")]
    assert runs[2 * row + 1] == pytest.approx(10**-0.68)


def test_an_address_is_written_as_it_was_read(seen: dict[str, list[Seen]]) -> None:
    for name in ("the example", "kept"):
        written = dict(pair.split("=") for pair in seen[name][0]["fragment"][1:].split("&"))
        assert written.items() >= dict(pair.split("=") for pair in ADDRESSES[name][1:].split("&")).items()
    assert f"compare={RUNS}" in seen["runs"][0]["fragment"]
    assert seen["a lesson"][0]["fragment"].endswith("&hide=optimizer,momentum&title=Why%3F+%3Cb%3E")


def test_what_is_not_used_is_named_with_the_reason(seen: dict[str, list[Seen]]) -> None:
    found = seen["out of range"][0]
    assert found["refused"] == (
        "Not all of the link could be used. The link is of another version of this page, 3. There is no setting foo. "
        f"optimizer is “adamw”, but it can be {', '.join(OPTIMIZERS)}. And 4 more."
    )
    defaults = seen["nothing"][0]["parts"]
    assert {name: found["parts"][name] for name in defaults} == defaults
    assert [name for name, (first, _) in seen.items() if first["refused"]] == [
        "a lesson with a wrong name",
        "no data",
        "out of range",
        "kept for nothing",
        "nothing but what is kept for nothing",
    ]


def test_what_others_cannot_use_is_named_too(seen: dict[str, list[Seen]]) -> None:
    assert seen["kept for nothing"][0]["refused"] == (
        "Not all of the link could be used. lang is “xx”, but it can be en, fr. "
        "theme is “pink”, but it can be auto, light, dark. present is “yes”, but it can be 0, 1."
    )
    assert seen["nothing but what is kept for nothing"][0]["refused"] == (
        "Not all of the link could be used. embed is “maybe”, but it can be 0, 1."
    )
    assert [seen["kept for nothing"][0][name] for name in ("parts", "fragment")] == [
        seen["the example"][0]["parts"],
        f"{seen['the example'][0]['fragment']}&lang=xx&theme=pink&present=yes",
    ]


def test_of_a_lesson_all_names_but_the_wrong_one_are_used(seen: dict[str, list[Seen]]) -> None:
    found = seen["a lesson with a wrong name"][0]
    assert (found["parts"]["hide"], found["parts"]["title"]) == ([["problem", "data", "standardize"]], ["x"])
    assert found["refused"].startswith(
        "Not all of the link could be used. hide is “optimiser”, but it can be problem, optimizer,"
    )


def test_data_and_models_that_cannot_be_read_are_named(seen: dict[str, list[Seen]]) -> None:
    found = seen["no data"][0]
    assert found["refused"] == (
        "Not all of the link could be used. data is “1,2;3”, which is no data set, and no points such as 1,2;3,4.5. "
        f"model is “spline”, but it can be {', '.join(re.sub(r'[^a-z]+', '_', name.lower()) for name in MODEL_NAMES)}."
    )
    defaults = seen["nothing"][0]["parts"]
    assert [found["parts"]["data"][2], found["parts"]["model"]] == [defaults["data"][2], defaults["model"]]


def test_a_data_set_brings_its_model_unless_another_is_named(seen: dict[str, list[Seen]]) -> None:
    names = [model.name for model in MODELS]
    for address, name in (("a data set", "Michaelis–Menten"), ("another model", "Line")):
        assert seen[address][0]["parts"]["model"] == [names.index(name)]


def test_the_address_of_a_heading_changes_nothing(seen: dict[str, list[Seen]]) -> None:
    assert seen["a heading"][0]["parts"] == seen["kept"][1]["parts"] != seen["nothing"][0]["parts"]


def test_no_address_sets_what_a_visitor_could_not(tmp_path: Path) -> None:
    draw = random.Random(0)
    addresses = [random_address(draw) for _ in range(NUM_RANDOM)]
    changed = 0
    for address, (first, again) in zip(addresses, followed(addresses, tmp_path), strict=True):
        assert all(map(is_possible, first["parts"].items())), (address, first["parts"])
        loaded = {name: value for name, value in again["parts"].items() if name != "data"}
        assert (loaded, again["refused"]) == (approximately(first["parts"]), ""), address
        assert again["parts"]["data"][2:4] == first["parts"]["data"][2:4]
        assert len(first["refused"]) < 600
        changed += bool(first["parts"] != again["parts"] or first["fragment"].count("&") > 6)
    assert changed > NUM_RANDOM / 5


RATES = {"rate": (1e-3, 10), **{name: (0, hyperparameter.maximum) for name, hyperparameter in sliders().items()}}
COUNTS = {"steps": (1, MAX_STEPS), "key": (1, max(problem.num_keys for problem in SHIPPED)), "step": (0, MAX_STEPS)}
INDICES = {"problem": SHIPPED, "optimizer": OPTIMIZERS, "model": MODEL_NAMES, "scale": range(2), "map": range(3)}
WHOLE = {**COUNTS, **{name: (0, len(options) - 1) for name, options in INDICES.items()}}
LIMITS = {**RATES, **WHOLE, "w": (-1e12, 1e12), "b": (-1e12, 1e12)}


def is_possible(part: tuple[str, list[Any]]) -> bool:
    """Whether a visitor could set a part of the address to this."""
    name, (value, *others) = part
    if name in LIMITS and not (name in ("w", "b") and not others[0] <= value <= others[1]):
        low, high = LIMITS[name]
        return low <= value <= high and (isinstance(value, int) or name not in WHOLE)
    if name == "compare":
        (order, is_open), row = others, len(value) // 3
        rates = [value[i * row + 1] for i in range(3)]
        return len(set(order)) == len(order) and is_open == (len(order) > 1) and all(0 <= rate <= 10.001 for rate in rates)
    if name == "data":
        return 0 <= others[1] <= len(DATASETS) and 0 <= others[2] <= 1
    if name == "title":
        return isinstance(value, str) and len(value) <= LONGEST_TITLE
    return name == "hide" or value in (True, False) or (name == "speed" and value in (4, 12, 40))


def approximately(parts: dict[str, list[Any]]) -> dict[str, Any]:
    """The same with numbers as an address writes them: to a ten-thousandth of a slider's step."""
    return {
        name: [pytest.approx(v, rel=1e-5, abs=1e-5) if _is_number(v) else _near(v) for v in value]
        for name, value in parts.items()
        if name != "data"  # it is loaded again
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool)


def _near(value: Any) -> Any:
    is_row = isinstance(value, list) and value and all(map(_is_number, value))
    return pytest.approx(value, rel=1e-5, abs=1e-5) if is_row else value
