"""bench_svg.py - plots as SVG: bars side by side, lines over a logarithm.

Plain text, readable on a light and on a dark page, without any library. Bars
are on a logarithmic scale, since what is compared differs by powers of ten;
lines rise from zero, since they are to show that they do not rise.
"""

import math
import sys
import xml.sax.saxutils

sys.dont_write_bytecode = True

COLOURS = (("#c2410c", "#fb923c"), ("#475569", "#94a3b8"),
           ("#0369a1", "#38bdf8"), ("#15803d", "#4ade80"),
           ("#7e22ce", "#c084fc"), ("#a16207", "#facc15"))
CHAR = 7.3              # width of a character, px
WIDTH = 860
MARGIN = 20


def style():
    """Return the style sheet: one set of colours for each kind of page."""
    light = [f".s{i} {{ fill: {a}; stroke: {a} }}"
             for i, (a, _) in enumerate(COLOURS)]
    dark = [f".s{i} {{ fill: {b}; stroke: {b} }}"
            for i, (_, b) in enumerate(COLOURS)]
    return ("text { font: 12px ui-monospace, monospace; fill: #1e293b; "
            "stroke: none }\n"
            ".title { font-size: 14px; font-weight: bold }\n"
            ".grid { stroke: #cbd5e1; stroke-width: 1 }\n"
            ".line { fill: none; stroke-width: 2 }\n" + "\n".join(light) +
            "\n@media (prefers-color-scheme: dark) {\n"
            "text { fill: #e2e8f0 } .grid { stroke: #475569 }\n" +
            "\n".join(dark) + "\n}\n.line { fill: none }\n")


class Picture:
    """Elements of one picture, top to bottom."""

    def __init__(self, width=WIDTH):
        self.width, self.height = width, MARGIN
        self.parts = []

    def text(self, x, y, text, kind="", anchor="start"):
        """Add a text."""
        text = xml.sax.saxutils.escape(text)
        self.parts.append(f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" '
                          f'text-anchor="{anchor}">{text}</text>')

    def bar(self, x, y, width, height, series):
        """Add a bar."""
        self.parts.append(f'<rect class="s{series}" x="{x:.1f}" y="{y:.1f}" '
                          f'width="{max(width, 1):.1f}" height="{height}"/>')

    def grid(self, x1, y1, x2, y2):
        """Add a line of the grid."""
        self.parts.append(f'<line class="grid" x1="{x1:.1f}" y1="{y1:.1f}" '
                          f'x2="{x2:.1f}" y2="{y2:.1f}"/>')

    def curve(self, points, series):
        """Add a line through points, with a dot at each."""
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        self.parts.append(f'<polyline class="line s{series}" '
                          f'points="{path}"/>')
        for x, y in points:
            self.parts.append(f'<circle class="s{series}" cx="{x:.1f}" '
                              f'cy="{y:.1f}" r="2.5"/>')

    def legend(self, names):
        """Add the names of the series beside their colours."""
        x = MARGIN
        for number, name in enumerate(names):
            self.bar(x, self.height, 12, 12, number)
            self.text(x + 18, self.height + 11, name)
            x += 40 + CHAR * len(name)
        self.height += 28

    def heading(self, text):
        """Add a title."""
        self.text(MARGIN, self.height + 10, text, "title")
        self.height += 26

    def svg(self):
        """Return the whole as text."""
        return (f'<svg xmlns="http://www.w3.org/2000/svg" '
                f'viewBox="0 0 {self.width} {self.height + MARGIN}" '
                f'width="{self.width}" height="{self.height + MARGIN}">\n'
                f"<style>\n{style()}</style>\n" + "\n".join(self.parts) +
                "\n</svg>\n")


def decades(values):
    """Return the powers of ten around the values: (lowest, highest)."""
    return (math.floor(math.log10(min(values))),
            max(math.ceil(math.log10(max(values))),
                math.floor(math.log10(min(values))) + 1))


