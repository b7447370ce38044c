"""Measurements of the running app, apart from its tests."""
