"""Plots where Matplotlib is there to draw them, which is an extra; else how to get them."""

import importlib
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory

from conformance.report.timeline_data import Mark, TimelineData

_SETTINGS = "MPLCONFIGDIR"


@dataclass(frozen=True, slots=True)
class Drawing:
    """An ``svg`` element, or in ``missing`` why there is none."""

    svg: str = ""
    missing: str = ""


def render_plots(course: TimelineData, marks: Sequence[Mark]) -> Drawing:
    """The plots of a run. A report is worth more than its plots: it never fails for them."""
    try:
        with _nothing_kept():
            plots = importlib.import_module("conformance.report.plots")
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            return Drawing(missing=f"Plots need {error.name}, which is not installed.")
        return Drawing(missing="Plots need Matplotlib: pip install 'dinie-contract[plots]'")
    except ImportError as error:
        return Drawing(missing=f"Plots need Matplotlib, which cannot be loaded: {error}")
    return Drawing(str(plots.plotted(course, marks)))


@contextmanager
def _nothing_kept() -> Iterator[None]:
    """Keep Matplotlib from writing to the home directory when it is loaded, unless it may."""
    if _SETTINGS in os.environ:
        yield
        return
    with TemporaryDirectory(prefix="dinie-conformance-") as folder:
        os.environ[_SETTINGS] = folder
        try:
            yield
        finally:
            del os.environ[_SETTINGS]
