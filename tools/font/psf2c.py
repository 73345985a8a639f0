#!/usr/bin/env python3
"""psf2c.py - make a C array of a console font.

usage: psf2c.py NAME FONT.psf[u][.gz] > NAME.c

Reads PSF version 1 or 2 with a Unicode table and prints the definition of
`const struct font NAME` (kernel/x86/font.h). Only single characters of the
Basic Multilingual Plane are kept, not combining sequences.
"""

import gzip
import struct
import sys

PSF1_MAGIC = b"\x36\x04"
PSF2_MAGIC = b"\x72\xb5\x4a\x86"
PSF1_512_GLYPHS = 1
PSF1_HAS_TABLE = 2 | 4
PSF2_HAS_TABLE = 1
PSF1_SEQUENCE, PSF1_END = 0xFFFE, 0xFFFF


def read_psf1(data):
    """Return width, height, glyph bitmaps and {code: glyph}."""
    mode, height = data[2], data[3]
    if not mode & PSF1_HAS_TABLE:
        raise ValueError("the font has no Unicode table")
    count = 512 if mode & PSF1_512_GLYPHS else 256
    glyphs = [data[4 + i * height:4 + (i + 1) * height] for i in range(count)]
    codes, glyph, sequence = {}, 0, False
    for (code,) in struct.iter_unpack("<H", data[4 + count * height:]):
        if glyph == count:
            break
        if code == PSF1_END:
            glyph, sequence = glyph + 1, False
        elif code == PSF1_SEQUENCE:
            sequence = True
        elif not sequence:
            codes.setdefault(code, glyph)
    return 8, height, glyphs, codes


def read_psf2(data):
    """Return width, height, glyph bitmaps and {code: glyph}."""
    (_, header, flags, count, size, height,
     width) = struct.unpack_from("<7I", data, 4)
    if not flags & PSF2_HAS_TABLE:
        raise ValueError("the font has no Unicode table")
    glyphs = [data[header + i * size:header + (i + 1) * size]
              for i in range(count)]
    codes = {}
    entries = data[header + count * size:].split(b"\xff")[:count]
    for glyph, entry in enumerate(entries):
        for char in entry.split(b"\xfe")[0].decode("utf-8"):
            codes.setdefault(ord(char), glyph)
    return width, height, glyphs, codes


def read_font(path):
    """Read a PSF file, compressed or not."""
    with open(path, "rb") as file:
        data = file.read()
    if data[:2] == b"\x1f\x8b":
        data = gzip.decompress(data)
    if data[:2] == PSF1_MAGIC:
        return read_psf1(data)
    if data[:4] == PSF2_MAGIC:
        return read_psf2(data)
    raise ValueError("not a PSF font")


def print_font(name, width, height, glyphs, codes):
    """Print the C file."""
    size = height * ((width + 7) // 8)
    if any(len(glyph) != size for glyph in glyphs):
        raise ValueError("the file is too short")
    codes = sorted((c, g) for c, g in codes.items() if c <= 0xFFFF)
    print("/* Made by tools/font/psf2c.py: do not edit. */")
    print('#include "x86/font.h"\n')
    print(f"static const uint8_t bitmap[{len(glyphs) * size}] = {{")
    for index, glyph in enumerate(glyphs):
        print(f"    /* {index} */")
        for start in range(0, size, 12):
            row = ", ".join(f"0x{b:02x}" for b in glyph[start:start + 12])
            print(f"    {row},")
    print("};\n")
    print(f"static const struct font_code code[{len(codes)}] = {{")
    for code, glyph in codes:
        print(f"    {{ 0x{code:04x}, {glyph} }},")
    print("};\n")
    print(f"""const struct font {name} = {{
    .width    = {width},
    .height   = {height},
    .glyphs   = {len(glyphs)},
    .codes    = {len(codes)},
    .fallback = {dict(codes)[ord("?")]},
    .bitmap   = bitmap,
    .code     = code,
}};""")


def main():
    """Convert the file named on the command line."""
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    try:
        print_font(sys.argv[1], *read_font(sys.argv[2]))
    except (OSError, ValueError, KeyError, struct.error) as error:
        sys.exit(f"psf2c.py: {sys.argv[2]}: {error}")


if __name__ == "__main__":
    main()
