"""A cache of compiled templates: compiling them for each page would block the event loop for 100 ms."""

from typing import Any, ClassVar

from jinja2.bccache import Bucket, BytecodeCache
from nbconvert.preprocessors import Preprocessor

from gradient.adapters.voila import keep_templates


class _InMemoryCache(BytecodeCache):
    """Jinja's bytecode cache, in memory."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Loads a template that was compiled before."""
        if code := self._kept.get((bucket.key, bucket.checksum)):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Stores a compiled template."""
        self._kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


class CacheTemplates(Preprocessor):
    """A preprocessor that leaves notebooks as they are: it gives each page's exporter the same cache."""

    cache: ClassVar[_InMemoryCache] = _InMemoryCache()

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Gives the exporter the cache."""
        keep_templates(self, self.cache)
        return nb, resources
