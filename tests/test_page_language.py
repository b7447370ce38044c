"""The page in another language: its words, its numbers, its prose and its address, and back without a trace."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from gradient.views.languages import LANGUAGES
from tests.app_page import AppPage
from tests.conftest import SIZES, Server, watched
from tests.page_settings import in_settings
from tests.test_languages import named, words_of

ENGLISH, FRENCH = LANGUAGES[:2]
LOSS = ".techni-readout [data-name=loss]"
# Words that both languages have, and such as are parts of numbers and formulas, tell nothing.
_OWN = {*words_of(FRENCH).values(), *FRENCH.words.NAMES.values()}
_FOREIGN = sorted({text for text in [*words_of(ENGLISH).values(), *named()] if len(text) > 3 and "{" not in text} - _OWN)

# Which of some texts the page has in its elements, their labels, titles and options; bqplot hides buttons of its own.
_FOUND = """(texts) => {
  const root = document.querySelector(".techni-app");
  const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  const shown = new Set();
  while (walker.nextNode()) if (!walker.currentNode.parentElement.closest("style")) shown.add(walker.currentNode.data.trim());
  for (const name of ["aria-label", "title", "placeholder"])
    for (const element of root.querySelectorAll(`[${name}]:not(.toolbar_div *)`)) shown.add(element.getAttribute(name));
  return texts.filter((text) => shown.has(text));
}"""


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    in_settings(metafunc, of_the_window=[name for name in globals() if name.startswith("test_")])


@pytest.fixture
def app(wide: AppPage) -> Iterator[AppPage]:
    wide.reset()
    yield wide
    if wide.page.locator(".techni-menu").count() == 0:
        wide.page.locator(".techni-share button[aria-expanded]").click()
    wide.page.locator(".techni-language select").select_option(ENGLISH.name)
    expect(wide.page.locator("html")).to_have_attribute("lang", ENGLISH.code)
    wide.page.locator(".techni-share button[aria-expanded]").click()


def test_the_page_speaks_the_language_that_is_chosen(app: AppPage) -> None:
    page = app.page
    assert len(page.evaluate(_FOUND, _FOREIGN)) > 60
    app.button("More").click()
    page.get_by_label("Name of the exercise").evaluate("(input) => { input.value = 'Exercice 1'; }")
    app.combobox("Language").select_option(FRENCH.name)
    expect(page.locator("html")).to_have_attribute("lang", FRENCH.code)
    page.wait_for_function(f"(texts) => !({_FOUND})(texts).length", arg=_FOREIGN)
    assert page.get_by_label("Nom de l’exercice").input_value() == "Exercice 1"
    expect(page.locator(LOSS)).to_have_text("0,0386")
    expect(page.locator(".techni-loss .axis .tick text", has_text="0,5").first).to_be_attached()
    expect(page.get_by_role("heading", name="Ce que l’on voit")).to_be_visible()
    expect(page.get_by_role("heading", name="What you see")).to_be_hidden()
    app.choose("Problème", "Réseau")
    expect(page.locator(".techni-title p:visible")).to_have_text(FRENCH.words.PLANE_TAGLINE)
    app.choose("Problème", "Sinusoïde")
    number = page.get_by_role("textbox", name="Taux d’apprentissage, en chiffres")
    number.fill("0,2")
    number.press("Enter")
    expect(number).to_have_text("0,200")
    number.press("Enter")
    expect(number).to_have_text("0,200")
    written = "['problem=wave', 'optimizer=momentum', 'rate=0.2'].every((part) => location.hash.includes(part))"
    page.wait_for_function(f"() => document.body.dataset.voila === undefined || {written}")
    account = page.locator(".techni-took")
    expect(account).to_contain_text("dans votre navigateur")
    page.locator(".techni-share button[aria-expanded]").click()  # the menu may lie over the button
    app.button("Réinitialiser").click()


def addresses_asked_by(page: Page) -> list[str]:
    """The addresses that a page will have asked for."""
    addresses: list[str] = []
    page.on("request", lambda request: addresses.append(request.url))
    return addresses


def test_a_page_begins_in_the_language_of_its_address_or_its_browser(browser: Browser, site: Server) -> None:
    """A page without a kernel loads the words of another language only then."""
    for locale, fragment, code in (("fr-CA", "", "fr"), ("fr-FR", "#lang=en", "en"), ("de-DE", "#problem=wave&lang=fr", "fr")):
        options: dict[str, Any] = {**SIZES["wide"], "locale": locale, "service_workers": "block"}
        with watched(browser.new_context(**options)) as context:
            page = context.new_page()
            asked = addresses_asked_by(page)
            page.goto(site.url + fragment)
            for element in ("html", ".techni-app"):
                expect(page.locator(element)).to_have_attribute("lang", code)
            expect(page.locator(LOSS)).to_have_text("0,0386" if code == "fr" else "0.0386")
            assert any("words" in address for address in asked) is (code == "fr")
            page.reload()
            expect(page.locator(".techni-app")).to_have_attribute("lang", code)
