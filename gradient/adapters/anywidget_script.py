"""What this package changes in anywidget's own script, which it does not promise to keep; anywidget itself is not imported."""

# What the text of a module begins with that all widgets of a page can share. The mark makes the comment outlive a minifier.
SHARED = "/*! one copy for all widgets of a page */"
# JavaScript for names in anywidget's script.
_NAMES = {
    # It reports a module that is not ready after two seconds, which is how long a slow phone takes to load a page, and has no
    # option for that: so its timeouts are a minute.
    "AbortSignal": "{ any: (signals) => AbortSignal.any(signals), timeout: (ms) => AbortSignal.timeout(30 * ms) }",
    # It loads the text of each widget's module from an address of its own, so a browser parses a text that forty links have
    # forty times: a fifth of what opening a page takes. A text that can be shared keeps its first address.
    "Blob": "class extends Blob { constructor(parts, options) { super(parts, options); [this.source] = parts; } }",
    "URL": f"""(() => {{
  const addresses = new Map();
  const addressOf = (blob) => {{
    if (!addresses.has(blob.source)) addresses.set(blob.source, URL.createObjectURL(blob));
    return addresses.get(blob.source);
  }};
  return {{
    createObjectURL: (blob) => (blob.source.startsWith("{SHARED}") ? addressOf(blob) : URL.createObjectURL(blob)),
    revokeObjectURL: (address) => [...addresses.values()].includes(address) || URL.revokeObjectURL(address),
  }};
}})()""",
}


def with_names(script: str) -> str:
    """anywidget's script, as a statement, in which some names are bound to others of this module."""
    return f"(({', '.join(_NAMES)}) => {{\n{script}\n}})({', '.join(_NAMES.values())});"
