"""The views: the pictures, the readout, and the controls that ipywidgets does not have.

Each is built once, shows what its traits say, and computes nothing. To add a view takes three things:

1. A file here with a widget that is a `view.View`: its `outputs` say which fields of `Frame` set which of its traits. What it
   says in words stands in `sentences.py`, and what it looks like in `style.py`; its JavaScript, if it has any, gets both
   through its traits.
2. A field of `gradient.frame.Frame` for what it shows, unless that is there already.
3. Its place in `App._make_parts`, in `gradient/app.py`, and the style for that place in `shell.css`.
"""