def short(number):
    """Return a number as an axis names it."""
    for unit, letter in ((10**9, "G"), (10**6, "M"), (10**3, "k")):
        if number >= unit:
            return f"{number / unit:.4g}{letter}"
    return f"{number:.4g}"


def bars(title, names, rows):
    """Return a picture of horizontal bars.

    names  of the series
    rows   list of (label, [value or None for each series]); None has a dash
    """
    picture = Picture()
    values = [value for _, row in rows for value in row if value]
    if not values:
        values = [1, 10]
    low, high = decades(values)
    left = MARGIN + CHAR * max([len(label) for label, _ in rows] + [1]) + 8
    right = WIDTH - MARGIN - CHAR * 9
    unit = (right - left) / (high - low)
    picture.heading(title)
    picture.legend(names)
    top = picture.height + 14
    bottom = top + sum(14 * len(row) + 10 for _, row in rows)
    for power in range(low, high + 1):
        x = left + unit * (power - low)
        picture.grid(x, top, x, bottom)
        picture.text(x, top - 4, short(10 ** power), anchor="middle")
    y = top + 5
    for label, row in rows:
        picture.text(left - 8, y + 7 * len(row) + 3, label, anchor="end")
        for series, value in enumerate(row):
            width = unit * (math.log10(value) - low) if value else 0
            if value:
                picture.bar(left, y, width, 11, series)
            picture.text(left + width + 5, y + 10,
                         f"{value:,}" if value else "\u2013")
            y += 14
        y += 10
    picture.height = bottom
    return picture.svg()


def ticks(value):
    """Return round numbers from zero, the last one not less than value."""
    power = 10 ** math.floor(math.log10(value))
    high, count = next((step * power, count) for step, count in
                       ((1, 5), (2, 4), (2.5, 5), (5, 5), (10, 5))
                       if step * power >= value)
    return [high * number / count for number in range(count + 1)]


def panel(picture, box, labels, curves, numbers):
    """Draw one plot: x logarithmic, y from zero.

    box      (left, top, width, height)
    labels   (above it, below it)
    curves   {name: [(x, y)]}
    numbers  {name: series}
    """
    left, top, width, height = box
    left, top, width, height = left + 52, top + 22, width - 80, height - 62
    xs = sorted({x for curve in curves.values() for x, _ in curve})
    rows = ticks(max(y for curve in curves.values() for _, y in curve))
    span = math.log10(xs[-1] / xs[0]) or 1

    def place(x, y):
        return (left + width * math.log10(x / xs[0]) / span,
                top + height * (1 - y / rows[-1]))

    picture.text(left, top - 8, labels[0])
    for value in rows:
        y = place(xs[0], value)[1]
        picture.grid(left, y, left + width, y)
        picture.text(left - 6, y + 4, short(value), anchor="end")
    end = math.inf
    for x in reversed(xs):              # as many numbers as there is room for
        at, half = place(x, 0)[0], CHAR * len(f"{x:,}") / 2
        if at + half < end - CHAR:
            picture.text(at, top + height + 16, f"{x:,}", anchor="middle")
            end = at - half
    picture.text(left + width / 2, top + height + 33, labels[1],
                 anchor="middle")
    for name, curve in curves.items():
        picture.curve([place(x, y) for x, y in curve], numbers[name])


def plots(title, panels):
    """Return a picture of plots, two beside each other.

    panels  list of (label above, label below, {name: [(x, y)]}); a name has
            the same colour in all of them
    """
    picture = Picture()
    names = list(dict.fromkeys(name for *_, curves in panels
                               for name in curves))
    picture.heading(title)
    picture.legend(names)
    numbers = {name: number for number, name in enumerate(names)}
    top, width, height = picture.height, (WIDTH - 2 * MARGIN) / 2, 240
    for number, (above, below, curves) in enumerate(panels):
        box = (MARGIN + width * (number % 2), top + height * (number // 2),
               width, height)
        panel(picture, box, (above, below), curves, numbers)
    picture.height = top + height * ((len(panels) + 1) // 2)
    return picture.svg()
