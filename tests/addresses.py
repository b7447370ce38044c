"""Addresses that anybody could type, paste or break, and the page's side of `address` without a page."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

from gradient.app import App
from gradient.link.modules import esm
from gradient.optimizers import sliders
from gradient.views.tree import descendants
from tests.conftest import ROOT

NAMES = ["problem", "optimizer", "rate", *sliders(), "steps", "w", "b", "key", "step"]
NAMES += ["data", "model", "standardize", "scale", "residuals", "speed", "repeat", "map", "compare", "hide", "title", "play"]
WORDS = [
    "wave",
    "line",
    "network",
    "Wave",
    "adam",
    "momentum",
    "gradient_descent",
    "yours",
    "cars",
    "noisy_wave,0.5",
    "1,2;3,4.5;-5e-1,6",
    "power_law",
    "linear",
    "starts",
    "fast",
    "slow",
    "1",
    "0",
]
ODD = [
    "1,2",
    "1,2;3",
    "1,2;1e13,3",
    "nan,1;2,3",
    "noisy_line,2",
    "cars,x",
    ";,",
    "",
    "nan",
    "NaN",
    "Infinity",
    "-0",
    "1e999",
    "-1e-999",
    "0x10",
    "1,5",
    "½",
    "−1",
    "__proto__",
    "constructor",
    "null",
]
ODD += ["<script>document.title = 1</script>", "<img src=x onerror=throw>", "javascript:throw 1", "%", "%E0%A4%A", "%00", "%ff"]
ODD += [
    "'\"`;</style>{}",
    "😀" * 30,
    "\u202eabc",
    "%F0%9F%98%80",
    "+" * 50,
    "a" * 5000,
    "=",
    "==",
    "&",
    "#",
    "..",
    "/" * 40,
    "{name}",
]
RUNS = ["adam,rate=0.1,b1=0.9", "nesterov,momentum=0.5", "2:rmsprop,decay=0.3", "adam,rate=99", "9:adam", "0:adam", "x", ""]


def random_address(draw: random.Random) -> str:
    """A fragment that may be right in part."""
    if draw.random() < 0.1:
        return "#" + "".join(chr(draw.choice([draw.randrange(32, 127), draw.randrange(160, 0xD7FF)])) for _ in range(60))
    pairs = [f"{_name(draw)}={_text(draw)}" for _ in range(draw.randrange(1, 12))]
    return "#" + "&".join([*draw.choices(["v=1", "v=2", "v", "v=x"], [30, 1, 1, 1]), *pairs])


def _name(draw: random.Random) -> str:
    return draw.choice(NAMES) if draw.random() < 0.9 else draw.choice(ODD)


def _text(draw: random.Random) -> str:
    kind = draw.randrange(5)
    if kind == 0:
        return draw.choice(ODD)
    if kind == 1:
        return ",".join(draw.choices(NAMES, k=draw.randrange(1, 4)))
    if kind == 2:
        return ";".join(draw.choices(RUNS, k=draw.randrange(1, 5)))
    return (
        draw.choice(WORDS) if kind == 3 else str(round(draw.choice([1, 10, 100, 1e6]) * draw.uniform(-1, 1), draw.randrange(9)))
    )


# The page's globals and models, as far as an address uses them.
_PAGE = """
class Model {
  constructor(id, state) { Object.assign(this, { model_id: id, state, acts: {}, widget_manager: manager }); }
  get(name) { return name === "layout" ? { get: () => "" } : this.state[name]; }
  set(state, value) {
    if (typeof state === "string") return this.set({ [state]: value });
    const changed = Object.keys(state).filter((name) => JSON.stringify(this.state[name]) !== JSON.stringify(state[name]));
    Object.assign(this.state, state);
    for (const name of changed) this.trigger(`change:${name}`);
  }
  set_state(state) { this.set(state); }
  save_changes() {}
  on(events, act) { for (const event of events.split(" ")) (this.acts[event] ??= new Set()).add(act); }
  off(events, act) { for (const event of events.split(" ")) this.acts[event]?.delete(act); }
  once(events, act) { this.on(events, act); }
  trigger(event) { for (const act of this.acts[event] ?? []) act(); }
}
const acts = {};
const { states, own, addresses } = JSON.parse(await (await import("node:fs/promises")).readFile(process.argv[2], "utf8"));
const models = new Map();
const manager = { get_model: async (id) => models.get(id), has_model: (id) => models.has(id) };
for (const [id, state] of Object.entries(states)) models.set(id, new Model(id, state));
const go = (state, title, url) => { location.hash = url; };
Object.assign(globalThis, {
  document: { body: { dataset: {} } },
  location: { hash: "", pathname: "/" },
  history: { state: null, pushState: go, replaceState: go },
  sessionStorage: { getItem: () => null, setItem() {}, removeItem() {} },
  addEventListener: (event, act) => { acts[event] = act; },
});
const find = (reference) => models.get(reference.slice("IPY_MODEL_".length));
for (const choice of states[own].spec.after.map(find)) {
  const { sources, table } = choice.get("spec");
  const at = (values) => sources.reduce((found, [id, trait]) => found[find(id).get(trait)], values);
  const set = () => table.forEach(([id, trait, values]) => find(id)?.set({ [trait]: at(values) }));
  for (const [id, trait] of sources) find(id).on(`change:${trait}`, set);
  choice[Symbol.for("jaxlink.ready")] = true;
}
const module = await import(process.argv[3]);
const model = models.get(own);
module.default.initialize({ model: Object.assign(model, { widget_manager: manager }) });
await new Promise((done) => setTimeout(done));
const look = () => {
  model.trigger("jaxlink:tell");
  const { parts: all } = model.get("spec");
  const parts = all.map(({ name, model: id, traits }) => [name, traits.map((trait) => find(id).get(trait))]);
  return { parts: Object.fromEntries(parts), refused: model.get("refused"), fragment: model.get("fragment") };
};
const seen = addresses.map((hash) => {
  location.hash = hash;
  acts.hashchange();
  const first = look();
  location.hash = "";
  acts.hashchange();
  location.hash = first.fragment;
  acts.hashchange();
  return [first, look()];
});
process.stdout.write(JSON.stringify(seen), () => process.exit());
"""


def followed(addresses: list[str], folder: Path) -> list[list[dict[str, Any]]]:
    """What the app's page is set to by each address, and then by the one that it writes itself: parts, refused, fragment."""
    app = App()
    states = {
        widget.model_id: widget.get_state()
        for widget in [app, app.fitted, *descendants(app), app.address, *app.address.spec["after"]]
    }
    given = {"states": states, "own": app.address.model_id, "addresses": addresses}
    (folder / "given.json").write_text(json.dumps(given, default=lambda _: None))
    (folder / "address.mjs").write_text(esm(ROOT / "gradient" / "views" / "app_address.js"))
    (folder / "page.mjs").write_text(_PAGE)
    app.close()
    command = ["node", str(folder / "page.mjs"), str(folder / "given.json"), str(folder / "address.mjs")]
    found = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert found.returncode == 0, found.stderr[-2000:]
    return json.loads(found.stdout)
