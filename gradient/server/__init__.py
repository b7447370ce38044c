"""Voilà for the public internet: the same page and the same flags, with limits on everything that a visitor can request.

`python -m gradient.server techni.ipynb` starts it; `settings.py` lists the settings. The server's own process
imports nothing of the app, and no JAX: `zygote.py` runs in another process, from which kernels are forked.
"""
