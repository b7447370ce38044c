"""What this package uses of jsonschema that it does not promise: that it checks no format whose library is missing.

To check IRIs, it would compile a grammar while it is imported, which takes more than a second and 26 MB. No schema of Jupyter's
has an IRI. So a command imports this module first, after which that library cannot be found.
"""

import sys

sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
