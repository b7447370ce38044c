"""What gradient/adapters/bqplot.js and the style sheet rely on."""

import re
import sys
from pathlib import Path

from tests.adapters import relying_on
from tests.conftest import ROOT

SCRIPT = Path(sys.prefix) / "share" / "jupyter" / "nbextensions" / "bqplot" / "index.js"
ADAPTER = ROOT / "gradient" / "adapters" / "bqplot.js"
STYLES = ROOT / "gradient" / "views" / "libraries.css"


def test_the_script_gives_its_elements_the_classes_that_are_used() -> None:
    styled = re.findall(r"\.(?:bqplot|techni-loss) ([^{]*)\{", STYLES.read_text())
    classes = {
        name for text in [*styled, ADAPTER.read_text()] for name in re.findall(r"[\w)]?\.([a-z][\w-]*)(?=[\s\"`])", text)
    }
    assert {"plotarea_background", "svg-figure", "axislabel", "curve", "line"} <= classes
    script = SCRIPT.read_text()
    with relying_on("bqplot"):
        assert [name for name in classes if not re.search(rf"[\"'. ]{re.escape(name)}\b", script)] == []


def test_a_view_of_lines_draws_as_is_relied_on() -> None:
    script = SCRIPT.read_text()
    with relying_on("bqplot"):
        assert "update_line_xy(t){const e=this.scales.x" in script
        assert re.search(r"this\.line=\w+\(\)\.curve\(this\.get_interpolation\(\)\)\.defined\(", script)


def test_a_view_of_points_draws_as_is_relied_on() -> None:
    """What it does but for where the points are, it does in `draw_elements`, which is given those that are added."""
    with relying_on("bqplot"):
        drawing = r'=this\.d3el\.selectAll\("\.object_grp"\)\.data\(.*?(\w+)=\w+\.enter\(\).*?this\.update_position\(\w+\),.*?'
        assert re.search(drawing + r"this\.draw_elements\(\w+,\1\),\w+\.exit\(\)\.remove\(\)\}", SCRIPT.read_text())


def test_a_figure_draws_its_legend_as_is_relied_on() -> None:
    with relying_on("bqplot"):
        assert '.on("data_updated redraw_legend",this.update_legend,this)' in SCRIPT.read_text()
