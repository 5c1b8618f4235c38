"""Makes the fonts of the printed documents from Noto Sans SC: fewer glyphs, the same bytes every time.

Run once, when the characters or the upstream font change:

    npm pack @expo-google-fonts/noto-sans-sc && tar xzf expo-google-fonts-noto-sans-sc-*.tgz
    python scripts/make_fonts.py package

Kept are GB2312 with its symbols, the 8,105 characters of 通用规范汉字表 (2013) and Latin 1. A glyph id costs room in
every PDF that uses a higher one, and the layout tables are of no use to Chinese print, so both go. A third file, in one
weight, holds the other ideographs of the basic block for the odd name; a PDF embeds it only where one occurs.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from fontTools import subset

TARGET = Path(__file__).resolve().parents[1] / "app" / "documents" / "fonts"
WEIGHTS = {"Regular": "400Regular", "Bold": "700Bold"}
DROPPED = ["GSUB", "GPOS", "GDEF", "BASE", "vhea", "vmtx", "VORG", "DSIG", "STAT", "gasp"]
EXTRA = "㎡²³№—–…“”‘’·￥¥×÷＝①②③④⑤⑥⑦⑧⑨⑩⑪⑫⑬⑭⑮⑯⑰⑱⑲⑳□■○●◎△▲▽☆★√→←↑↓〇々"


def characters() -> set[int]:
    """Return every code point the documents can print."""
    standard = (TARGET / "table-of-standard-characters.txt").read_text("utf-8")
    national = set()
    for row in range(0xA1, 0xF8):
        for cell in range(0xA1, 0xFF):
            try:
                national.add(bytes((row, cell)).decode("gb2312"))
            except UnicodeDecodeError:
                continue
    full_width = {chr(code) for code in range(0xFF01, 0xFF5F)}
    latin = {chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x100))}
    return {ord(sign) for sign in {*standard, *EXTRA, "\u3000"} | national | full_width | latin} - {0x0A}


def rare() -> set[int]:
    """Return the ideographs of the basic block that the two main files leave out."""
    return set(range(0x4E00, 0xA000)) - characters()


def make(source: Path, weight: str, name: str, wanted: set[int]) -> Path:
    """Write ``wanted`` in one weight and return the path."""
    options = subset.Options()
    options.layout_features = []
    options.drop_tables += DROPPED
    options.hinting = False
    options.notdef_outline = True
    options.recalc_timestamp = False
    options.name_IDs = ["*"]
    font = subset.load_font(str(next((source / WEIGHTS[weight]).glob("*.ttf"))), options)
    font.recalcTimestamp = False
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=wanted)
    cutter.subset(font)
    path = TARGET / f"NotoSansSC-{name}.ttf"
    subset.save_font(font, str(path), options)
    print(f"{path.name}: {font['maxp'].numGlyphs} glyphs, {path.stat().st_size:,} bytes")
    return path


def main() -> None:
    """Make the three files and put the licence beside them."""
    source = Path(sys.argv[1])
    for weight in WEIGHTS:
        make(source, weight, weight, characters())
    make(source, "Regular", "Rare", rare())
    shutil.copy(source / "LICENSE_FONT", TARGET / "OFL.txt")


if __name__ == "__main__":
    main()
