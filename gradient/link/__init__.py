"""Joins widgets through functions: `jaxlink` runs a JAX function between their traits, `choose` looks values up in a table.

Both run where a change happens. What a visitor changes, the page answers by itself: `choose` in JavaScript, the function of
`jaxlink` as WebAssembly. What Python changes, Python answers. A function that the browser cannot run, runs in the kernel.
"""

from gradient.link.choose import Choice, choose
from gradient.link.events import Trait, event
from gradient.link.jaxlink import JaxLink, jaxlink
from gradient.link.kernel import KernelRenderer, Transition
from gradient.link.remember import remember

__all__ = ["Choice", "JaxLink", "KernelRenderer", "Trait", "Transition", "choose", "event", "jaxlink", "remember"]
