# SPDX-License-Identifier: MIT
"""Pictures for notebooks, by matplotlib. Each function draws on the Axes that it is given, or on new ones, and gives
them back."""

from typing import Any, List, Optional, Sequence, Union

import numpy as np

from ._types import Array

INK, PALE, LINE, WARN = "#333333", "#c8ccd2", "#2166ac", "#c0392b"
GREEN, BLUE, AMBER, RED = "#1b8a4b", "#2166ac", "#d98c00", "#c0392b"
COLOURS = {"A": GREEN, "C": BLUE, "G": AMBER, "T": RED, "U": RED}
# Of residues by their nature: water-hating, acid, base, and the rest by their side chains.
RESIDUES = {**dict.fromkeys("AVLIMFWP", INK), **dict.fromkeys("DE", RED), **dict.fromkeys("KRH", BLUE),
            **dict.fromkeys("STNQYCG", GREEN)}


def _axes(ax: Any, width: float, height: float) -> Any:
    if ax is None:
        from matplotlib import pyplot
        ax = pyplot.subplots(figsize=(width, height), layout="constrained")[1]
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    return ax


def _colour(ax: Any) -> str:
    """One for the next curve."""
    curves = [line for line in ax.lines if line.get_gid() == "curve"]
    return (LINE, AMBER, GREEN, WARN, "#7b5ea7", INK)[len(curves) % 6]


def _legend(ax: Any, label: Optional[str], place: str) -> None:
    if label:
        ax.legend(loc=place, frameon=False)


def _square(ax: Any) -> None:
    ax.set_xlim(-0.01, 1.01)
    ax.set_ylim(-0.01, 1.01)
    ax.set_aspect("equal")


def _positive(labels: Any) -> Array:
    """Labels as True for the positive class: of two texts or numbers, the second in their order."""
    array = np.asarray(labels)
    if array.dtype.kind == "b":
        return array
    found, places = np.unique(array, return_inverse=True)
    if len(found) > 2:
        raise ValueError(f"{len(found)} classes: expected two, or True for one of them, such as labels == {found[0]!r}")
    return np.asarray(places).reshape(-1) == 1 if len(found) == 2 else array.astype(np.bool_)


def _ranked(labels: Any, scores: Any) -> "tuple[Array, Array, Array]":
    """Of each distinct score from the highest down: how many positives and negatives have it or more."""
    positive, numbers = _positive(labels), np.asarray(scores, np.float64)
    if positive.shape != numbers.shape or positive.ndim != 1:
        raise ValueError(f"labels of shape {positive.shape}, scores of shape {numbers.shape}: expected one each a row")
    order = np.argsort(-numbers, kind="stable")
    last = np.flatnonzero(np.append(np.diff(numbers[order]) != 0, True))
    hits = np.cumsum(positive[order])[last]
    return hits, last + 1 - hits, numbers[order][last]


def roc(labels: Any, scores: Any = None, *, ax: Any = None, label: Optional[str] = None, **style: Any) -> Any:
    """The ROC curve of labels and scores, or of Metrics."""
    if hasattr(labels, "curve"):
        x, y = labels.curve("roc")
        area = labels["auroc"]
    else:
        hits, misses, _ = _ranked(labels, scores)
        x, y = np.append(0, misses / max(misses[-1], 1)), np.append(0, hits / max(hits[-1], 1))
        area = float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))
    ax = _axes(ax, 4, 4)
    if not ax.lines:
        ax.plot([0, 1], [0, 1], color=PALE, linewidth=1, zorder=1)
    text = f"{label + ': ' if label else ''}area {area:.3f}"
    ax.plot(x, y, label=text, zorder=2, gid="curve", **{"color": _colour(ax), "linewidth": 2, **style})
    ax.set_xlabel("false positives, of all negatives")
    ax.set_ylabel("true positives, of all positives")
    _square(ax)
    _legend(ax, text, "lower right")
    return ax


