# SPDX-License-Identifier: MIT
"""Small SVG drawings as text: charts, sequence logos and letter tracks. Colours come from the page's style."""

import html

# Letters in a box of 100 by 100, so that a logo can stretch them.
GLYPHS = {
    "A": '<path fill-rule="evenodd" d="M0 100L37 0H63L100 100H78L71 79H29L22 100ZM35 61H65L50 17Z"/>',
    "C": '<path d="M98 33A50 51 0 1 0 98 67L76 62A28 33 0 1 1 76 38Z"/>',
    "G": '<path d="M98 33A50 51 0 1 0 98 67L76 62A28 33 0 1 1 76 38ZM54 47H100V98H82V63H54Z"/>',
    "T": '<path d="M0 0H100V18H61V100H39V18H0Z"/>',
}


def number(value):
    """A coordinate, short."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def signed(value, digits=2):
    """A number with its sign, the minus as long as the plus."""
    return f"{value:+.{digits}f}".replace("-", "\u2212")


def letters_once():
    """The letters' outlines, to stand once in the page; every logo and track refers to them."""
    shapes = "".join(f'<g id="letter-{name}" class="base-{name}">{path}</g>' for name, path in GLYPHS.items())
    return f'<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>{shapes}</defs></svg>'


def letter(name, x, y, width, height):
    """One letter stretched into a box whose upper left corner is (x, y)."""
    if name not in GLYPHS:
        return ""
    matrix = " ".join(
        number(v) if i > 3 else f"{v:.4f}".rstrip("0").rstrip(".")
        for i, v in enumerate((width / 100, 0, 0, height / 100, x, y))
    )
    return f'<use href="#letter-{name}" transform="matrix({matrix})"/>'


def text(x, y, words, kind="", anchor="start"):
    place = f' text-anchor="{anchor}"' if anchor != "start" else ""
    style = f' class="{kind}"' if kind else ""
    if words[:1] == "-" and words[1:2].isdigit():
        words = "\u2212" + words[1:]
    return f'<text x="{number(x)}" y="{number(y)}"{style}{place}>{html.escape(words)}</text>'


def stroke(kind, x1, y1, x2, y2):
    """A straight line."""
    ends = "".join(f' {key}="{number(value)}"' for key, value in (("x1", x1), ("y1", y1), ("x2", x2), ("y2", y2)))
    return f'<line class="{kind}"{ends}/>'


def box(kind, x, y, width, height):
    return f'<rect class="{kind}" x="{number(x)}" y="{number(y)}" width="{number(width)}" height="{number(height)}"/>'


def svg(width, height, parts, title):
    """A drawing that fills the width it is given."""
    return (
        f'<svg viewBox="0 0 {number(width)} {number(height)}" role="img" aria-label="{html.escape(title, quote=True)}">'
        + "".join(parts)
        + "</svg>"
    )


