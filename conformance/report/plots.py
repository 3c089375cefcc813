"""The timeline of a run as plots: one SVG that has the page's colours and loads nothing.

No other module imports Matplotlib, which takes 130 MB and half a second: this one is imported by
name, and only for a run with answers.
"""

import io
from collections.abc import Sequence

import matplotlib.style
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

from conformance.report.svg import COLOURS, for_a_page
from conformance.report.time_axis import TimeAxis
from conformance.report.timeline_data import Mark, TimelineData, format_duration
from conformance.results.timeline import Span, format_elapsed

_WIDTH, _POINTS = 9.2, 72
_SMALL = 8.5

_STYLE = {
    "axes.axisbelow": True,
    "axes.edgecolor": COLOURS["line"],
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.labelcolor": COLOURS["fore"],
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": COLOURS["fore"],
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "figure.dpi": _POINTS,
    "figure.facecolor": "none",
    "font.size": _SMALL,
    "grid.color": COLOURS["line"],
    "legend.borderaxespad": 0,
    "legend.columnspacing": 1.2,
    "legend.fontsize": _SMALL,
    "legend.frameon": False,
    "legend.handlelength": 1,
    "legend.labelcolor": COLOURS["fore"],
    "svg.fonttype": "none",
    "svg.hashsalt": "dinie-conformance",
    "xtick.color": COLOURS["line"],
    "xtick.labelcolor": COLOURS["quiet"],
    "ytick.color": COLOURS["line"],
    "ytick.labelcolor": COLOURS["quiet"],
}

# Rare classes are drawn first, from the ground up, so that they are seen.
_CLASSES = {5: "bad", 4: "warn", 3: "unclear", 1: "quiet", 2: "good"}
_FAINT = {2}
_LOG_STEPS = ((30, (1, 2, 5)), (1000, (1, 3)), (float("inf"), (1,)))
_QUANTILES = (("slowest", 1.0, "quiet"), ("p95", 0.95, "warn"), ("p50", 0.5, "good"))


@matplotlib.style.context(["default", _STYLE])
def draw(timeline: TimelineData, marks: Sequence[Mark]) -> str:
    """The plots as an ``svg`` element: requests, latency and, where there are any, findings."""
    axis, marks = TimeAxis(timeline), sorted(marks, key=lambda one: one.moment)
    heights = [1.5, 1.3, 1.0] if marks else [1.5, 1.3]
    figure = Figure(figsize=(_WIDTH, sum(heights) + 1.0))
    plots = figure.subplots(len(heights), sharex=True, height_ratios=heights, squeeze=False)[:, 0]
    titles = _requests(plots[0], timeline, axis)
    _latency(plots[1], timeline, axis)
    if marks:
        titles |= _findings(plots[2], axis, marks)
    for one in plots:
        one.set_xlim(0, axis.length)
        for start, end, _ in axis.pauses:
            one.axvspan(start, end, facecolor=COLOURS["line"], edgecolor="none", clip_on=False)
    for start, end, seconds in axis.pauses:
        # Beside the plot's title there may be no room, so it stands within the pause.
        plots[0].text(
            (start + end) / 2, 0.5, f"pause {format_elapsed(seconds)}", rotation=90, ha="center",
            va="center", color=COLOURS["fore"], transform=plots[0].get_xaxis_transform(),
        )  # fmt: skip
    positions, labels = axis.ticks()
    plots[-1].set_xticks(positions, labels)
    figure.subplots_adjust(
        left=0.62 / _WIDTH, right=1 - 0.4 / _WIDTH, hspace=0.42,
        top=1 - 0.3 / figure.get_figheight(), bottom=0.42 / figure.get_figheight(),
    )  # fmt: skip
    written = io.StringIO()
    figure.savefig(written, format="svg", transparent=True, metadata={"Date": None})
    return for_a_page(written.getvalue(), "Requests, latency and findings over time", titles)


def _requests(plot: Axes, timeline: TimelineData, axis: TimeAxis) -> dict[str, str]:
    plot.set_title("Requests a second, by status")
    titles = {}
    for leading, colour in _CLASSES.items():
        count = timeline.whole.count_of_class(leading)
        if not count:
            continue
        name = f"{leading}xx"
        for number, session in enumerate(timeline.sessions):
            edges, spans = axis.edges(session)
            grounds = [_up_to(one, leading) for one in spans]
            tops = [
                ground + _rate(one, leading) for ground, one in zip(grounds, spans, strict=True)
            ]
            gid = f"{name}-{number}"
            titles[gid] = f"{name}: {count} of {timeline.whole.requests} answers"
            plot.stairs(
                tops, edges, baseline=grounds, fill=True, color=COLOURS[colour], lw=0, gid=gid,
                alpha=0.55 if leading in _FAINT else 0.9, clip_on=False,
                label=None if number else name,
            )  # fmt: skip
    plot.use_sticky_edges = False
    plot.margins(y=0.08)
    plot.set_ylim(bottom=0)
    plot.yaxis.set_major_locator(MaxNLocator(4))
    _legend(plot, reverse=True)
    return titles


def _latency(plot: Axes, timeline: TimelineData, axis: TimeAxis) -> None:
    plot.set_title("Latency")
    plot.set_yscale("log")
    for name, share, colour in _QUANTILES:
        for number, session in enumerate(timeline.sessions):
            edges, spans = axis.edges(session)
            values = [
                (one.slowest if share == 1 else one.quantile(share)) if one else float("nan")
                for one in spans
            ]
            plot.stairs(
                values, edges, baseline=None, color=COLOURS[colour], lw=1.3, clip_on=False,
                label=None if number else name,
            )  # fmt: skip
    low, high = plot.get_ylim()
    subs = next(subs for ratio, subs in _LOG_STEPS if high / low < ratio)
    plot.yaxis.set_major_locator(LogLocator(subs=subs, numticks=7))
    plot.yaxis.set_minor_locator(NullLocator())
    plot.yaxis.set_major_formatter(FuncFormatter(lambda value, _: format_duration(value)))
    _legend(plot, reverse=False)


def _findings(plot: Axes, axis: TimeAxis, marks: Sequence[Mark]) -> dict[str, str]:
    plot.set_title("Violations found")
    positions = [axis.position(one.moment) for one in marks]
    counts = range(1, len(marks) + 1)
    plot.step(
        [0, *positions, axis.length], [0, *counts, len(marks)], where="post",
        color=COLOURS["quiet"], lw=1, clip_on=False,
    )  # fmt: skip
    for number, (position, count, one) in enumerate(zip(positions, counts, marks, strict=True)):
        plot.plot(
            position, count, "o", color=COLOURS[one.colour], ms=6, url=one.link, clip_on=False,
            gid=f"mark-{number}",
        )  # fmt: skip
    plot.set_ylim(0, len(marks) * 1.1)
    plot.yaxis.set_major_locator(MaxNLocator(4, integer=True))
    return {f"mark-{number}": one.title for number, one in enumerate(marks)}


def _legend(plot: Axes, *, reverse: bool) -> None:
    lines, names = plot.get_legend_handles_labels()
    if reverse:
        lines, names = lines[::-1], names[::-1]
    plot.legend(lines, names, loc="lower right", bbox_to_anchor=(1, 1.03), ncols=len(names))


def _rate(span: Span | None, leading: int) -> float:
    return span.count_of_class(leading) / span.seconds if span else 0.0


def _up_to(span: Span | None, leading: int) -> float:
    """The height at which a status class stands on the classes below it."""
    below = list(_CLASSES)[: list(_CLASSES).index(leading)]
    return sum(_rate(span, one) for one in below)
