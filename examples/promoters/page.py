# SPDX-License-Identifier: MIT
"""The words and the looks of report.html; everything is inside the one file."""

import html

import figures

STYLE = """
:root{--paper:#fbfaf7;--card:#fff;--ink:#1f2428;--mute:#6a7178;--rule:#e2e0d9;--e:#6b3fa0;--m:#0b6e75;--k2:#c4791b;--k1:#8a8f98;
--mark:#f3e3b6;--a:#2e8b57;--c:#2f62c0;--g:#d18a00;--t:#c8434f;--good:#2e7d4f;--bad:#c0392b}
@media(prefers-color-scheme:dark){:root{--paper:#15181b;--card:#1d2125;--ink:#e8e6e1;--mute:#9aa1a8;--rule:#33393f;
--e:#b79ae6;--m:#4fb8be;--k2:#e0a04e;--k1:#8b929a;--mark:#4a4226;--a:#5cbf87;--c:#7da2ee;--g:#e8b04a;--t:#ec7a84;--good:#63c08a;--bad:#f08579}}
*{box-sizing:border-box}
body{margin:0;background:var(--paper);color:var(--ink);font:17px/1.6 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
main{max-width:1040px;margin:0 auto;padding:56px 24px 80px}
h1{font-size:40px;line-height:1.15;letter-spacing:-.02em;margin:0 0 14px}
h2{font-size:25px;letter-spacing:-.01em;line-height:1.25;margin:64px 0 10px;padding-top:22px;border-top:1px solid var(--rule)}
h3{font-size:18px;margin:34px 0 8px}h4{font-size:15px;margin:0 0 6px}
p{margin:0 0 14px;max-width:47em}.lead{font-size:20px;line-height:1.5;color:var(--mute);max-width:40em}
figure{margin:22px 0 0}figcaption,.caption{font-size:15px;line-height:1.5;color:var(--mute);max-width:50em;margin-top:6px}
svg{display:block;width:100%;height:auto;overflow:visible;fill:var(--ink)}
svg text{fill:var(--ink);font-family:inherit}.tick,.small{font-size:12.5px}svg .tick,svg .small{fill:var(--mute)}
.label,.legend{font-size:14px}svg .strong{font-size:14px;font-weight:600}
.grid{stroke:var(--rule);stroke-width:1}.axis{stroke:var(--mute);stroke-width:1}
.start{stroke:var(--ink);stroke-width:1.5;stroke-dasharray:4 4}
.line{fill:none;stroke-width:2.6;stroke-linejoin:round;stroke-linecap:round}.thin{stroke-width:1.5}
.line.e{stroke:var(--e)}.line.m{stroke:var(--m)}.line.k2{stroke:var(--k2)}.line.k1{stroke:var(--k1)}.line.guide{stroke:var(--mute);stroke-width:1;stroke-dasharray:3 4}
.dot.e{fill:var(--e)}.band.e{fill:var(--e);opacity:.16}.dot.m{fill:var(--m)}.dot.k2{fill:var(--k2)}.dot.k1{fill:var(--k1)}.band.m{fill:var(--m);opacity:.16}
.base-A{fill:var(--a)}.base-C{fill:var(--c)}.base-G{fill:var(--g)}.base-T{fill:var(--t)}.mark{fill:var(--mark)}
.fill-m{fill:var(--m)}.fill-k{fill:var(--k1)}.fill-r{fill:var(--rule)}svg .on{fill:var(--card);font-size:14px;font-weight:600}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(172px,1fr));gap:14px;margin:30px 0 0}
.tile{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:16px 16px}
.tile b{display:block;font-size:31px;line-height:1.2;letter-spacing:-.02em;font-variant-numeric:tabular-nums}
.tile span{font-size:14px;line-height:1.4;color:var(--mute);display:block;margin-top:2px}.tile.main b{color:var(--e)}
.two{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,400px),1fr));gap:28px}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,290px),1fr));gap:14px;margin-top:16px}
.card{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:14px 16px 10px}
.card.named h4{color:var(--m)}.card.plain h4{color:var(--mute);font-weight:500}.card p{font-size:13px;line-height:1.45;margin:8px 0 0;font-family:ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.card p span{color:var(--mute);font-family:system-ui,sans-serif}.logo svg{max-height:110px}
.wide{overflow-x:auto}table{border-collapse:collapse;font-size:15px;margin:14px 0 0;min-width:60%}
th,td{text-align:left;padding:7px 18px 7px 0;border-bottom:1px solid var(--rule);vertical-align:top}
th{font-weight:600;color:var(--mute);font-size:13.5px}.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}tr.chosen td{font-weight:600}
.bars{list-style:none;margin:16px 0 0;padding:0;columns:2 380px;column-gap:34px;font-size:14px}
.bars li{display:grid;grid-template-columns:150px 1fr 54px;gap:8px;align-items:center;break-inside:avoid;line-height:1.75}
.bars code span,.bars li>span{color:var(--mute)}.bars li>span{text-align:right;font-variant-numeric:tabular-nums}.bars i{display:block;height:10px}
.bars b{display:block;height:10px;border-radius:2px}.bars .for{background:var(--m)}.bars .against{background:var(--k2)}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;font-size:.9em}
pre{background:var(--card);border:1px solid var(--rule);border-radius:10px;padding:16px 18px;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.55;font-size:13.5px}
.track{margin:26px 0 0}.track h4 span{font-weight:400;color:var(--mute);margin-left:12px}.scroll{overflow-x:auto}.scroll>.track{min-width:760px}
.proof{background:var(--card);border:1px solid var(--rule);border-left:5px solid var(--good);border-radius:10px;padding:20px 24px;margin-top:18px}
.proof.bad{border-left-color:var(--bad)}.proof strong{font-size:22px;color:var(--good)}.proof.bad strong{color:var(--bad)}
@media(max-width:600px){main{padding:32px 16px}h1{font-size:31px}.lead{font-size:18px}.bars li{grid-template-columns:130px 1fr 50px}}
"""


