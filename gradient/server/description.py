"""Where the server learns what pages of its notebook may set: from the zygote, or else from a process of its own."""

import asyncio
import json
import logging
import sys
from collections.abc import Mapping
from typing import Any

from gradient.server.allowlist import NOTHING, Allowlist
from gradient.server.rules import DescriptionError
from gradient.server.supervisor import ZygoteSupervisor

_LOG = logging.getLogger(__name__)
_SECONDS = 60.0


async def load_allowlist(notebook: str, env: Mapping[str, str], supervisor: ZygoteSupervisor | None) -> Allowlist:
    """What pages may send. Where that cannot be found out they may set nothing, and an error in the log says so.

    Args:
        notebook: its path.
        env: the environment of the process that runs it, if one has to.
        supervisor: of the zygotes, one of which describes the notebook; None if there are none.
    """
    description = None
    if supervisor:
        await supervisor.settled.wait()
        description = supervisor.description
    try:
        description = description or await _described(notebook, env)
        allowlist = Allowlist(description)
    except (DescriptionError, OSError, TimeoutError, ValueError) as error:
        _LOG.error("Pages cannot set anything in their kernels, as the widgets of %s are not described: %s", notebook, error)
        return NOTHING
    for failure in description.get("failures", ()):
        _LOG.warning("What pages may set does not follow from all of the notebook. %s", failure)
    return allowlist


async def _described(notebook: str, env: Mapping[str, str]) -> Any:
    """The description that `python -m gradient.allowlist` prints.

    Raises:
        OSError: if it does not run.
        TimeoutError: if it takes too long.
        ValueError: if it prints none.
    """
    command = (sys.executable, "-m", "gradient.allowlist", notebook)
    process = await asyncio.create_subprocess_exec(*command, env=dict(env), stdout=asyncio.subprocess.PIPE)
    try:
        printed, _ = await asyncio.wait_for(process.communicate(), _SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
    return json.loads(printed)
