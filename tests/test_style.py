"""Rules of the style sheet that would cost every key press the matching of the whole page."""

import re

from gradient.views.shell import style_sheet

HAS = re.compile(r":has\((?:[^()]|\([^()]*\))*\)([^,{}]*)")
NAMED = re.compile(r"(?:^|[(\s>+~,])(?:[a-z][a-z0-9]*|[.#][\w-]+)")


def unnamed_subjects(css: str) -> list[str]:
    """What stands behind `:has()` in a rule and names its elements by no tag, class or id."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    behind = [tail.strip() for tail in HAS.findall(css)]
    return [tail for tail in behind if re.search(r"[\s>+~]", tail) and not NAMED.search(re.split(r"[\s>+~]+", tail)[-1])]


def test_a_rule_for_any_element_is_recognised() -> None:
    assert unnamed_subjects(".a:has(> .b) > :last-child { top: 0; }") == ["> :last-child"]
    assert unnamed_subjects(".a:has(> [lang]) > :not([lang]) { top: 0; }") == ["> :not([lang])"]
    assert unnamed_subjects(".a:has(.b:not([hidden])) > p, .a:not(:has(.b)) .c { top: 0; }") == []


def test_what_has_a_child_styles_elements_by_name() -> None:
    """A rule for any element behind `:has()` makes Chromium match all elements anew when anything below the first changes."""
    assert unnamed_subjects(style_sheet()) == []
