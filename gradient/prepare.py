"""The command `python -m gradient.prepare`: makes what takes long before the first visitor comes, and keeps it in the cache."""

import sys

from gradient.app import App


def prepare() -> str:
    """Puts each program and field that is missing into the cache, and removes other versions'; returns how many there are.

    Raises:
        OSError: if the cache cannot be written; else every visitor would wait for what should be there.
    """
    app = App()
    cache, num_programs = app._cache, sum(len(link.programs) for link in (app._main, app._pointer))
    app.close()
    missing = [name for name, is_there in cache.names.items() if not is_there]
    if missing:
        raise OSError(
            f"{len(missing)} of {len(cache.names)} files cannot be kept in {cache.folder}, and every visitor would wait "
            "for them. Make that folder writable, or name another one by TECHNI_CACHE."
        )
    cache.prune()
    return f"{num_programs} programs and {len(cache.names) - num_programs} fields are in {cache.folder}."


if __name__ == "__main__":
    try:
        print(prepare())
    except OSError as error:
        sys.exit(f"The cache is incomplete. {error}")