def precision_recall(labels: Any, scores: Any, *, ax: Any = None, label: Optional[str] = None, **style: Any) -> Any:
    """Precision over recall, and the share of positives as a line: what chance would give."""
    hits, misses, _ = _ranked(labels, scores)
    precision, recall = hits / (hits + misses), hits / max(hits[-1], 1)
    average = float(np.sum(np.diff(np.append(0, recall)) * precision))
    ax = _axes(ax, 4, 4)
    if not ax.lines:
        ax.axhline(hits[-1] / (hits[-1] + misses[-1]), color=PALE, linewidth=1, zorder=1)
    text = f"{label + ': ' if label else ''}average precision {average:.3f}"
    ax.step(np.append(0, recall), np.append(precision[0], precision), where="pre", label=text, zorder=2,
            gid="curve", **{"color": _colour(ax), "linewidth": 2, **style})
    ax.set_xlabel("recall: positives found, of all positives")
    ax.set_ylabel("precision: positives, of all found")
    _square(ax)
    _legend(ax, text, "lower left")
    return ax


def calibration(labels: Any, probabilities: Any = None, *, bins: int = 10, ax: Any = None, label: Optional[str] = None,
                **style: Any) -> Any:
    """How often the positive class came true where it was given a probability: of labels and the probabilities of the
    positive class in bins of as many rows each, or of Metrics. Points on the diagonal are right; bars are 95 %
    intervals (Wilson) where the rows are known."""
    ax = _axes(ax, 4, 4)
    if not ax.lines:
        ax.plot([0, 1], [0, 1], color=PALE, linewidth=1, zorder=1)
    style = {"color": _colour(ax), "gid": "curve", "marker": "o", "markersize": 5, "linewidth": 1.5, **style}
    if hasattr(labels, "curve"):
        ax.plot(*labels.curve("calibration"), label=label, zorder=2, **style)
    else:
        positive, chance = _positive(labels), np.asarray(probabilities, np.float64)
        parts = [part for part in np.array_split(np.argsort(chance, kind="stable"), bins) if len(part)]
        x, y = (np.array([values[part].mean() for part in parts]) for values in (chance, positive))
        n = np.array([len(part) for part in parts])
        middle, reach = _wilson(y, n)
        ax.errorbar(x, y, [np.maximum(0, y - middle + reach), np.maximum(0, middle + reach - y)], label=label,
                    capsize=2, elinewidth=1, zorder=2, **style)
    ax.set_xlabel("probability given")
    ax.set_ylabel("share that came true")
    _square(ax)
    _legend(ax, label, "upper left")
    return ax


def _wilson(share: Array, n: Array) -> "tuple[Array, Array]":
    """Middle and reach of the 95 % interval of a share (Wilson 1927)."""
    z = 1.959964
    whole = 1 + z * z / n
    return (share + z * z / (2 * n)) / whole, z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / whole


# ---- letters ----

def logo(sequence: Union[str, bytes], attribution: Any, *, start: int = 0, ax: Any = None) -> Any:
    """A sequence whose letters are as tall as what each gives to a score (Model.explain); those that lower it hang
    below the line. `start` is the number of the first letter."""
    text = sequence.decode("ascii") if isinstance(sequence, bytes) else str(sequence)
    heights = np.asarray(attribution, np.float64)
    if heights.shape != (len(text),):
        raise ValueError(f"{len(text)} letters and attributions of shape {heights.shape}: expected one a letter")
    ax = _axes(ax, max(3.0, min(16.0, 1 + 0.17 * len(text))), 2.2)
    for i, (letter, height) in enumerate(zip(text.upper(), heights)):
        _draw(ax, letter, start + i, min(height, 0.0), abs(height), 0.55 if height < 0 else 1.0)
    low, high = min(heights.min(initial=0.0), 0.0), max(heights.max(initial=0.0), 0.0)
    space = 0.05 * (high - low) or 1.0
    ax.axhline(0, color=INK, linewidth=0.8)
    ax.set_ylim(low - space if low < 0 else 0, high + space)
    _number(ax, start, len(text))
    ax.set_ylabel("part of the score")
    return ax


