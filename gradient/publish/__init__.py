"""Publishes the notebook as a static site: the same page from any static host, with no Python behind it.

`site.publish` executes the notebook once. Scripts in the page (`template/`) then take the kernel's place: the widgets' state is
read from the page, which draws the app's maps by itself.
"""