def esc(words):
    return html.escape(str(words))


def table(heads, rows, numbers=(), chosen=None):
    """An HTML table; `numbers` are the columns to set flush right, `chosen` the row to stress."""

    def cells(tag, row):
        return "".join(f'<{tag}{" class=n" if i in numbers else ""}>{esc(cell)}</{tag}>' for i, cell in enumerate(row))

    body = "".join(f'<tr{" class=chosen" if i == chosen else ""}>{cells("td", row)}</tr>' for i, row in enumerate(rows))
    return f'<div class="wide"><table><thead><tr>{cells("th", heads)}</tr></thead><tbody>{body}</tbody></table></div>'


def tile(value, words, kind=""):
    return f'<div class="tile {kind}"><b>{value}</b><span>{words}</span></div>'


def question_drawing():
    """The 2,000 bases with their two windows."""
    parts = [
        '<rect class="fill-r" x="0" y="34" width="940" height="26"/>',
        '<rect class="fill-k" x="0" y="34" width="117.5" height="26"/>',
        '<rect class="fill-m" x="822.5" y="34" width="117.5" height="26"/>',
        '<path class="axis" fill="none" d="M940 70V10H972M965 5L972 10L965 15"/>',
        figures.text(0, 24, "the 250 farthest away: upstream", "strong"),
        figures.text(930, 24, "the 250 next to the start: promoter", "strong", "end"),
        figures.text(978, 14, "gene", "small"),
        figures.text(0, 80, "-2,000", "small"),
        figures.text(117.5, 80, "-1,750", "small", "middle"),
        figures.text(834, 80, "-250", "small", "end"),
        figures.text(936, 80, "transcript start", "small", "end"),
        figures.text(470, 52, "1,500 bases that are not used for training", "small", "middle"),
    ]
    return figures.svg(1010, 88, parts, "The 2,000 bases before a transcript start and the two windows taken from them")


def seconds(value):
    return f"{value:.2f} s" if value < 10 else f"{value:.1f} s" if value < 100 else f"{value:,.0f} s"


def headline(p):
    model, (area, half) = p["evaluated"]["ensemble"], p["areas"]["ensemble"]
    compared, differ = sum(row[1] for row in p["proof"]), sum(row[2] for row in p["proof"])
    peak = p["trained"].get("peak_memory_bytes")
    tiles = [
        tile(
            f"{model['auroc']:.3f}",
            f"AUROC on chromosome X (95 % interval {area - half:.3f} to {area + half:.3f}); k-mers alone reach "
            f"{p['areas']['model'][0]:.3f}, 2-mers {p['areas']['kmer2'][0]:.3f}",
            "main",
        ),
        tile(f"{p['counts']['test']:,}", f"test sequences, none seen in training; {p['counts']['train']:,} trained on"),
        tile(
            seconds(p["trained"]["fit_cpu_seconds"]),
            "of processor time for the final fit of the k-mers"
            + (f", {peak / 1e6:,.0f} MB at most" if peak else "")
            + f"; {seconds(p['joined']['fit_cpu_seconds'])} with a network",
        ),
        tile(f"{p['fastest']:.1f} M", "bases scored a second by the k-mers, file to file"),
        tile(
            f"{differ:,}", f"of {compared:,} compared results differ, over processor levels, threads and ways to score"
        ),
    ]
    return f'<div class="tiles">{"".join(tiles)}</div>'


