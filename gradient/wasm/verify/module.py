"""Validation of an emitted module, as the specification of WebAssembly defines it, for the instructions in `opcodes`.

Every module is validated before `compile` returns it: a browser would refuse an invalid one, too late to run the function in
the kernel. Instructions are cut by one regular expression, and an instruction that comes again is looked up, so that it costs
less than a tenth of the time that compiling takes.
"""

import re
from collections.abc import Callable, Iterator, Sequence

from gradient.wasm.emit.encode import F32_TYPE, F64_TYPE, I32_TYPE, PAGE, V128_TYPE
from gradient.wasm.opcodes import Opcode
from gradient.wasm.verify.errors import InvalidProgram

# LEB128 of 32 bits: of the last of five bytes, only some are used.
_LEB = rb"(?:[\x80-\xff]{0,3}[\x00-\x7f]|[\x80-\xff]{4}[\x00-\x0f])"
_SIGNED_LEB = rb"(?:[\x80-\xff]{0,3}[\x00-\x7f]|[\x80-\xff]{4}[\x00-\x07\x78-\x7f])"
_IMMEDIATES = {
    "": b"",
    "block": rb"\x40",
    "index": _LEB,
    "lane": rb"[\x00-\x03]",
    "byte": rb"\x00" + _LEB,
    "word": rb"[\x00-\x02]" + _LEB,
    "vector": rb"[\x00-\x04]" + _LEB,
    "word lane": rb"[\x00-\x02]" + _LEB + rb"[\x00-\x03]",
    "memories": rb"\x00\x00",
    "i32": _SIGNED_LEB,
    "f32": b".{4}",
    "f64": b".{8}",
    "v128": b".{16}",
    "shuffle": rb"[\x00-\x1f]{16}",
}
_INSTRUCTION = re.compile(b"|".join(re.escape(bytes(op)) + _IMMEDIATES[op.immediates] for op in Opcode), re.DOTALL)
_OPCODES = {bytes(op): op for op in Opcode}
_TYPES = {F32_TYPE: "f", I32_TYPE: "i", F64_TYPE: "d", V128_TYPE: "v"}

Signature = tuple[str, str]  # the types that a function or an instruction takes and gives


def _opcode(token: bytes) -> Opcode:
    return next(_OPCODES[token[:n]] for n in (1, 2, 3) if token[:n] in _OPCODES)


def _number(token: bytes) -> int:
    """An unsigned LEB128."""
    return sum((byte & 127) << 7 * position for position, byte in enumerate(token))


class Function:
    """The validation of one function.

    Attributes:
        locals: the types of its parameters and locals.
        signatures: what each function of the module takes and gives.
        stack: the types on the operand stack that the present block has pushed.
        is_dead: whether the code cannot be reached, so that the stack may have held anything.
    """

    def __init__(self, locals_: str, gives: str, signatures: Sequence[Signature]) -> None:
        self.locals, self.gives, self.signatures = locals_, gives, signatures
        self.stack, self.is_dead = "", False
        self._outer: list[tuple[Opcode, str, bool]] = [(Opcode.BLOCK, "", False)]
        self._known: dict[bytes, Signature] = {}

    def check(self, code: bytes) -> None:
        """Checks the instructions.

        Raises:
            InvalidProgram: if they break a rule.
        """
        tokens = _INSTRUCTION.findall(code)
        if sum(map(len, tokens)) != len(code):
            raise _invalid("unknown instructions")
        known = self._known
        for token in tokens:
            effect = known.get(token) or self._effect(token)
            takes, gives = effect
            stack = self.stack
            if takes and stack.endswith(takes):
                self.stack = stack[: -len(takes)] + gives
            elif takes:
                self._pop(takes, _opcode(token).name)
                self.stack += gives
            else:
                self.stack = stack + gives
        if self._outer:
            raise _invalid("a block without an end")

    def _effect(self, token: bytes) -> Signature:
        """What an instruction takes and gives. What does not depend on where it stands is known from then on."""
        if not self._outer:
            raise _invalid("instructions after the end")
        control = _CONTROL.get(token[:1])
        if control is not None:
            return control(self, _number(token[1:]))
        op = _opcode(token)
        effect = self._known[token] = (
            (op.takes, op.gives) if op.immediates != "index" else self._of_index(op, _number(token[1:]))
        )
        return effect

    def _of_index(self, op: Opcode, index: int) -> Signature:
        """The effect of a call, or of an access to a local."""
        table: Sequence[Signature] | str = self.signatures if op is Opcode.CALL else self.locals
        if index >= len(table):
            raise _invalid(f"{op.name} of {index}, but there are {len(table)}")
        if op is Opcode.CALL:
            return self.signatures[index]
        kind = self.locals[index]
        return ("" if op is Opcode.LOCAL_GET else kind), ("" if op is Opcode.LOCAL_SET else kind)

    def _pop(self, takes: str, name: str) -> None:
        """Pops operands; in code that cannot be reached, those that are missing may be anything (`?`)."""
        found = self.stack[-len(takes) :] if takes else ""
        wanted = takes[len(takes) - len(found) :]
        is_equal = all(a in (b, "?") for a, b in zip(found, wanted, strict=True))
        if not is_equal or (len(found) < len(takes) and not self.is_dead):
            raise _invalid(f"{name} takes {takes}, but the stack holds {self.stack or 'nothing'}")
        self.stack = self.stack[: len(self.stack) - len(found)]

    def _pop_any(self, name: str) -> str:
        top = self.stack[-1:]
        self._pop(top.replace("?", "i") or "i", name)
        return top or "?"

    def _drop(self, _: int) -> Signature:
        self._pop_any("DROP")
        return "", ""

    def _select(self, _: int) -> Signature:
        self._pop("i", "SELECT")
        first, second = self._pop_any("SELECT"), self._pop_any("SELECT")
        kind = first if second == "?" else second
        if first not in (kind, "?"):
            raise _invalid(f"SELECT between {second} and {first}")
        return "", kind

    def _open(self, op: Opcode) -> Signature:
        self._pop(op.takes, op.name)
        self._outer.append((op, self.stack, self.is_dead))
        self.stack, self.is_dead = "", False
        return "", ""

    def _close(self, gives: str) -> None:
        self._pop(gives, "END")
        if self.stack:
            raise _invalid(f"a block leaves {self.stack}")

    def _else(self, _: int) -> Signature:
        if self._outer[-1][0] is not Opcode.IF:
            raise _invalid("ELSE without IF")
        self._close("")
        self._outer[-1] = (Opcode.ELSE, *self._outer[-1][1:])
        self.is_dead = False
        return "", ""

    def _end(self, _: int) -> Signature:
        self._close("" if len(self._outer) > 1 else self.gives)
        self.stack, self.is_dead = self._outer.pop()[1:]
        if not self._outer:
            self._known.clear()  # what follows is not looked up, but refused
        return "", ""

    def _results_of(self, depth: int) -> str:
        """What a branch takes to the end of the block at a depth; only the function itself has a result."""
        if depth >= len(self._outer):
            raise _invalid(f"a branch out of {depth} blocks, but there are {len(self._outer)}")
        return self.gives if depth == len(self._outer) - 1 else ""

    def _branch(self, depth: int) -> Signature:
        self._pop(self._results_of(depth), "BR")
        self.stack, self.is_dead = "", True
        return "", ""

    def _branch_if(self, depth: int) -> Signature:
        self._pop("i", "BR_IF")
        results = self._results_of(depth)
        return results, results


