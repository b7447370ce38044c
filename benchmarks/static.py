"""A server of static files that sends precompressed ones, as hosts of static sites do.

python -m benchmarks.static FOLDER PORT
"""

import contextlib
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import IO, Any

from benchmarks.proxy import HOST


class _Handler(SimpleHTTPRequestHandler):
    """Sends `file.br` instead of `file` to a browser that accepts brotli."""

    protocol_version = "HTTP/1.1"

    def send_head(self) -> IO[bytes] | None:  # type: ignore[override]
        """Prefers the compressed file."""
        plain = Path(self.translate_path(self.path))
        plain = plain / "index.html" if plain.is_dir() else plain
        packed = plain.with_name(plain.name + ".br")
        if "br" not in self.headers.get("Accept-Encoding", "") or not packed.exists():
            return super().send_head()
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(plain)))
        self.send_header("Content-Encoding", "br")
        self.send_header("Content-Length", str(packed.stat().st_size))
        self.end_headers()
        return packed.open("rb")

    def log_message(self, *_: Any) -> None:
        """Logs nothing."""


def _server(folder: Path, port: int) -> ThreadingHTTPServer:
    return ThreadingHTTPServer((HOST, port), partial(_Handler, directory=str(folder)))


def serve(folder: Path, port: int) -> None:
    """Serves a folder until the process is stopped."""
    _server(folder, port).serve_forever()


@contextlib.contextmanager
def serving_folder(folder: Path) -> Iterator[str]:
    """Serves a folder on a free port during the block; yields its address."""
    with _server(folder, 0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://{HOST}:{server.server_port}/"
        server.shutdown()


def main() -> None:
    """Serves the folder of the command line."""
    folder, port = sys.argv[1:]
    serve(Path(folder), int(port))


if __name__ == "__main__":
    main()
