"""What Jinja makes of the page's templates, kept: to compile them for each page holds up the loop for 100 ms."""

from typing import Any, ClassVar

from jinja2.bccache import Bucket, BytecodeCache
from nbconvert.preprocessors import Preprocessor


class _BytecodeMemory(BytecodeCache):
    """Compiled templates by their name, source and place."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        """Gives a template its program if it was compiled before."""
        if code := self._kept.get((bucket.key, bucket.checksum)):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keeps a template's program."""
        self._kept[bucket.key, bucket.checksum] = bucket.bytecode_to_string()


class CacheTemplates(Preprocessor):
    """A preprocessor that changes no notebook: in it each page's exporter gets the templates of the one before."""

    memory: ClassVar[_BytecodeMemory] = _BytecodeMemory()

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Gives the exporter its memory."""
        exporter: Any = self.parent
        exporter.environment.bytecode_cache = self.memory
        return nb, resources
