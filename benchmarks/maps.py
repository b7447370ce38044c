"""How soon a map of descents is seen after a key, and how long JAX takes for the same descents, as a Markdown table.

    python -m benchmarks.maps [--presses 20] [--save]

For each problem and map: milliseconds from a key until an animation frame shows the first cells of the new map, and until one
shows all of them, as medians; and what `jax.jit(vmap)` takes in this process for all of the map's descents. The key changes the
momentum for a map of starts, and the steps for any other. The page's program runs in a worker of headless Chromium.
"""

import argparse
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from playwright.sync_api import Page

from benchmarks.chromium import chromium
from benchmarks.results import Column, add_save_option, reporting
from benchmarks.scenarios import NOTEBOOK, serving, voila
from benchmarks.timed_page import TIMEOUT_MS
from benchmarks.wasm import median_ms
from gradient.compare import columns, rules
from gradient.descent import iterate
from gradient.maps import MapKind, layout, second_axes
from gradient.optimizers import OPTIMIZERS, sliders
from gradient.problems import PROBLEMS, Problem
from gradient.sweep import swept_rates

OPTIMIZER = "momentum"
MAPS = {"Line": MapKind, "Wave": MapKind, "Network": (MapKind.LOSS, MapKind.SETTINGS)}
KEYS = {MapKind.STARTS: "Momentum", MapKind.SETTINGS: "Steps"}
COLUMNS = [
    Column("problem", "Problem"),
    Column("map", "Map"),
    Column("descents", "Descents", ",d"),
    Column("steps", "Steps", "d"),
    Column("first", "First cells (ms)", ".0f"),
    Column("all", "All cells (ms)", ".0f"),
    Column("jax", "jax.jit(vmap) (ms)", ".0f"),
]

# Presses a key on the focused slider; resolves with the times until the first and until all slices of new settings are seen.
PRESS = """async ([slices, key]) => {
  const models = await Promise.all(Object.values((window.jupyterapp ?? window).widgetManager._models));
  const maps = models.find((model) => model.get("layouts"));
  const settings = () => String(new Float32Array(maps.get("settings").value.buffer));
  const [before, taken, times] = [settings(), new Set(), []];
  return await new Promise((done) => {
    const follow = () => {
      if (settings() === before || taken.has(maps.get("done"))) return;
      taken.add(maps.get("done"));
      const [isFirst, isLast] = [taken.size === 1, taken.size === slices];
      requestAnimationFrame(() => {
        if (isFirst) times.push(performance.now() - start);
        if (!isLast) return;
        maps.off("change", follow);
        done([...times, performance.now() - start]);
      });
    };
    maps.on("change", follow); // it comes when all that a run sets is set
    const start = performance.now();
    document.activeElement.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
  });
}"""


def row_of(problem: Problem) -> np.ndarray:
    """The present row of settings."""
    defaults = {name: h.default for name, h in sliders().items()}
    values = {**defaults, "learning_rate": problem.learning_rate, "momentum": problem.momentum}
    return np.array([list(OPTIMIZERS).index(OPTIMIZER), *(values[name] for name in columns())], np.float32)


def settings_of(problem: Problem, kind: MapKind) -> tuple[np.ndarray, np.ndarray]:
    """The rows of settings and the starts of all descents of a map."""
    cells, row = layout(problem, kind), row_of(problem)
    rows = np.tile(row, (cells.columns * cells.rows, 1))
    starts = np.tile(problem.flat_starts[0], (len(rows), 1))
    if problem.is_planar and kind == MapKind.STARTS:
        sides = [np.linspace(*interval, cells.columns) for interval in problem.domain]
        return rows, np.stack(np.meshgrid(*sides), axis=-1).reshape(-1, 2).astype(np.float32)
    rows[:, 1] = np.tile(swept_rates(), cells.rows)
    if not problem.is_planar:
        return rows, np.repeat(problem.flat_starts, cells.columns, axis=0)
    axis = second_axes()[list(OPTIMIZERS).index(OPTIMIZER)]
    rows[:, axis.place] = np.repeat(axis.values(), cells.columns)
    return rows, starts


def by_jax(problem: Problem, kind: MapKind) -> Callable[[], Any]:
    """What runs all descents of a map at once."""
    rule = rules()[list(OPTIMIZERS).index(OPTIMIZER)]

    def end(row: jax.Array, start: jax.Array) -> jax.Array:
        return iterate(lambda flat: problem.loss(problem.unravel(flat)), start, rule(row), problem.num_steps).losses[-1]

    rows, starts = map(jnp.asarray, settings_of(problem, kind))
    run = jax.jit(jax.vmap(end))
    return lambda: np.asarray(run(rows, starts))


def in_page(page: Page, problem: Problem, kind: MapKind, presses: int) -> list[float]:
    """The medians of the times until the first and until all cells."""
    page.get_by_role("combobox", name="Problem", exact=True).select_option(problem.name)
    page.locator(".techni-maps label").nth(kind).click()
    slices = len(layout(problem, kind).offsets)
    page.get_by_role("slider", name=KEYS[kind], exact=True).focus()
    keys = ("ArrowLeft", "ArrowRight")
    times = [page.evaluate(PRESS, [slices, keys[i % 2]]) for i in range(presses + 4)]
    return np.median(times[4:], axis=0).tolist()  # the browser optimizes a program while it first runs


def main() -> None:
    """Measures all maps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--presses", type=int, default=20)
    add_save_option(parser)
    options = parser.parse_args()
    save_as = "maps" if options.save else None
    with serving(voila(NOTEBOOK)) as url, chromium() as browser, reporting(COLUMNS, save_as) as table:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(TIMEOUT_MS)
        page.goto(url)
        page.locator(".techni-loss g.curve path.line").first.wait_for()
        table.source |= {"browser": browser.version, "jax": jax.__version__}
        for name, kinds in MAPS.items():
            problem = PROBLEMS[name]
            for kind in kinds:
                if kind == MapKind.LOSS:
                    continue
                cells = layout(problem, kind)
                times = in_page(page, problem, kind, options.presses)
                words = "where starts end" if kind == MapKind.STARTS else "settings"
                table.add(name, words, cells.columns * cells.rows, problem.num_steps, *times, median_ms(by_jax(problem, kind)))


if __name__ == "__main__":
    main()
