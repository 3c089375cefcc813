"""Plots, if Matplotlib is installed, which is an extra; else how to install it."""

import importlib
import logging
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory

from conformance.report.timeline_data import Mark, TimelineData

_SETTINGS = "MPLCONFIGDIR"


def render_plots(timeline: TimelineData, marks: Sequence[Mark]) -> tuple[str, str]:
    """The plots of a run as an ``svg`` element, or else the reason why there are none.

    A report is worth more than its plots: it never fails for them.
    """
    # With a folder of its own it looks for fonts anew, and says so where that takes long.
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    try:
        with _temporary_settings():
            plots = importlib.import_module("conformance.report.plots")
    except ModuleNotFoundError as error:
        if error.name != "matplotlib":
            return "", f"Plots need {error.name}, which is not installed."
        # A report is passed on, so it does not name the place that this was installed from.
        return "", "Plots need Matplotlib: install dinie-contract with the extra plots"
    except ImportError as error:
        return "", f"Plots need Matplotlib, which cannot be loaded: {error}"
    return plots.draw(timeline, marks), ""


@contextmanager
def _temporary_settings() -> Iterator[None]:
    """Keep Matplotlib from writing to the home directory on import, unless its folder is set."""
    if _SETTINGS in os.environ:
        yield
        return
    with TemporaryDirectory(prefix="dinie-conformance-") as folder:
        os.environ[_SETTINGS] = folder
        try:
            yield
        finally:
            del os.environ[_SETTINGS]
