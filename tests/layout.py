"""What of the app overlaps, is cut, or moves, in a window of any size."""

import re

from playwright.sync_api import TimeoutError, expect

from tests import odd_data
from tests.app_page import AppPage

# The sliders' names and numbers that are wider than their boxes.
CUT_TEXTS = """() => [...document.querySelectorAll(".techni-sliders :is(.widget-label, .widget-readout)")]
  .filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).map(({ textContent }) => textContent)"""

# The choices that are narrower than their longest words.
CUT = """() => [...document.querySelectorAll(".techni-app select")].filter((choice) => {
  const { offsetWidth, style } = choice;
  const before = style.cssText;
  style.cssText = "flex: none !important; width: max-content !important; max-width: none !important";
  const isCut = choice.offsetWidth > offsetWidth;
  style.cssText = before;
  return isCut;
}).map((choice) => choice.outerHTML)"""

# What is cut, or lies over the title, where a problem and an optimizer have longer names than the package's.
CUT_LONG_NAMES = f"""() => {{
  const [problem, optimizer] = document.querySelectorAll(".techni-choices select");
  const names = [[problem, "Cubic polynomial"], [optimizer, "RMSProp with momentum"]];
  for (const [choice, name] of names) choice.add(new Option(name));
  const title = document.createRange();
  title.selectNodeContents(document.querySelector(".techni-title h1"));
  const [before, after] = [title, problem.closest(".techni-choices")].map((part) => part.getBoundingClientRect());
  const cut = [...({CUT})(), ...(before.right > after.left && before.bottom > after.top ? ["the title"] : [])];
  for (const [choice] of names) choice.remove(choice.length - 1);
  return cut;
}}"""


# Which parts with words or numbers lie over one another, and which are cut by what is around them, or reach beyond the window.
UNREADABLE = """() => {
  document.querySelector(".techni-title").scrollIntoView(); // on a phone the loss curve sticks to the top
  const names = [".techni-title :is(h1, p)", ".techni-choices > *",
    ".techni-sliders :is(.widget-label, .widget-readout, .techni-strip-words span)",
    ".techni-heading :is(h2, span, em)", ".techni-fit-place > .widget-checkbox", ".techni-loss-place > .widget-dropdown",
    ".techni-buttons", ".techni-step", ".techni-speed", ".techni-reset", ".techni-readout dl > div", ".techni-verdict > *",
    ".techni-arithmetic :is(p span, summary)", ".techni-advice > *", ".techni-compute > *", ".bqplot .axis text"];
  // bqplot leaves ticks of before on an axis, and makes them transparent.
  const isClear = (element) => Number(element.closest(".tick")?.getAttribute("opacity") ?? 1) < 0.01;
  const isSeen = (element) => element.getClientRects().length && element.textContent.trim() && !isClear(element);
  const elements = [...document.querySelectorAll(names.join())].filter(isSeen);
  const boxOf = (element) => {
    if (element.matches("text")) return element.getBoundingClientRect();
    const words = document.createRange();
    words.selectNodeContents(element);
    return (element.matches(".widget-hbox, .widget-inline-hbox, button, fieldset") ? element : words).getBoundingClientRect();
  };
  const boxes = elements.map(boxOf);
  const found = [];
  const shared = (a, b, low, high) => Math.min(a[high], b[high]) - Math.max(a[low], b[low]);
  const meets = (a, b) => shared(a, b, "left", "right") > 1 && shared(a, b, "top", "bottom") > 1;
  const wordsOf = (i) => elements[i].textContent.trim().slice(0, 40);
  boxes.forEach((box, i) => {
    for (let j = i + 1; j < boxes.length; j++) if (meets(box, boxes[j])) found.push(`${wordsOf(i)} / ${wordsOf(j)}`);
    if (box.left < 0 || box.right > innerWidth) found.push(`${wordsOf(i)} beyond the window`);
    for (let around = elements[i].parentElement; around && !around.matches(".techni-app"); around = around.parentElement) {
      if (getComputedStyle(around).overflow !== "hidden") continue;
      const { left, right, top, bottom } = around.getBoundingClientRect();
      const isCut = box.left < left - 1 || box.right > right + 1 || box.top < top - 1 || box.bottom > bottom + 1;
      if (isCut) found.push(`${wordsOf(i)} cut by ${around.className}`);
    }
  });
  return found;
}"""

