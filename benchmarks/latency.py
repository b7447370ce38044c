"""How quickly the page responds, at several network round trip times (RTT), as a Markdown table.

    python -m benchmarks.latency [--rtt 0,100,300,600] [--presses 40] [--save]
                                 [--notebook techni.ipynb | --url URL | --site FOLDER]

Without a page it measures the notebook in Voilà, computed by the browser and by the server, the notebook on its own server, the
folder `site` if it exists, this on a device with a processor that is four times slower (at the first RTT only), and the same
descent in TensorFlow.js. `python -m benchmarks.plot` draws the saved rows.

For each RTT the page is loaded once in a fresh browser context: an empty cache and, under Voilà, a new kernel. On that page it
measures

- key to curve: from a key press on the slider to the end of the frame that paints the new loss curve;
- curves per second: new loss curves painted in the first second of moving the slider at every animation frame, one per frame at
  most (were bqplot to animate its marks, the frames in between would count too);
- first response: from the start of the navigation to the paint of the first loss curve that follows a key, with a key about
  every 100 ms from when the slider exists and the first curve stands still;
- requests and megabytes until then: HTTP requests, without websockets; bytes from server to browser, with websockets.

The browser reaches no other host: what a page loads from elsewhere fails at once and is listed on stderr. Any other console
error ends the benchmark, as does a curve that does not change within a minute.
"""

import argparse
import itertools
import signal
import sys

import numpy as np
from playwright.sync_api import Browser

from benchmarks.chromium import chromium
from benchmarks.proxy import ByteCounter, delayed
from benchmarks.results import Column, Table, add_save_option, reporting
from benchmarks.scenarios import Scenario, all_scenarios, already_running, serving, static_site, voila
from benchmarks.server import BenchmarkError
from benchmarks.timed_page import SETTLED_MS, timed_page

COLUMNS = [
    Column("page", "Page"),
    Column("rtt", "RTT (ms)", "g"),
    Column("key_to_curve", "Key to curve, median (ms)", ".0f"),
    Column("key_to_curve_95", "95th percentile (ms)", ".0f"),
    Column("curves", "Curves per second", "d"),
    Column("first_response", "First response (s)", ".1f"),
    Column("requests", "Requests", "d"),
    Column("megabytes", "MB", ".1f"),
]


def measure(browser: Browser, scenario: Scenario, url: str, rtt: float, presses: int) -> tuple:
    """The values of one row: a load of the page at `url` through a proxy with a round trip time of `rtt` milliseconds."""
    received = ByteCounter()
    with (
        delayed(rtt, received) as proxy,
        timed_page(browser, scenario, url, proxy) as page,
    ):
        loading = page.first_response(), len(page.requests), received.total / 1e6
        if scenario.problem:
            page.choose(scenario.problem)
        if scenario.in_server:
            page.compute_in_server()
        page.settle(rtt + 4 * SETTLED_MS)  # until the other keys of the first response have had their effect
        waits = [page.key_to_curve(key) for key in itertools.islice(itertools.cycle(("ArrowLeft", "ArrowRight")), presses)]
        median, p95 = np.percentile(waits, (50, 95))
        return scenario.name, rtt, float(median), float(p95), page.curves_in_a_second(), *loading


def numbers(text: str) -> list[float]:
    """The numbers of a list separated by commas."""
    return [float(number) for number in text.split(",")]


def add_rtt_option(parser: argparse.ArgumentParser) -> None:
    """Adds `--rtt` to a benchmark's command line."""
    parser.add_argument("--rtt", type=numbers, default="0,100,300,600", help="in ms, default %(default)s")


def parse_arguments() -> argparse.Namespace:
    """The command line; `scenario` is the page to measure, None for all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_rtt_option(parser)
    parser.add_argument("--presses", type=int, default=40, help="for each row, default %(default)s")
    add_save_option(parser)
    page = parser.add_mutually_exclusive_group()
    page.add_argument("--notebook", type=voila, dest="scenario", metavar="PATH", help="of Voilà")
    page.add_argument("--url", type=already_running, dest="scenario", help="of a server that runs on this machine already")
    page.add_argument("--site", type=static_site, dest="scenario", metavar="FOLDER", help="that `make site` has written")
    return parser.parse_args()


def measure_all(scenarios: list[Scenario], rtts: list[float], presses: int, table: Table) -> None:
    """Adds the rows of all pages; each page is loaded once before that, to have its files in the disk cache."""
    with chromium() as browser:
        for scenario in scenarios:
            with serving(scenario) as url:
                with timed_page(browser, scenario, url) as page:
                    page.first_response()
                for rtt in rtts if scenario.slowdown == 1 else rtts[:1]:
                    table.add(*measure(browser, scenario, url, rtt, presses))


def main() -> None:
    """Measures the pages of the command line."""
    options = parse_arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("terminated"))  # an exception, so that all that was started is stopped
    scenarios = [options.scenario] if options.scenario else all_scenarios()
    try:
        with reporting(COLUMNS, "latency" if options.save else None) as table:
            measure_all(scenarios, options.rtt, options.presses, table)
    except BenchmarkError as error:
        sys.exit(f"The latency benchmark has failed. {error}")


if __name__ == "__main__":
    main()
