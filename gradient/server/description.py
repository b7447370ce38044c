"""How the server learns what pages of its notebook may set: from the zygote, or else from a process that it starts."""

import asyncio
import json
import logging
import sys
from collections.abc import Mapping
from typing import Any

from gradient.server.allowlist import NOTHING, Allowlist
from gradient.server.output import LineLog
from gradient.server.rules import DescriptionError
from gradient.server.supervisor import ZygoteSupervisor
from gradient.server.zygote import MAX_DESCRIPTION, TOO_LONG

_LOG = logging.getLogger(__name__)
_SECONDS = 60.0
_NO_ALLOWLIST = (
    "Pages can set nothing in their kernels, because the server could not find out what the widgets of %s allow: %r. "
    "Run `python -m gradient.allowlist %s` to see why, and restart the server."
)


async def load_allowlist(notebook: str, env: Mapping[str, str], supervisor: ZygoteSupervisor | None) -> Allowlist:
    """What pages may send. If the server cannot find that out, they may set nothing, and an error in the log says so.

    Args:
        notebook: its path. Its cells run once, in a fork of the zygote, or else in a process that is started for that.
        env: the environment of that process.
        supervisor: of the zygotes, one of which describes the notebook; None if there are none.
    """
    description = None
    if supervisor:
        await supervisor.decided.wait()
        description = supervisor.description
    try:
        description = description or await _described(notebook, env)
        allowlist = Allowlist(description)
    except (DescriptionError, OSError, TimeoutError, ValueError) as error:
        _LOG.error(_NO_ALLOWLIST, notebook, error, notebook)
        return NOTHING
    for failure in description.get("failures", ()):
        _LOG.warning("Part of the notebook does not count towards what its pages may set. %s", failure)
    return allowlist


async def _described(notebook: str, env: Mapping[str, str]) -> Any:
    """The description that `python -m gradient.allowlist` prints.

    Raises:
        OSError: if it does not run.
        TimeoutError: if it takes too long.
        ValueError: if it prints none, or too long a one.
    """
    command = (sys.executable, "-m", "gradient.allowlist", notebook)
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, env=dict(env), stdout=pipe, stderr=pipe)
    try:
        printed, said = await asyncio.wait_for(process.communicate(), _SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
    lines = LineLog("notebook")
    lines.feed(said)
    lines.end()
    if len(printed) > MAX_DESCRIPTION:
        raise ValueError(TOO_LONG.format(notebook, len(printed)))
    return json.loads(printed)