def motif(sequences: Sequence[str], *, start: int = 1, ax: Any = None) -> Any:
    """What aligned sequences of one length have in common: at each place the letters in the order of their shares, all
    as tall as what the place tells, in bits (Schneider and Stephens 1990, with its correction for few sequences)."""
    texts = [text.upper() for text in sequences]
    if not texts or len({len(text) for text in texts}) != 1:
        raise ValueError("expected sequences of one length, one or more")
    letters = "ACGT" if set("".join(texts)) <= set("ACGTUN") else "ACDEFGHIKLMNPQRSTVWY"
    columns = ["".join(text[i] for text in texts).replace("U", "T") for i in range(len(texts[0]))]
    counts = np.array([[column.count(letter) for letter in letters] for column in columns], np.float64)
    rows = np.maximum(counts.sum(axis=1, keepdims=True), 1)
    shares = counts / rows
    surprise = -(shares * np.log2(np.where(shares > 0, shares, 1))).sum(axis=1, keepdims=True)
    bits = np.maximum(0, np.log2(len(letters)) - surprise - (len(letters) - 1) / (2 * np.log(2) * rows))
    ax = _axes(ax, max(3.0, min(16.0, 1 + 0.45 * len(columns))), 2.2)
    for i, heights in enumerate(shares * bits):
        base = 0.0
        for place in np.argsort(heights, kind="stable"):
            _draw(ax, letters[place], start + i, base, heights[place], 1.0)
            base += heights[place]
    ax.set_ylim(0, np.log2(len(letters)))
    _number(ax, start, len(columns))
    ax.set_ylabel("bits")
    return ax


def _draw(ax: Any, letter: str, x: float, base: float, height: float, opacity: float) -> None:
    """A letter that fills the box from x - 0.46 to x + 0.46 and from base to base + height."""
    if height <= 0:
        return
    from matplotlib.font_manager import FontProperties
    from matplotlib.patches import PathPatch
    from matplotlib.textpath import TextPath
    from matplotlib.transforms import Affine2D
    path = TextPath((0, 0), letter, size=1, prop=FontProperties(family="DejaVu Sans", weight="bold"))
    box = path.get_extents()
    width = 0.92 if letter != "I" else 0.4
    move = Affine2D().translate(-box.x0, -box.y0).scale(width / box.width, height / box.height)
    colours = COLOURS if letter in COLOURS else RESIDUES
    ax.add_patch(PathPatch(move.translate(x - width / 2, base).transform_path(path), alpha=opacity, linewidth=0,
                           facecolor=colours.get(letter, "#888888")))


def _number(ax: Any, start: int, count: int) -> None:
    from matplotlib.ticker import MaxNLocator
    ax.set_xlim(start - 0.7, start + count - 0.3)
    ax.xaxis.set_major_locator(MaxNLocator(integer=True, steps=[1, 2, 5, 10], min_n_ticks=1))
    ax.set_xlabel("position")


def effects(sequence: Union[str, bytes], changes: Any, *, start: int = 0, ax: Any = None) -> Any:
    """What each substitution does to the score (Model.mutate): red lowers it, blue raises it; dots are the letters that
    are there."""
    text = (sequence.decode("ascii") if isinstance(sequence, bytes) else str(sequence)).upper().replace("U", "T")
    numbers = np.asarray(changes, np.float64)
    if numbers.shape != (len(text), 4):
        raise ValueError(f"{len(text)} letters and effects of shape {numbers.shape}: expected four a letter")
    ax = _axes(ax, max(4.0, min(16.0, 2 + 0.14 * len(text))), 1.9)
    most = float(np.abs(numbers).max(initial=0.0)) or 1.0
    image = ax.imshow(numbers.T, cmap="RdBu", vmin=-most, vmax=most, aspect="auto", interpolation="nearest",
                      extent=(start - 0.5, start + len(text) - 0.5, 3.5, -0.5))
    known = [(start + i, "ACGT".index(letter)) for i, letter in enumerate(text) if letter in "ACGT"]
    if known:
        ax.scatter(*zip(*known), s=6, color=INK, linewidths=0)
    ax.set_yticks(range(4), list("ACGT"))
    ax.tick_params(axis="y", length=0)
    ax.set_xlabel("position")
    ax.figure.colorbar(image, ax=ax, label="change of the score", pad=0.01)
    return ax


