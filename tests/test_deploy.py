"""The recipes in deploy/: all set the same variables, and on Fly a visitor reaches the machine with their kernel."""

import re
import sys
import urllib.request
from collections.abc import Iterator
from urllib.error import HTTPError

import pytest

from gradient.server.settings import Settings
from tests.conftest import ROOT, free_port, serve
from tests.deployment import haproxy_program

DEPLOY = ROOT / "deploy"
# How each file sets a variable; a secret's value is elsewhere.
RECIPES = {
    "techni@.service": r"^(?:Environment=|#   .*echo )(TECHNI_\w+)=(\S+)",
    "heroku.sh": r"^  (TECHNI_\w+)=(\S+)",
    "fly.toml": r"^(?:#   fly secrets set .* )?(TECHNI_\w+) ?= ?\"?([^\s\"]+)",
    "kubernetes.yaml": r"^ *- name: (TECHNI_\w+)\n *(?:value: |valueFrom:\n *)\"?([^\s\"]+)",
}
VARIABLES = (
    *("TECHNI_ROOT_PAGE", "TECHNI_MEMORY_MB", "TECHNI_TRUSTED_PROXIES", "TECHNI_METRICS", "TECHNI_STOP_SECONDS"),
    "TECHNI_COOKIE_SECRET",
)
OTHERS = ("haproxy.cfg", "fly.cfg", "Dockerfile", "Dockerfile.dockerignore", "README.md")  # they set no variables


@pytest.mark.parametrize("name", RECIPES)
def test_every_recipe_sets_the_same_variables_to_valid_values(name: str) -> None:
    found = re.findall(RECIPES[name], (DEPLOY / name).read_text(), re.MULTILINE)
    assert sorted(name for name, _ in found) == sorted(VARIABLES)
    settings = Settings.from_environment(dict(found))
    assert (settings.root_page, settings.cookie_secret != "") == ("live", True)
    assert settings.metrics != "public"
    assert settings.memory_mb > settings.server_mb + settings.kernel_mb
    assert {name.removeprefix("TECHNI_").lower() for name in VARIABLES} <= vars(settings).keys()


def test_no_file_is_forgotten() -> None:
    assert {file.name for file in DEPLOY.iterdir()} == RECIPES.keys() | OTHERS


@pytest.mark.parametrize("name", [name for name in (*RECIPES, *OTHERS) if name not in ("README.md", "haproxy.cfg")])
def test_a_file_says_at_its_top_what_is_not_tested(name: str) -> None:
    top = re.match(r"(?:#.*\n)+", (DEPLOY / name).read_text())
    assert top
    assert re.search("[Nn]ot tested", top[0])


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of HAProxy as it is on a machine of Fly's, called here; its replica is any server of files."""
    port, behind = free_port(), free_port()
    files = [sys.executable, "-u", "-m", "http.server", str(behind), "--bind", "127.0.0.1"]
    environment = {"ADDRESS": f"127.0.0.1:{port}", "REPLICA": f"127.0.0.1:{behind}", "FLY_MACHINE_ID": "here"}
    command = [haproxy_program(), "-W", "-f", "deploy/fly.cfg"]
    with (
        serve(files, "", "Serving HTTP", tmp_path_factory.mktemp("replica")),
        serve(command, f"http://127.0.0.1:{port}/", "Loading success", ROOT, **environment) as proxy,
    ):
        yield proxy.url


HERE, THERE = {"Cookie": "techni_replica=here"}, {"Cookie": "techni_replica=there"}


@pytest.mark.parametrize(
    ("headers", "taken_to", "cookie"),
    [
        ({}, None, "here"),
        (HERE, None, None),
        (THERE, "there", None),
        (THERE | {"fly-replay-src": "instance=before"}, None, "here"),
        (THERE | {"fly-replay-failed": "gone"}, None, "here"),
        ({"Cookie": "techni_replica=there:app=another"}, None, "here"),
    ],
)
def test_a_visitor_reaches_the_machine_that_the_cookie_names(
    machine: str, headers: dict[str, str], taken_to: str | None, cookie: str | None
) -> None:
    with urllib.request.urlopen(urllib.request.Request(machine, headers=headers)) as answer:
        asked, given = answer.headers["fly-replay"], answer.headers["set-cookie"] or ""
    assert asked == (taken_to and f"instance={taken_to};timeout=2s;fallback=prefer_self")
    assert given.partition(";")[0] == (f"techni_replica={cookie}" if cookie else "")


def test_the_public_cannot_read_metrics(machine: str) -> None:
    with pytest.raises(HTTPError, match="403") as refused:
        urllib.request.urlopen(f"{machine}metrics")
    refused.value.close()
