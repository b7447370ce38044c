"""The command `python -m gradient.publish OUT`."""

import argparse
import sys
from pathlib import Path

import gradient.adapters.jsonschema  # noqa: F401 (the command starts sooner)
from gradient.publish.report import PublishError
from gradient.publish.site import publish


def main() -> None:
    """Publishes the notebook of the command line."""
    parser = argparse.ArgumentParser(prog="python -m gradient.publish", description="Publishes the notebook as a static site.")
    parser.add_argument("out", type=Path, metavar="OUT", help="the folder to write; a site that is there is replaced")
    parser.add_argument(
        "--notebook", type=Path, default=Path("techni.ipynb"), help="the notebook to publish, default %(default)s"
    )
    parser.add_argument("--allow-missing", action="store_true", help="publish a page that lacks something of the one in Voilà")
    arguments = parser.parse_args()
    try:
        publish(arguments.notebook, arguments.out, allow_missing=arguments.allow_missing)
    except (OSError, PublishError) as error:
        sys.exit(f"Nothing was published. {error}")


if __name__ == "__main__":
    main()
