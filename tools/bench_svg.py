"""bench_svg.py - plots as SVG: bars side by side, lines over a logarithm.

Plain text, readable on a light and on a dark page, without any library. Both
scales are logarithmic, since what is compared differs by powers of ten.
"""

import math
import sys
import xml.sax.saxutils

sys.dont_write_bytecode = True

COLOURS = (("#c2410c", "#fb923c"), ("#475569", "#94a3b8"),
           ("#0369a1", "#38bdf8"), ("#15803d", "#4ade80"),
           ("#7e22ce", "#c084fc"))
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
                              f'cy="{y:.1f}" r="3"/>')

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
            return f"{number // unit}{letter}"
    return str(number)


def bars(title, names, rows):
    """Return a picture of horizontal bars.

    names  of the series
    rows   list of (label, [value or None for each series])
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
    bottom = top + sum(14 * len(row) + 8 for _, row in rows)
    for power in range(low, high + 1):
        x = left + unit * (power - low)
        picture.grid(x, top, x, bottom)
        picture.text(x, top - 4, short(10 ** power), anchor="middle")
    y = top + 4
    for label, row in rows:
        picture.text(left - 8, y + 7 * len(row) + 3, label, anchor="end")
        for series, value in enumerate(row):
            if value:
                width = unit * (math.log10(value) - low)
                picture.bar(left, y, width, 11, series)
                picture.text(left + width + 5, y + 10, f"{value:,}")
            y += 14
        y += 8
    picture.height = bottom
    return picture.svg()


def add_lines(picture, title, names, curves):
    """Add a plot of lines to a picture.

    names   of the curves
    curves  for each a list of (x, y), both above 0
    """
    picture.heading(title)
    picture.legend(names)
    points = [point for curve in curves for point in curve]
    if not points:
        picture.text(MARGIN, picture.height + 10, "nothing was measured")
        picture.height += 30
        return
    x_low, x_high = decades([x for x, _ in points])
    y_low, y_high = decades([y for _, y in points])
    left, right = MARGIN + 60, WIDTH - MARGIN
    top, bottom = picture.height + 6, picture.height + 206
    x_unit = (right - left) / (x_high - x_low)
    y_unit = (bottom - top) / (y_high - y_low)
    for power in range(x_low, x_high + 1):
        x = left + x_unit * (power - x_low)
        picture.grid(x, top, x, bottom)
        picture.text(x, bottom + 15, short(10 ** power), anchor="middle")
    for power in range(y_low, y_high + 1):
        y = bottom - y_unit * (power - y_low)
        picture.grid(left, y, right, y)
        picture.text(left - 6, y + 4, short(10 ** power), anchor="end")
    for series, curve in enumerate(curves):
        picture.curve([(left + x_unit * (math.log10(x) - x_low),
                        bottom - y_unit * (math.log10(y) - y_low))
                       for x, y in curve], series)
    picture.height = bottom + 40
