"""Voilà for the public internet: the same page and the same flags, with a limit to everything that a stranger can ask for.

`python -m gradient.server techni.ipynb` starts it; `settings.py` lists what can be configured. This room extends Voilà where
Voilà is meant to be extended, and imports nothing of the app: a server that only hands out kernels needs no JAX.
"""
