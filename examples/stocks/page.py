# SPDX-License-Identifier: MIT
"""Shows a dashboard of Grafana's JSON as one page without scripts: time series, bar gauge, stat and table."""

import html
import io
from datetime import datetime

import matplotlib
import pandas as pd

matplotlib.use("Agg")
matplotlib.rcParams.update({"svg.hashsalt": "stocks", "font.size": 9, "axes.spines.top": False,
                            "axes.spines.right": False})
from matplotlib.figure import Figure  # noqa: E402  (after the backend is chosen)

STYLE = """body{margin:12px;background:#f4f5f5;font:14px/1.4 system-ui,sans-serif;color:#1f2430}
main{display:grid;grid-template-columns:repeat(24,1fr);grid-auto-rows:36px;gap:8px}
section{background:#fff;border:1px solid #d8dce2;border-radius:3px;padding:8px;overflow:auto;box-sizing:border-box}
h2{margin:0 0 4px;font-size:14px;font-weight:600}svg{width:100%;height:auto}
.stat{font-size:44px;font-weight:600;text-align:center;color:#1a7f4b}.down{color:#b3261e}
table{border-collapse:collapse;width:100%;font-size:13px}td,th{padding:2px 6px;text-align:right}
th{border-bottom:1px solid #d8dce2}"""


def shown(value, unit):
    if isinstance(value, datetime):
        return f"{value:%d %b %H:%M}"
    if isinstance(value, float):
        return f"{100 * value:.2f} %" if unit == "percentunit" else f"{value:.5g}"
    return html.escape(str(value))


def drawn(draw, panel):
    place = panel["gridPos"]
    figure = Figure(figsize=(place["w"] * 0.55, place["h"] * 0.36), layout="constrained")
    axes = figure.subplots()
    draw(axes)
    if panel["fieldConfig"]["defaults"].get("unit") == "percentunit":
        axes.xaxis.set_major_formatter("{x:.1%}") if panel["type"] == "bargauge" else \
            axes.yaxis.set_major_formatter("{x:.1%}")
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()[text.getvalue().index("<svg"):]


def timeseries(rows, panel):
    """Columns time, sym and a number: a line for each sym, over the moments that there are, without the nights."""
    frame = pd.DataFrame(rows)
    moments = sorted(frame["time"].unique())

    def draw(axes):
        for name, part in frame.groupby("sym"):
            axes.plot(part["time"].map(moments.index), part.iloc[:, 2], linewidth=1.3, label=name)
        ticks = range(0, len(moments), max(1, len(moments) // 5))
        axes.set_xticks(ticks, [f"{moments[i]:%d %b %H:%M}" for i in ticks])
        axes.legend(frameon=False, ncols=5, loc="upper left", fontsize=8)
    return drawn(draw, panel)


def bargauge(rows, panel):
    names, values = zip(*(row.values() for row in rows))

    def draw(axes):
        axes.barh(names, values, color=["#1a7f4b" if value >= 0 else "#b3261e" for value in values])
        axes.invert_yaxis()
    return drawn(draw, panel)


def stat(rows, panel):
    (value,) = rows[0].values()
    return (f'<div class="stat{" down" if value < 0 else ""}">'
            f'{shown(value, panel["fieldConfig"]["defaults"].get("unit"))}</div>')


def table(rows, panel):
    head = "".join(f"<th>{html.escape(name)}</th>" for name in (rows[0] if rows else ()))
    body = "".join("<tr>" + "".join(f"<td>{shown(value, None)}</td>" for value in row.values()) + "</tr>"
                   for row in rows)
    return f"<table><tr>{head}</tr>{body}</table>"


KINDS = {"timeseries": timeseries, "bargauge": bargauge, "stat": stat, "table": table}


def render(dashboard, query):
    """`query` answers the panels' SQL with rows."""
    made = []
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        where = f"grid-column:{place['x'] + 1}/span {place['w']};grid-row:{place['y'] + 1}/span {place['h']}"
        rows = [row for target in panel["targets"] for row in query(target["rawSQL"])]
        made.append(f'<section style="{where}"><h2>{html.escape(panel["title"])}</h2>'
                    f'{KINDS[panel["type"]](rows, panel) if rows else "no data"}</section>')
    return (f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{html.escape(dashboard["title"])}</title>'
            f'<style>{STYLE}</style><main>{"".join(made)}</main></html>')
