#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Write the demo's page, report.html, from the files that run.sh left in build/demo.

    report.py pick FOLDER    chooses the promoters whose bases the page shows, and writes picks.fa
    report.py page FOLDER    writes report.html and prints the two closing lines
"""

import html
import json
import math
import os
import re
import sys

import figures
import motifs
import page

KMER = re.compile(r"^(?:RC)?Kmer_([ACGT]+)$")
POSITION_KMER = re.compile(r"^PositionKmer_([ACGT]+)\.pos(\d+)$")
WINDOW = 250
GENE = 2000
MOTIF_KMERS = 250


# ---------------------------------------------------------------- reading


def read_json(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as handle:
        return json.load(handle)


def read_table(folder, name):
    """Rows of a tab-separated file with a header, as dictionaries."""
    with open(os.path.join(folder, name), encoding="utf-8") as handle:
        header = handle.readline().rstrip("\n").split("\t")
        return [dict(zip(header, line.rstrip("\n").split("\t"))) for line in handle if line.strip()]


def read_predictions(folder, name, labels):
    """(score, probability, label) in the order of the test table; names must agree."""
    rows = read_table(folder, name)
    if [row["name"] for row in rows] != [row["name"] for row in labels]:
        raise SystemExit(f"report.py: {name}: its names are not those of test.tsv")
    return [(float(row["score"]), float(row["probability"]), int(label["label"])) for row, label in zip(rows, labels)]


def read_scan(folder):
    """{gene: {window start: score}} and the windows' length or step as written."""
    genes, width = {}, None
    with open(os.path.join(folder, "scan.bedgraph"), encoding="utf-8") as handle:
        for line in handle:
            if line.startswith(("track", "#", "browser")):
                continue
            name, first, last, score = line.split("\t")[:4]
            genes.setdefault(name, {})[int(first)] = float(score)
            width = width or int(last) - int(first)
    return genes, width


# ---------------------------------------------------------------- figures of merit


def middle_ranks(values):
    """Ranks from 1; equal values share the middle one."""
    order = sorted(range(len(values)), key=values.__getitem__)
    ranks = [0.0] * len(values)
    i = 0
    while i < len(order):
        j = i
        while j + 1 < len(order) and values[order[j + 1]] == values[order[i]]:
            j += 1
        for at in order[i : j + 1]:
            ranks[at] = (i + j) / 2 + 1
        i = j + 1
    return ranks


def auroc(rows):
    """Area under the ROC curve and the half width of its 95 % interval (DeLong)."""
    positive = [row[0] for row in rows if row[2]]
    negative = [row[0] for row in rows if not row[2]]
    m, n = len(positive), len(negative)
    together = middle_ranks(positive + negative)
    own = middle_ranks(positive) + middle_ranks(negative)
    above = [(together[i] - own[i]) / n for i in range(m)]
    below = [1 - (together[m + i] - own[m + i]) / m for i in range(n)]
    area = sum(above) / m
    spread = sum((v - area) ** 2 for v in above) / (m - 1) / m + sum((v - area) ** 2 for v in below) / (n - 1) / n
    return area, 1.96 * math.sqrt(spread)


def roc(rows, points=240):
    """About `points` corners of the ROC curve."""
    m = sum(row[2] for row in rows)
    n = len(rows) - m
    curve, hits, misses, last = [(0.0, 0.0)], 0, 0, None
    for score, _, label in sorted(rows, key=lambda row: -row[0]):
        if score != last:
            curve.append((misses / n, hits / m))
            last = score
        hits, misses = hits + label, misses + (not label)
    curve.append((1.0, 1.0))
    kept = [curve[0]]
    for point in curve[1:-1]:
        if point[0] - kept[-1][0] + point[1] - kept[-1][1] >= 2 / points:
            kept.append(point)
    return kept + [curve[-1]]


