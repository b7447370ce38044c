"""The code of one function, instruction by instruction, and the locals that it has."""

from gradient.wasm.encode import OPCODES, constant, memarg, unsigned
from gradient.wasm.ir import I32


class Instructions:
    """Code that grows at its end."""

    def __init__(self, num_parameters: int) -> None:
        self.code = bytearray()
        self.types: list[int] = []
        self._num_parameters = num_parameters
        self._free: dict[int, list[int]] = {}

    def write(self, *names: str) -> None:
        """Instructions without operands."""
        for name in names:
            self.code += OPCODES[name]

    def number(self, value: float, dtype: str = I32) -> None:
        """Pushes a constant."""
        self.code += constant(dtype, value)

    def get(self, place: int) -> None:
        """Pushes a local."""
        self.code += OPCODES["local.get"] + unsigned(place)

    def set(self, place: int) -> None:
        """Pops into a local."""
        self.code += OPCODES["local.set"] + unsigned(place)

    def tee(self, place: int) -> None:
        """Copies the top of the stack into a local."""
        self.code += OPCODES["local.tee"] + unsigned(place)

    def access(self, name: str, offset: int, align: int = 2) -> None:
        """A load or store."""
        self.code += OPCODES[name] + memarg(align, offset)

    def lane(self, name: str, number: int) -> None:
        """An instruction about one lane."""
        self.code += OPCODES[name] + bytes([number])

    def new(self, kind: int) -> int:
        """A local that nothing uses."""
        free = self._free.get(kind)
        if free:
            return free.pop()
        self.types.append(kind)
        return self._num_parameters + len(self.types) - 1

    def release(self, place: int) -> None:
        """Gives a local back."""
        self._free.setdefault(self.types[place - self._num_parameters], []).append(place)
