import gradient.adapters.jsonschema  # noqa: F401 (each process of the tests starts sooner)