def calibration(rows, groups=10):
    """(mean probability, share of promoters, low, high) in groups of equal size, with 95 % Wilson intervals."""
    ordered = sorted(rows, key=lambda row: row[1])
    found = []
    for i in range(groups):
        part = ordered[i * len(ordered) // groups : (i + 1) * len(ordered) // groups]
        if not part:
            continue
        n, share, z = len(part), sum(row[2] for row in part) / len(part), 1.96
        middle = (share + z * z / (2 * n)) / (1 + z * z / n)
        half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
        found.append((sum(row[1] for row in part) / n, share, middle - half, middle + half))
    return found


def quantile(ordered, share):
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


def known_sites(letters):
    """Marks (first, length, name) of the expected elements in a sequence."""
    marks = []
    for name, patterns in motifs.KNOWN[: motifs.EXPECTED]:
        for pattern in patterns:
            marks += [(first, len(pattern), name) for first, _ in motifs.occurrences(pattern, letters)]
    kept = []
    for mark in sorted(marks):
        if not kept or mark[0] > kept[-1][0] + 14:
            kept.append(mark)
    return kept


# ---------------------------------------------------------------- the promoters to show


def pick(folder):
    """Write picks.fa: the best promoter of each kind, and one that the model gets wrong."""
    labels = read_table(folder, "test.tsv")
    scores = read_predictions(folder, "predictions.tsv", labels)
    promoters = [(row[0], label["name"], label["sequence"]) for row, label in zip(scores, labels) if row[2]]
    promoters.sort(key=lambda item: (-item[0], item[1]))

    def holds(pattern, first, last, strands="+-"):
        return lambda letters: any(
            first <= at < last and strand in strands for at, strand in motifs.occurrences(pattern, letters)
        )

    kinds = (
        ("the highest score of all", lambda letters: True),
        ("the highest with a TATA box 20 to 45 bases before the start", holds("TATAAA", WINDOW - 45, WINDOW - 20, "+")),
        ("the highest with a whole DRE", holds("TATCGATA", 0, WINDOW)),
        ("the highest with an E-box CAGCTG", holds("CAGCTG", 0, WINDOW)),
    )
    taken = []
    for why, test in kinds:
        best = next((p for p in promoters if test(p[2]) and p[1] not in {t[1][1] for t in taken}), None)
        if best:
            taken.append((why, best))
    taken.append(("a promoter that the model misses: the lowest score of all", promoters[-1]))
    with open(os.path.join(folder, "picks.fa"), "w", encoding="ascii") as handle:
        for why, (_, name, letters) in taken:
            handle.write(f">{name} {why}\n{letters}\n")


# ---------------------------------------------------------------- parts of the page

SERIES = (
    ("ensemble", "e", "k-mers with a network"),
    ("model", "m", "k-mers 1 to 8 and their positions"),
    ("kmer2", "k2", "2-mers"),
    ("kmer1", "k1", "single bases"),
)


def curves(predictions, areas):
    chart = figures.Chart((0, 1), (0, 1))
    ticks = [0, 0.2, 0.4, 0.6, 0.8, 1]
    chart.axes(ticks, ticks, "upstream sequences called promoters", "promoters found")
    chart.line([(0, 0), (1, 1)], "guide")
    for name, kind, _ in reversed(SERIES):
        chart.line(roc(predictions[name]), kind)
    chart.legend(
        0.42,
        0.2,
        [(kind, f"{words}: {areas[name][0]:.3f}") for name, kind, words in SERIES],
    )
    first = chart.done("ROC curves of both models and the two baselines on chromosome X")
    chart = figures.Chart((0, 1), (0, 1))
    chart.axes(ticks, ticks, "probability the model gives", "share that are promoters")
    chart.line([(0, 0), (1, 1)], "guide")
    for name, kind, _ in reversed(SERIES):
        groups = calibration(predictions[name])
        if name == "ensemble":
            for x, _, low, high in groups:
                chart.bar(x, low, high, kind)
        chart.line([(x, y) for x, y, _, _ in groups], kind + " thin")
        chart.dots([(x, y) for x, y, _, _ in groups], kind)
    chart.legend(
        0.04, 0.95, [(kind, words + (", 95 % intervals" if name == "ensemble" else "")) for name, kind, words in SERIES]
    )
    return first, chart.done("Calibration curves of both models and the two baselines on chromosome X")


def read_weights(folder):
    """Rows (feature, weight), heaviest first."""
    rows = [(row["feature"], float(row["weight"])) for row in read_table(folder, "features.tsv")]
    return sorted(rows, key=lambda row: (-abs(row[1]), row[0]))


def kmer_weights(rows):
    """{k-mer: weight}; a k-mer that stands in two terms of the recipe has the sum."""
    weights = {}
    for feature, weight in rows:
        match = KMER.match(feature)
        if match and len(match.group(1)) >= motifs.SHORTEST:
            weights[match.group(1)] = weights.get(match.group(1), 0.0) + weight
    return sorted(weights.items(), key=lambda item: (-abs(item[1]), item[0]))


def motif_cards(weights, limit):
    found = motifs.group(weights[:MOTIF_KMERS], limit)
    cards = []
    for motif in found:
        heaviest = sorted(motif.members, key=lambda member: -abs(member.weight))
        words = ", ".join(motifs.reverse_complement(m.kmer) if m.flipped else m.kmer for m in heaviest[:4])
        name = motif.label or "unnamed"
        kind = "named" if motif.label else "plain"
        drawing = figures.logo(motif.columns, f"Sequence logo: {name}")
        wide = min(100, 9 * len(motif.columns))
        cards.append(
            f'<div class="card {kind}"><h4>{html.escape(name)}</h4>'
            f'<div class="logo" style="width:{wide}%">{drawing}</div><p>{words}<br>'
            f"<span>{len(motif.members)} k-mers, heaviest {figures.signed(heaviest[0].weight)}</span></p></div>"
        )
    return found, f'<div class="cards">{"".join(cards)}</div>'


def expected_table(weights, found):
    labels = {motif.label for motif in found}
    rows = []
    for name, patterns in motifs.KNOWN[: motifs.EXPECTED]:
        seen = motifs.whole_element(patterns, weights)
        cells = (f"{seen[1]}", figures.signed(seen[2]), f"{seen[0]}") if seen else ("none", "", "")
        rows.append((name, " or ".join(patterns), *cells, "yes" if name in labels else "no"))
    heads = (
        "element",
        "consensus",
        "heaviest k-mer that shows it",
        "weight",
        "rank among k-mers of 5 to 8",
        "has a logo above",
    )
    return page.table(heads, rows, numbers=(3, 4))


def feature_bars(rows, count=40):
    most = abs(rows[0][1])
    items = []
    for feature, weight in rows[:count]:
        kmer, position = KMER.match(feature), POSITION_KMER.match(feature)
        if position:
            words = f"{position.group(1)} <span>at \u2212{WINDOW - int(position.group(2))}</span>"
        elif kmer:
            words = kmer.group(1)
        else:
            words = html.escape(feature)
        kind = "for" if weight > 0 else "against"
        items.append(
            f'<li><code>{words}</code><i><b class="{kind}" style="width:{100 * abs(weight) / most:.0f}%"></b></i>'
            f"<span>{figures.signed(weight)}</span></li>"
        )
    return f'<ol class="bars">{"".join(items)}</ol>'


def along_genes(folder):
    """The mean score along the genes' 2,000 bases, and the scores by gene for the proof."""
    genes, width = read_scan(folder)
    starts = sorted(next(iter(genes.values())))
    if width != WINDOW and starts[0] > 0:  # the interval is the middle of its window
        starts_of = {s: s - (WINDOW - width) // 2 for s in starts}
    else:
        starts_of = {s: s for s in starts}
    xs, means, lows, highs = [], [], [], []
    for start in starts:
        values = sorted(scores[start] for scores in genes.values() if start in scores)
        xs.append(starts_of[start] + WINDOW / 2 - GENE)
        means.append(sum(values) / len(values))
        lows.append(quantile(values, 0.25))
        highs.append(quantile(values, 0.75))
    is_share = min(lows) >= 0 and max(highs) <= 1
    low, high = (0, 1) if is_share else (math.floor(min(lows) * 2) / 2, math.ceil(max(highs) * 2) / 2)
    step = 0.2 if is_share else 1 if high - low > 3 else 0.5
    chart = figures.Chart((-GENE, 0), (low, high), width=980, height=360)
    ticks = [low + step * i for i in range(int((high - low) / step + 1e-9) + 1)]
    words = "probability" if is_share else "score (log-odds of a promoter)"
    chart.axes(
        range(-GENE, 1, 250),
        [round(t, 6) for t in ticks],
        "middle of the 250-base window, in bases from the transcript start",
        words,
    )
    chart.band(xs, lows, highs, "m")
    chart.line(list(zip(xs, means)), "m")
    chart.parts.append(figures.stroke("start", chart.right, chart.top, chart.right, chart.bottom))
    chart.note(-12, high - (high - low) * 0.04, "transcript start", "small", "end")
    last = {name: scores[max(scores)] for name, scores in genes.items()}
    ends = (means[0], means[-1])
    return (
        chart.done("Mean score along the 2,000 bases before the X genes' starts"),
        last,
        ends,
        len(genes),
        len(starts),
    )


def tracks(folder, predictions):
    """One track of letters for each picked promoter."""
    reasons, order = {}, []
    with open(os.path.join(folder, "picks.fa"), encoding="ascii") as handle:
        for line in handle:
            if line.startswith(">"):
                name, _, why = line[1:].strip().partition(" ")
                reasons[name] = why
                order.append(name)
    values = {}
    for row in read_table(folder, "tracks.tsv"):
        values.setdefault(row["name"], []).append((int(row["position"]), row["letter"], float(row["attribution"])))
    parts = []
    for name in order:
        letters = "".join(letter for _, letter, _ in sorted(values[name]))
        heights = [value for _, _, value in sorted(values[name])]
        short = re.sub(r"_up_2000_|_near$", " ", name).strip()
        score, probability, _ = predictions[name]
        drawing = figures.track(
            letters, heights, known_sites(letters), f"Attribution of each base of {short}", first_label=-len(letters)
        )
        parts.append(
            f'<div class="track"><h4>{html.escape(short)}<span>{html.escape(reasons[name])}; '
            f"score {figures.signed(score)}, "
            f"probability {probability:.2f}</span></h4>{drawing}</div>"
        )
    return "".join(parts)


def proof(folder, last_windows, labels, predictions, evaluated, areas):
    """Rows of the proof box: what was compared, how many values, how many differ."""
    rows = [(row["check"], int(row["compared"]), int(row["differ"])) for row in read_table(folder, "proof.tsv")]
    compared = differ = 0
    for label, row in zip(labels, predictions):
        gene = re.sub(r"_near$", "", label["name"])
        if row[2] and gene in last_windows:
            compared += 1
            differ += row[0] != last_windows[gene]
    if compared:
        rows.append(("last window of ba scan against ba predict on the same bases", compared, differ))
    again = [abs(evaluated[name]["auroc"] - area[0]) > 1e-9 for name, area in areas.items()]
    rows.append(("AUROC worked out again by this page against ba eval, to 1e-9", len(again), sum(again)))
    return rows


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("pick", "page"):
        print(__doc__, file=sys.stderr)
        return 1
    folder = sys.argv[2]
    if sys.argv[1] == "pick":
        pick(folder)
        return 0
    return build(folder)


def rate(folder, name):
    """The most million bases a second in a table of speeds."""
    return max(float(row["bases"]) / float(row["seconds"]) / 1e6 for row in read_table(folder, name))


def build(folder):
    labels = read_table(folder, "test.tsv")
    files = {"ensemble": "ensemble.predictions.tsv", "model": "predictions.tsv", "kmer2": "kmer2.predictions.tsv", "kmer1": "kmer1.predictions.tsv"}
    predictions = {name: read_predictions(folder, file, labels) for name, file in files.items()}
    areas = {name: auroc(rows) for name, rows in predictions.items()}
    evaluated = {name: read_json(folder, f"{name}.eval.json") for name in files}
    trained = read_json(folder, "model.train.json")
    speeds = read_table(folder, "speed.tsv")
    fastest = rate(folder, "speed.tsv")
    weights = read_weights(folder)
    kmers = kmer_weights(weights)
    found, cards_for = motif_cards([k for k in kmers if k[1] > 0], 9)
    _, cards_against = motif_cards([k for k in kmers if k[1] < 0], 3)
    roc_chart, calibration_chart = curves(predictions, areas)
    along, last, ends, genes, windows = along_genes(folder)
    by_name = {label["name"]: row for label, row in zip(labels, predictions["model"])}
    parts = {
        "counts": read_json(folder, "counts.json"),
        "trained": trained,
        "joined": read_json(folder, "ensemble.train.json"),
        "evaluated": evaluated,
        "areas": areas,
        "fastest": fastest,
        "speeds": speeds,
        "steps": read_table(folder, "steps.tsv"),
        "machine": dict(
            line.rstrip("\n").split("\t", 1) for line in open(os.path.join(folder, "machine.txt"), encoding="utf-8")
        ),
        "roc": roc_chart,
        "calibration": calibration_chart,
        "motifs_for": cards_for,
        "motifs_against": cards_against,
        "expected": expected_table([k for k in kmers if k[1] > 0], found),
        "bars": feature_bars(weights),
        "along": along,
        "ends": ends,
        "genes": genes,
        "windows": windows,
        "tracks": tracks(folder, by_name),
        "proof": proof(folder, last, labels, predictions["model"], evaluated, areas),
    }
    target = os.path.join(folder, "report.html")
    with open(target + ".part", "w", encoding="utf-8") as handle:
        handle.write(page.write(parts))
    os.replace(target + ".part", target)
    print(
        f"demo: by k-mers alone AUROC {evaluated['model']['auroc']:.3f}, {trained['fit_cpu_seconds']:.1f} s train, "
        f"{fastest:.1f} Mbases/s scored"
    )
    print(
        f"demo: AUROC {evaluated['ensemble']['auroc']:.3f} on chromosome X, {len(labels):,} test sequences, "
        f"{parts['joined']['fit_cpu_seconds']:.1f} s train, {rate(folder, 'ensemble.speed.tsv'):.1f} Mbases/s scored"
    )
    print(f"open {target}")
    differ = [words for words, _, count in parts["proof"] if count]
    for words in differ:
        print(f"report.py: results differ: {words}", file=sys.stderr)
    return 5 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
