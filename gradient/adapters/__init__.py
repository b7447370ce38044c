"""The private interfaces of other libraries that this package uses: one module for each library.

Nothing else in the package touches a private name, or a public one that a library may change without a word. Each use has a
line that says why it is needed, and a test in `tests/test_adapter_<library>.py` that names the version when it breaks.
"""
