"""Data of unusual size on a page that is open already: its own data, axes and sliders are set to those of other problems."""

import numpy as np

from gradient import Problem
from gradient.problem_links import _nearest_start, _range
from gradient.problems import NUM_POINTS, line
from gradient.views.fit import Fit
from tests.app_page import AppPage

U = np.linspace(0, 1, NUM_POINTS)
NOISE = np.random.RandomState(0).normal(size=NUM_POINTS)


def _line(name: str, x: np.ndarray, y: np.ndarray, start: tuple[float, float], size: tuple[float, float]) -> Problem:
    w, b = size
    return Problem(name, line, x, y, start=start, domain=((-w, w), (-b, b)))


YEARS = _line("Years", 1900 + 120 * U, 14 + U + 0.1 * NOISE, (0.0, 0.0), (0.05, 50.0))
BILLIONS = _line("Billions", 1e9 + 4e9 * U, 4 + 12 * U + 0.1 * NOISE, (0.0, 0.0), (1e-8, 5.0))
SIGNS = _line("Signs", 2 * U - 1, -620 + 640 * U + 40 * NOISE, (-420.0, 380.0), (500.0, 500.0))
HUGE = _line("Huge", 2 * U - 1, 5e7 * U + 1e6 * NOISE, (-4.2e7, -3.8e7), (5e7, 5e7))
SMALL = _line("Small", 2 * U - 1, 1e-3 * U + 5e-5 * NOISE, (-0.00312, 0.002), (0.005, 0.005))
FLAT = _line("Flat", 2 * U - 1, 0.5 * U + 3 * NOISE, (1.0, 1.0), (3.0, 3.0))
ODD = [YEARS, BILLIONS, SIGNS, HUGE, SMALL, FLAT]

_SHOW = """async ({ x, y, axes, scales, sliders }) => {
  const manager = window.jupyterapp?.widgetManager ?? window.widgetManager;
  const models = await Promise.all(Object.values(manager._models));
  const figure = models.find((model) => model.get("_dom_classes")?.includes("techni-fit"));
  const data = figure.get("marks")[1];
  figure.get("axes").forEach((axis, i) => axis.set_state(axes[i]));
  figure.get("axes").forEach((axis, i) => axis.get("scale").set_state(scales[i]));
  for (const [name, { value, ...limits }] of Object.entries(sliders)) {
    const slider = models.find((model) => model.get("description") === name);
    slider.set({ ...limits, value });
    slider.save_changes();
  }
  data.set({ x: Float32Array.from(x), y: Float32Array.from(y) });
  data.save_changes();
  const frame = () => new Promise((done) => requestAnimationFrame(done));
  await frame();
  await frame();
}"""


def show(app: AppPage, problem: Problem) -> None:
    """Shows a line through other data, on a page that has chosen the line; another choice sets everything back."""
    fit = Fit()
    preset = {trait: np.asarray(value).tolist() for trait, value in fit.axes_preset(problem).items()}
    x_low, x_high, y_low, y_high = fit.view_of(problem)
    scales = [{"min": x_low, "max": x_high}, {"min": y_low, "max": y_high}]
    axes = [{name: value for (widget, name), value in preset.items() if widget is axis} for axis in fit.axes]
    sliders = {
        f"Initial {name}": {
            **{trait: value for (_, trait), value in _range(app, *interval).items()},
            "value": _nearest_start(float(value), interval),
        }
        for name, value, interval in zip("wb", problem.start, problem.domain, strict=True)
    }
    state = {"x": problem.x.tolist(), "y": problem.y.tolist(), "axes": axes, "scales": scales, "sliders": sliders}
    app.page.evaluate(_SHOW, state)
    fit.close()