def section_question(p):
    c = p["counts"]
    rows = [
        (
            f"{a['arm']}",
            f"{a['positives']:,}",
            f"{a['negatives']:,}",
            "test" if a["arm"] == "X" else "training, one fold of the cross-validation",
        )
        for a in c["arms"]
    ]
    return f"""<h2>What was asked</h2>
<p>A gene's promoter is the stretch of DNA where the cell's machinery sits down to read it. In the fly
<i>Drosophila melanogaster</i> it lies next to the point where the transcript starts. Given 250 letters of DNA and
nothing else, can a program tell whether they come from right beside a start, or from nearly 2,000 bases further up?</p>
<figure>{question_drawing()}<figcaption>From the 2,000 bases before each known transcript start, two windows were taken:
the promoter and a piece of the same neighbourhood that is not one.</figcaption></figure>
<h3>How the data were split</h3>
<p>By chromosome, so that no gene stands on both sides. The model was trained on five chromosome arms, and its settings
were chosen there too, by leaving out one arm at a time. The network beside it was trained on four arms; the fifth, 2L, said when to stop and how
much each of the two counts. Chromosome X was opened only when every setting was fixed.</p>
{table(("arm", "promoters", "upstream pieces", "used for"), rows, numbers=(1, 2))}"""


def section_results(p):
    names = (("ensemble", "k-mers with a network"), ("model", "k-mers and their positions"), ("kmer2", "2-mers"), ("kmer1", "single bases"))
    keys = (
        ("auroc", "AUROC", 3),
        ("auprc", "AUPRC", 3),
        ("mcc", "MCC", 3),
        ("accuracy", "accuracy", 3),
        ("log_loss", "log loss", 3),
        ("brier", "Brier", 3),
        ("ece", "ECE", 3),
    )
    rows = [[words] + [f"{p['evaluated'][name][key]:.{digits}f}" for key, _, digits in keys] for name, words in names]
    return f"""<h2>How well it does</h2>
<div class="two"><figure>{p['roc']}<figcaption>Look at how early a curve climbs. A promoter gets a higher score than an
upstream piece in {100 * p['areas']['ensemble'][0]:.0f} of 100 random pairs (the area under the curve); a coin would give
50, the dotted line.</figcaption></figure>
<figure>{p['calibration']}<figcaption>Each dot is a tenth of the test set. On the dotted line a probability means what it
says: of the sequences given 80 %, 80 in 100 are promoters.</figcaption></figure></div>
{table(["on chromosome X"] + [k[1] for k in keys], rows, numbers=range(1, 8), chosen=0)}
<p class="caption">Higher is better for the first four, lower for the last three. MCC is the correlation between call
and truth; log loss and Brier judge the probabilities, ECE is their mean error.</p>"""


def section_learned(p):
    return f"""<h2>What it learned</h2>
<p>The k-mer model can be read; from here on the page is about it. Nobody told the model about motifs. It has one weight for every word of one to eight letters, and one for every word
of one to three letters at every position. The heaviest words of five letters and more were lined up where one contains
or overlaps another, on either strand; each group is drawn as a logo.</p>
<h3>Words that speak for a promoter</h3>
{p['motifs_for']}
<p class="caption">The taller a letter, the more weight agrees on it. Names are given where a group shows a core
promoter element that biologists know from experiments.</p>
<h3>The elements one would expect</h3>
{p['expected']}
<p class="caption">TATA box, initiator, DRE and E-box are classic elements of fly promoters. A word shows an
element if it holds all of it, or five letters of it and nothing else. Rank 1 is the heaviest of all words of five to
eight letters that speak for a promoter. The initiator sits across the start itself, so the windows, which
end just before it, catch it only where a start was annotated a few bases off.</p>
<h3>Words that speak against</h3>
{p['motifs_against']}
<h3>The forty heaviest features</h3>
{p['bars']}
<p class="caption">Teal speaks for a promoter, amber against. "at −1" is a word at a fixed place, counted from the
transcript start.</p>"""


def section_along(p):
    return f"""<h2>Along the genes</h2>
<p>The model was moved along the full 2,000 bases before {p['genes']:,} starts on chromosome X, 250 bases at a time in
steps of 25: {p['genes'] * p['windows']:,} windows.</p>
<figure>{p['along']}<figcaption>The line is the mean score, the band holds the middle half of the genes. The mean
goes from {figures.signed(p['ends'][0])} at the far end to {figures.signed(p['ends'][1])} next to the start: a rise to
the right means that the model finds the place, not only the gene.</figcaption></figure>"""


