"""WebKitGTK's MiniBrowser, driven by Selenium, on a screen that nobody sees."""

import contextlib
import glob
import os
import shutil
import subprocess
import warnings
from collections.abc import Iterator

from selenium import webdriver
from selenium.webdriver.webkitgtk.options import Options
from selenium.webdriver.webkitgtk.service import Service


@contextlib.contextmanager
def minibrowser() -> Iterator[webdriver.WebKitGTK]:
    """A MiniBrowser without a page. It does not wait for a page that it is sent to.

    Raises:
        FileNotFoundError: if there is no WebKitGTK.
    """
    found = glob.glob("/usr/lib/*/webkit2gtk-4.1/MiniBrowser")
    if not found:
        raise FileNotFoundError("There is no WebKitGTK: run tests/install_browsers.sh.")
    options = Options()
    options.binary_location = found[0]
    options.page_load_strategy = "none"
    options.add_argument("--automation")
    with _screen() as display:
        environment = {**os.environ, "DISPLAY": display}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Selenium calls itself in a way that it deprecates
            driver = webdriver.WebKitGTK(options=options, service=Service(shutil.which("WebKitWebDriver"), env=environment))
        try:
            yield driver
        finally:
            driver.quit()


@contextlib.contextmanager
def _screen() -> Iterator[str]:
    """The name of an X server's display."""
    ours, theirs = os.pipe()
    command = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1600x1100x24"]
    process = subprocess.Popen(command, pass_fds=[theirs], stderr=subprocess.DEVNULL)
    os.close(theirs)
    try:
        with os.fdopen(ours) as answer:
            yield f":{answer.readline().strip()}"
    finally:
        process.terminate()
        process.wait()