# ---- tracks ----

def scan(scores: Any, window: int, step: int = 1, *, start: int = 0, threshold: Optional[float] = None,
         regions: Sequence["tuple[float, float]"] = (), ax: Any = None, label: Optional[str] = None,
         **style: Any) -> Any:
    """The scores of a scan (Model.scan) along a sequence, each in the middle of its window; `regions` are shaded, such
    as known genes, and what is above `threshold` is filled."""
    numbers = np.asarray(scores, np.float64)
    if numbers.ndim == 2 and numbers.shape[1] == 1:
        numbers = numbers[:, 0]
    if numbers.ndim != 1:
        raise ValueError(f"scores of shape {numbers.shape}: expected one a window, such as scores[:, 0]")
    ax = _axes(ax, 10, 2.4)
    x = start + np.arange(len(numbers)) * step + window / 2
    for first, last in regions:
        ax.axvspan(first, last, color=PALE, alpha=0.45, linewidth=0, zorder=0)
    ax.plot(x, numbers, label=label, zorder=2, **{"color": LINE, "linewidth": 1, **style})
    if threshold is not None:
        ax.axhline(threshold, color=WARN, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
        ax.fill_between(x, threshold, numbers, where=numbers > threshold, color=WARN, alpha=0.35, linewidth=0,
                        interpolate=True)
    if len(numbers):
        ax.set_xlim(start, start + (len(numbers) - 1) * step + window)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    ax.set_xlabel("position")
    ax.set_ylabel("score")
    _legend(ax, label, "upper right")
    return ax


def drift(found: Any, *, ax: Any = None) -> Any:
    """How far what was scored is from what was learnt from, each measure as a share of its limit: of a Scorer that
    watches, or of what its `drift()` gave. What has passed its limit is red."""
    rows: List[Any] = found.drift() if hasattr(found, "drift") else list(found)
    ax = _axes(ax, 6, 0.7 + 0.45 * max(len(rows), 1))
    for i, row in enumerate(rows):
        for j, (measure, value, limit) in enumerate((("psi", row.psi, row.psi_limit), ("ks", row.ks, row.ks_limit))):
            share = max(value / limit if limit > 0 else 0.0, 0.01)
            place = i + (j - 0.5) * 0.36
            ax.barh(place, share - 0.01, left=0.01, height=0.32, color=WARN if share > 1 else LINE,
                    alpha=1 if j == 0 else 0.6)
            ax.annotate(f" {measure} {value:.3g}", (share, place), va="center", fontsize=8, color=INK)
    ax.axvline(1, color=INK, linewidth=0.8, linestyle=(0, (4, 3)))
    ax.set_yticks(range(len(rows)), [row.name for row in rows])
    ax.set_ylim(max(len(rows), 1) - 0.5, -0.5)
    ax.set_xscale("log")
    ax.set_xlim(0.01, max(10.0, 6 * ax.dataLim.x1) if rows else 10.0)
    ax.xaxis.set_major_formatter(lambda value, _: f"{value:g}")
    ax.set_xlabel("share of the limit" + (f", after {rows[0].requests:,} records" if rows else ""))
    return ax


__all__ = ["calibration", "drift", "effects", "logo", "motif", "precision_recall", "roc", "scan"]