_CONTROL: dict[bytes, Callable[[Function, int], Signature]] = {
    bytes(Opcode.BLOCK): lambda function, _: function._open(Opcode.BLOCK),
    bytes(Opcode.LOOP): lambda function, _: function._open(Opcode.LOOP),
    bytes(Opcode.IF): lambda function, _: function._open(Opcode.IF),
    bytes(Opcode.ELSE): Function._else,
    bytes(Opcode.END): Function._end,
    bytes(Opcode.BR): Function._branch,
    bytes(Opcode.BR_IF): Function._branch_if,
    bytes(Opcode.DROP): Function._drop,
    bytes(Opcode.SELECT): Function._select,
}


def _invalid(detail: str) -> InvalidProgram:
    return InvalidProgram("module", detail)


class _Reader:
    """Reads bytes from the start on."""

    def __init__(self, data: bytes) -> None:
        self.data, self.position = data, 0

    def take(self, count: int) -> bytes:
        """The next bytes."""
        self.position += count
        if self.position > len(self.data):
            raise _invalid("the end is missing")
        return self.data[self.position - count : self.position]

    def number(self) -> int:
        """An unsigned LEB128."""
        start = self.position
        while self.take(1)[0] > 127:
            pass
        return _number(self.data[start : self.position])

    def items(self) -> Iterator[int]:
        """Counts the items of a vector that follows; the caller reads each of them."""
        return iter(range(self.number()))

    def types(self) -> str:
        """A vector of types."""
        return "".join(_TYPES[self.take(1)[0]] for _ in self.items())


def _sections(module: bytes) -> dict[int, _Reader]:
    reader = _Reader(module)
    if reader.take(8) != b"\0asm\1\0\0\0":
        raise _invalid("the start is missing")
    found = {}
    while reader.position < len(module):
        number = reader.take(1)[0]
        found[number] = _Reader(reader.take(reader.number()))
    return found


def check_module(module: bytes) -> None:
    """Checks the code of all functions, and that the data fits into memory.

    Raises:
        InvalidProgram: if a browser would refuse the module.
    """
    sections = _sections(module)
    types, functions, memory, code = (sections[number] for number in (1, 3, 5, 10))
    kinds = [_signature(types) for _ in types.items()]
    signatures = [kinds[functions.number()] for _ in functions.items()]
    for (takes, gives), _ in zip(signatures, code.items(), strict=True):
        body = _Reader(code.take(code.number()))
        locals_ = "".join(body.number() * _TYPES[body.take(1)[0]] for _ in body.items())
        Function(takes + locals_, gives, signatures).check(body.data[body.position :])
    memory.take(2)
    if 11 in sections:
        _check_data(sections[11], memory.number() * PAGE)


def _signature(reader: _Reader) -> Signature:
    reader.take(1)
    return reader.types(), reader.types()


def _check_data(data: _Reader, memory_bytes: int) -> None:
    """Checks the segments, each of which is a zero, its offset as an expression (`i32.const` and `end`), and its bytes."""
    for _ in data.items():
        data.take(2)
        offset = data.number()
        data.take(1)
        if offset + len(data.take(data.number())) > memory_bytes:
            raise _invalid("data beyond the memory")