# Settings with the longest words and numbers: a problem, an optimizer, and keys for the learning rate.
LONGEST = [
    ("Wave", "Momentum", ()),
    ("Line", "Adam", ("Home",)),
    ("Line", "Momentum", ("End",)),
    ("Network", "Adam", ()),
    ("Network", "Gradient descent", ("End",)),
    ("Wave", "Nesterov", ("Home",)),
]


def set_to(app: AppPage, problem: str, optimizer: str, keys: tuple[str, ...]) -> None:
    app.choose("Problem", problem)
    app.choose("Optimizer", optimizer)
    for key in keys:
        app.press("Learning rate", key)
    app.settle()


def expect_readable(app: AppPage) -> None:
    """Nothing overlaps or is cut, and each strip has room for the words of its marks."""
    for setting in LONGEST:
        set_to(app, *setting)
        for slider in app.page.locator(".techni-swept [role=slider]:visible").all():
            slider.focus()
            wait_until_readable(app, setting)
        assert app.page.evaluate(CUT_TEXTS) == [], setting


def wait_until_readable(app: AppPage, setting: object) -> None:
    """Nothing overlaps but for a moment, in which bqplot moves the numbers of an axis as it was."""
    try:
        app.page.wait_for_function(f"() => ({UNREADABLE})().length === 0")
    except TimeoutError:
        assert app.page.evaluate(UNREADABLE) == [], setting


def overflowing(app: AppPage) -> list:
    """The elements that are seen, and not only folded away, and reach beyond the window's sides."""
    return app.page.evaluate(
        """() => [...document.querySelectorAll('.techni-grid *')].filter(e => {
          const box = e.getBoundingClientRect();
          const spoken = e.closest('.techni-spoken, svg, .noUi-target');
          return !spoken && e.checkVisibility() && box.width && (box.right > innerWidth + 1 || box.left < -1);
        }).map(e => e.outerHTML.slice(0, 200))"""
    )


# Where in the app the pictures and the controls that are seen lie, by their names.
PLACES = """() => {
  document.querySelector(".techni-title").scrollIntoView();
  const pictures = ".techni-field, .techni-fit-place, .techni-loss-place";
  const controls = "select, input:not([type=radio]), button:not(.techni-handle), .widget-slider, fieldset, summary";
  const app = document.querySelector(".techni-grid").getBoundingClientRect();
  const nameOf = (part) => {
    if (part.matches(pictures)) return part.className;
    return part.ariaLabel ?? (part.querySelector(".widget-label") ?? part.labels?.[0] ?? part).textContent;
  };
  const seen = [...document.querySelectorAll(`.techni-app :is(${pictures}, ${controls})`)].filter((part) => part.offsetParent);
  return Object.fromEntries(seen.filter((part) => !part.closest(".techni-advice")).map((part) => {
    const { x, y, width, height } = part.getBoundingClientRect();
    return [nameOf(part), [x - app.x, y - app.y, width, height].map(Math.round).join()];
  }));
}"""


def expect_fixed_places(app: AppPage, *more: tuple[str, str, tuple[str, ...]]) -> None:
    """Whatever is chosen, nothing moves: what is seen before and after is in its place."""
    before = app.page.evaluate(PLACES)
    for setting in (*LONGEST, *more):
        set_to(app, *setting)
        after = app.page.evaluate(PLACES)
        assert len(before.keys() & after.keys()) >= 18
        assert {name: after.get(name, place) for name, place in before.items()} == before, setting


ADVICE = {
    "Years": "x is too large for any learning rate. Subtract 1960 from it. Divide it by 10.",
    "Billions": "x is too large for any learning rate. Subtract 3.00e+9 from it. Divide it by 1.00e+9.",
}


def expect_room_for_odd_data(app: AppPage) -> None:
    """Years, billions, three digits and a sign, and losses between two powers of ten."""
    set_to(app, "Line", "Momentum", ())
    for problem in odd_data.ODD:
        odd_data.show(app, problem)
        expect(app.page.locator(".techni-advice span")).to_have_text(ADVICE.get(problem.name, re.compile("^$|ends lower")))
        wait_until_readable(app, problem.name)
        assert app.page.evaluate(CUT_TEXTS) == [], problem.name
    app.choose("Loss axis", "Linear")
    for problem in (odd_data.YEARS, odd_data.SMALL):
        odd_data.show(app, problem)
        wait_until_readable(app, problem.name)
    app.choose("Loss axis", "Logarithmic")