class Chart:
    """Axes with lines, bands and points in data units."""

    def __init__(self, x, y, width=470, height=400, left=54, right=14, top=14, bottom=48):
        (self.x0, self.x1), (self.y0, self.y1) = x, y
        self.width, self.height = width, height
        self.left, self.right, self.top, self.bottom = left, width - right, top, height - bottom
        self.parts = []

    def px(self, x):
        return self.left + (x - self.x0) / (self.x1 - self.x0) * (self.right - self.left)

    def py(self, y):
        return self.bottom - (y - self.y0) / (self.y1 - self.y0) * (self.bottom - self.top)

    def axes(self, x_ticks, y_ticks, x_words, y_words, form="{:g}".format):
        for value in y_ticks:
            y = self.py(value)
            self.parts.append(stroke("grid", self.left, y, self.right, y))
            self.parts.append(text(self.left - 8, y + 4.5, form(value), "tick", "end"))
        for value in x_ticks:
            x = self.px(value)
            self.parts.append(stroke("axis", x, self.bottom, x, self.bottom + 5))
            self.parts.append(text(x, self.bottom + 20, form(value), "tick", "middle"))
        self.parts.append(stroke("axis", self.left, self.bottom, self.right, self.bottom))
        self.parts.append(text((self.left + self.right) / 2, self.height - 8, x_words, "label", "middle"))
        middle = (self.top + self.bottom) / 2
        self.parts.append(
            f'<g transform="translate(15 {number(middle)}) rotate(-90)">{text(0, 0, y_words, "label", "middle")}</g>'
        )

    def line(self, points, kind):
        path = " ".join(f"{number(self.px(x))},{number(self.py(y))}" for x, y in points)
        self.parts.append(f'<polyline class="line {kind}" points="{path}"/>')

    def band(self, xs, low, high, kind):
        edge = list(zip(xs, low)) + list(zip(xs, high))[::-1]
        path = " ".join(f"{number(self.px(x))},{number(self.py(y))}" for x, y in edge)
        self.parts.append(f'<polygon class="band {kind}" points="{path}"/>')

    def dots(self, points, kind, radius=3.6):
        for x, y in points:
            self.parts.append(
                f'<circle class="dot {kind}" cx="{number(self.px(x))}" cy="{number(self.py(y))}" r="{radius}"/>'
            )

    def bar(self, x, low, high, kind):
        self.parts.append(stroke(f"line thin {kind}", self.px(x), self.py(low), self.px(x), self.py(high)))

    def note(self, x, y, words, kind="", anchor="start"):
        self.parts.append(text(self.px(x), self.py(y), words, kind, anchor))

    def legend(self, x, y, rows):
        """Rows of (kind, words), the first one on top, its left end at data point (x, y)."""
        px, py = self.px(x), self.py(y)
        for kind, words in rows:
            self.parts.append(stroke(f"line {kind}", px, py, px + 22, py))
            self.parts.append(text(px + 29, py + 4.5, words, "legend"))
            py += 20

    def done(self, title):
        return svg(self.width, self.height, self.parts, title)


def logo(columns, title, column_width=26, height=96):
    """A sequence logo: each column a list of (letter, height from 0 to 1), smallest first."""
    parts = []
    for i, column in enumerate(columns):
        y = height
        for name, share in column:
            tall = share * (height - 4)
            y -= tall
            if tall > 0.6:
                parts.append(letter(name, i * column_width + 1, y, column_width - 2, tall))
    parts.append(stroke("axis", 0, height + 0.5, len(columns) * column_width, height + 0.5))
    return svg(len(columns) * column_width, height + 2, parts, title)


def track(letters, values, marks, title, per_row=125, width=1000, first_label=-250):
    """Letters whose height is their attribution, above the line for and below it against, in rows.

    `marks` is a list of (first, length, words) to name; positions count from 0. `first_label` is the place of letter 0.
    """
    up = max([v for v in values if v > 0], default=0.0)
    down = max([-v for v in values if v < 0], default=0.0)
    scale = 82 / max(up + down, 1e-12)
    top, step = 22, width / per_row
    row_height = top + (up + down) * scale + 26
    parts = []
    rows = (len(letters) + per_row - 1) // per_row
    for row in range(rows):
        y0 = row * row_height + top + up * scale
        low, high = row * per_row, min(len(letters), (row + 1) * per_row)
        for first, length, words in marks:
            if low <= first < high:
                x, wide = (first - low) * step, min(length, high - first) * step
                parts.append(box("mark", x, y0 - up * scale - 2, wide, (up + down) * scale + 4))
                anchor, at = ("end", x + wide) if x > width - 110 else ("start", x)
                parts.append(text(at, y0 - up * scale - 6, words, "small", anchor))
        parts.append(stroke("axis", 0, y0, (high - low) * step, y0))
        for i in range(low, high):
            tall = abs(values[i]) * scale
            if tall >= 0.3:
                y = y0 - tall if values[i] > 0 else y0
                parts.append(letter(letters[i], (i - low) * step + 0.3, y, step - 0.6, tall))
        bottom = y0 + down * scale
        for i in range(low, high):
            place = first_label + i
            if place % 25 == 0 or i == len(letters) - 1:
                anchor = "end" if i == len(letters) - 1 else "middle" if i > low else "start"
                x = (
                    (i - low + 0.5) * step
                    if anchor == "middle"
                    else (i - low) * step
                    if anchor == "start"
                    else (i - low + 1) * step
                )
                parts.append(text(x, bottom + 16, str(place), "small", anchor))
    return svg(width, rows * row_height, parts, title)
