"""Links widgets by functions and tables: `jaxlink` by a JAX function, `choose` by a table.

`remember` keeps controls' values, and `address` has them in the page's address.

A link runs on the side where the change happens. When a visitor changes something, the page applies `choose` in JavaScript and
runs the function of a `jaxlink` as WebAssembly. When Python does, Python applies the table, and asks the page to run the
function. The kernel runs the functions that the browser cannot run. `jaxlink.py` tells the whole path.
"""

from gradient.link.address import AddressPart, PageAddress, address
from gradient.link.choose import Choice, choose
from gradient.link.errors import LinkError
from gradient.link.events import Trait, event
from gradient.link.jaxlink import jaxlink
from gradient.link.link_model import JaxLink
from gradient.link.remember import remember
from gradient.link.template import optional
from gradient.link.wiring import KernelRenderer, Transition

__all__ = [
    "AddressPart",
    "Choice",
    "JaxLink",
    "KernelRenderer",
    "LinkError",
    "PageAddress",
    "Trait",
    "Transition",
    "address",
    "choose",
    "event",
    "jaxlink",
    "optional",
    "remember",
]
