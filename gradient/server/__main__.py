"""The command `python -m gradient.server`, with Voilà's own flags."""

import gradient.adapters.jsonschema  # noqa: F401 (the server starts sooner)
from gradient.server.application import Application

if __name__ == "__main__":
    Application.launch_instance()
