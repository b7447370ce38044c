"""The views: the pictures, the readout, and the controls that ipywidgets does not have.

Each is built once, shows what its traits say, and computes nothing. A view of the result is a `view.View`: its `outputs` say
which fields of `Frame` set which of its traits. Its words are in `sentences.py` and its colours and sizes in `style.py`; its
JavaScript gets both through its traits. CONTRIBUTING.md lists the files that a new view touches.
"""
