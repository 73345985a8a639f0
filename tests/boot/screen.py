"""screen.py - the text on a screen of Tally, read back from a picture.

The kernel draws with one font of fixed width on one paper colour: a cell of
the picture is looked up by its pixels among the font's glyphs.
"""

import collections
import os
import sys

sys.dont_write_bytecode = True
TREE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TREE, "tools/font"))

import psf2c  # noqa: E402

SMALL = "/usr/share/consolefonts/spleen-8x16.psfu.gz"
LARGE = "/usr/share/consolefonts/spleen-16x32.psfu.gz"
LARGE_FROM = 1920       # pixels of width


def read_picture(path):
    """Return width, height and the bytes of a PPM file (P6)."""
    with open(path, "rb") as file:
        data = file.read()
    magic, width, height, most = data.split(maxsplit=4)[:4]
    if magic != b"P6" or most != b"255":
        raise ValueError(f"{path}: not a PPM of 8 bits")
    width, height = int(width), int(height)
    return width, height, data[len(data) - 3 * width * height:]


def glyph_table(path):
    """Return width, height and {rows of pixels: character}."""
    width, height, glyphs, codes = psf2c.read_font(path)
    pitch = (width + 7) // 8
    table = {}
    for code, glyph in sorted(codes.items()):
        rows = glyphs[glyph]
        bits = tuple(int.from_bytes(rows[i:i + pitch], "big") >>
                     (8 * pitch - width)
                     for i in range(0, height * pitch, pitch))
        table.setdefault(bits, chr(code))
    return width, height, table


def picture_text(path):
    """Return the lines of text in a screendump; "" for unknown cells."""
    width, height, data = read_picture(path)
    cell, line, table = glyph_table(LARGE if width >= LARGE_FROM else SMALL)
    pixels = [data[i:i + 3] for i in range(0, len(data), 3)]
    paper = collections.Counter(pixels).most_common(1)[0][0]
    bits = "".join("0" if pixel == paper else "1" for pixel in pixels)
    lines = []
    for top in range(0, height // line * line, line):
        text = ""
        for left in range(0, width // cell * cell, cell):
            key = tuple(int(bits[y * width + left:y * width + left + cell], 2)
                        for y in range(top, top + line))
            text += table.get(key, "\ufffd")
        lines.append(text.rstrip())
    return "\n".join(lines)


def text_mode_text(data, columns=80):
    """Return the lines of VGA text memory: a character, its colours, ..."""
    chars = data[::2].decode("cp437").replace("\0", " ")
    return "\n".join(chars[i:i + columns].rstrip()
                     for i in range(0, len(chars), columns))
