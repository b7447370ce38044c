"""The notebook as a folder of files: the same page, for any static host, with no Python behind it.

`publish` executes the notebook once. What a kernel would do for its page afterwards is done by scripts in the page
(`template/`): the widgets' state is read from a file, and the figures are pictures that were drawn beforehand.
"""

from gradient.publish.site import publish

__all__ = ["publish"]
