"""The code of one function, instruction by instruction, and its locals."""

from gradient.wasm.emit.encode import EMPTY_BLOCK, constant, memarg
from gradient.wasm.ir import I32
from gradient.wasm.leb128 import unsigned
from gradient.wasm.opcodes import Opcode

# Local names: Python 3.11 takes ten times as long to find a member of an enum.
_GET, _SET, _TEE = Opcode.LOCAL_GET, Opcode.LOCAL_SET, Opcode.LOCAL_TEE


class Assembler:
    """Code that grows at its end.

    Attributes:
        code: the instructions.
        types: the value types of the locals after the parameters.
    """

    def __init__(self, num_parameters: int) -> None:
        self.code = bytearray()
        self.types: list[int] = []
        self._num_parameters = num_parameters
        self._free: dict[int, list[int]] = {}

    def write(self, *opcodes: Opcode) -> None:
        """Instructions without immediate operands."""
        for opcode in opcodes:
            self.code += opcode

    def write_with(self, opcode: Opcode, *immediates: int) -> None:
        """An instruction with immediate operands: an index, a depth, a lane."""
        self.code += opcode
        for value in immediates:
            self.code += unsigned(value)

    def open(self, opcode: Opcode) -> None:
        """Begins a block, a loop or a branch that leaves nothing on the stack; END closes it."""
        self.code += opcode + EMPTY_BLOCK

    def push(self, value: float, dtype: str = I32) -> None:
        """Pushes a constant."""
        self.code += constant(dtype, value)

    def push_lanes(self, values: tuple[int, int, int, int]) -> None:
        """Pushes four constants as the lanes of a vector."""
        self.code += Opcode.V128_CONST + b"".join(value.to_bytes(4, "little") for value in values)

    def get(self, local: int) -> None:
        """Pushes a local."""
        self.code += _GET + unsigned(local)

    def set(self, local: int) -> None:
        """Pops into a local."""
        self.code += _SET + unsigned(local)

    def tee(self, local: int) -> None:
        """Copies the top of the stack into a local."""
        self.code += _TEE + unsigned(local)

    def access(self, opcode: Opcode, offset: int, align: int = 2) -> None:
        """A load or store; `align` is the logarithm of the alignment."""
        self.code += opcode + memarg(align, offset)

    def new_local(self, value_type: int) -> int:
        """A local that nothing uses."""
        free = self._free.get(value_type)
        if free:
            return free.pop()
        self.types.append(value_type)
        return self._num_parameters + len(self.types) - 1

    def release(self, local: int) -> None:
        """Gives a local back: its live range ends here."""
        self._free.setdefault(self.types[local - self._num_parameters], []).append(local)
