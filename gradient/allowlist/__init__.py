"""What a page may set in its kernel, read from the widgets themselves: which traits, of what type and within what bounds.

A page of a public server can send anything. The server passes on what this description allows, and it follows from the app:

- A trait that a widget's own JavaScript sets is tagged where it is defined: `Int(0).tag(sync=True, page_sets=True)`, or with
  bounds, `page_sets={"low": 0, "high": 200}`. A trait of somebody else's widget is tagged from outside:
  `Map.zoom.tag(page_sets=True)`. `traits.LIMITS` has the bounds of each type, and their defaults.
- A widget's method `page_sets` lists the traits of other widgets that a page sets on its behalf: those that `choose`, `jaxlink`
  and `remember` make have one. The page may set them in the widgets that the synced state of such a link refers to, and in no
  others.
- A widget that takes messages of its own lists them in `page_messages`: for each `type` its fields, and the bounds of each. A
  field is a number unless it has another type: `{"say": {"words": {"type": "text", "max_length": 80}, "pitch": {"high": 9}}}`.
- `controls.CONTROLS` lists what the views of ipywidgets' own controls set, and `controls.MESSAGES` what they send besides.

A declaration that is wrong concerns its own trait or message only, and is named in `failures`.

`python -m gradient.allowlist NOTEBOOK` runs a notebook's cells and prints the description of the widgets that they make. The
server's zygote does the same in a fork when it starts.
"""

from gradient.allowlist.description import describe

__all__ = ["describe"]