def section_tracks(p):
    return f"""<h2>Base by base</h2>
<p>A score is a sum over words, so it can be shared out among the letters. Letters above the line speak for a promoter,
letters below against; shaded are known elements, wherever their consensus stands.</p>
<div class="scroll">{p['tracks']}</div>
<p class="caption">Numbers count bases from the transcript start. Each track has its own height scale. The last one is
a miss, shown on purpose.</p>"""


def section_proof(p):
    compared, differ = sum(row[1] for row in p["proof"]), sum(row[2] for row in p["proof"])
    rows = [(words, f"{n:,}", f"{d:,}") for words, n, d in p["proof"]]
    words = f"{differ:,} of {compared:,} compared results differ"
    return f"""<h2>Proof: the same bits everywhere</h2>
<div class="proof{' bad' if differ else ''}"><strong>{words}</strong>
<p>Every row was run on this machine for this page. Scores are compared with all their 17 digits.</p>
{table(("what was compared", "compared", "differ"), rows, numbers=(1, 2))}</div>"""


def section_timings(p):
    t = p["trained"]
    rows = [(s["step"], seconds(float(s["seconds"]))) for s in p["steps"]]
    speeds = [
        (
            f"score {int(s['bases']) / 1e6:.1f} million bases, {s['threads']} thread{'s' if s['threads'] != '1' else ''}",
            f"{float(s['bases']) / float(s['seconds']) / 1e6:.1f} M bases/s",
        )
        for s in p["speeds"]
    ]
    candidates = [
        (
            c["recipe"],
            *(f"{c['cv'][k]:.4f}" for k in ("auroc", "mcc", "log_loss")),
            seconds(c.get("cpu_seconds", c.get("cv_cpu_seconds", 0))),
        )
        for c in t["candidates"]
    ]
    best = max(range(len(candidates)), key=lambda i: t["candidates"][i]["cv"]["auroc"]) if candidates else None
    machine = (
        "; ".join(esc(v) for k, v in p["machine"].items() if k != "levels")
        + "; levels: "
        + esc(p["machine"].get("levels", ""))
    )
    return f"""<h2>Time</h2>
<p>The final fit took {seconds(t['fit_cpu_seconds'])} of processor time and {t['iterations']:,} steps over
{t['rows']:,} sequences. Choosing the settings took {seconds(t['cv_cpu_seconds'])} of processor time before that.</p>
{table(("step", "on the clock"), rows + speeds, numbers=(1,))}
<p class="caption">{machine}</p>
<h3>Choosing the settings</h3>
{table(("recipe", "AUROC", "MCC", "log loss", "processor"), candidates, numbers=(1, 2, 3, 4), chosen=best)}
<p class="caption">Cross-validation by chromosome arm on the training arms only. The row in bold was kept and trained
on all of them.</p>"""


def section_counts(p):
    rows = [(s["of"], s["step"], f"{s['dropped']:,}", f"{s['kept']:,}") for s in p["counts"]["steps"]]
    return f"""<h2>From file to set</h2>
<p>The source is {esc(p['counts']['source'])}, the sequences upstream of the fly's transcripts (assembly dm3) as
Debian ships them. Nothing was left out silently:</p>
{table(("of", "filter", "dropped", "kept"), rows, numbers=(2, 3))}
<p class="caption">{p['counts']['total']:,} sequences stay. The largest group dropped at the end are "upstream" pieces
that are really another gene's promoter. SHA-256 of the file: <code>{esc(p['counts']['sha256'])}</code></p>"""


def section_made(p):
    commands = "\n".join(esc(s["command"]) for s in p["steps"] if s.get("command"))
    return f"""<h2>How this was made</h2>
<p>One command, <code>./dev demo</code>, ran these in order. The model file holds the whole recipe:</p>
<p><code>{esc(p['trained']['recipe'])}</code></p>
<pre>{commands}</pre>"""


def write(p):
    """The page as one text."""
    sections = (
        section_question,
        section_results,
        section_learned,
        section_along,
        section_tracks,
        section_proof,
        section_timings,
        section_counts,
        section_made,
    )
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">'
        '<meta name="color-scheme" content="light dark"><title>Finding fly promoters by their letters</title>'
        f"<style>{STYLE}</style></head><body>{figures.letters_once()}<main>\n<h1>Finding fly promoters by their letters</h1>\n"
        '<p class="lead">A linear model over short words of DNA, trained on five chromosome arms of the fruit fly, reads '
        "chromosome X, which it has never seen.</p>\n"
        + headline(p)
        + "".join("\n" + section(p) for section in sections)
        + "\n</main></body></html>\n"
    )
