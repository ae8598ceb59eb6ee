"""Coverage against areas known from geometry, text against FreeType's own widths."""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from figbench.synthfig.drawing.canvas import Canvas
from figbench.synthfig.drawing.fonts import FACES, _font_file, font_differences, text_width
from figbench.synthfig.drawing.raster import closed, coverage, dashes, ellipse, stroke_edges
from figbench.synthfig.drawing.text import plain, runs_of, text_mask
from figbench.synthfig.rng import StableRng


def area(mask: np.ndarray) -> float:
    return float(mask.sum()) / 255


def test_a_triangle_covers_its_area() -> None:
    points = [(3.3, 2.7), (40.1, 9.2), (17.6, 45.9)]
    (ax, ay), (bx, by), (cx, cy) = points
    shoelace = abs((bx - ax) * (cy - ay) - (cx - ax) * (by - ay)) / 2
    assert area(coverage(closed(points), 50, 50)) == pytest.approx(shoelace, rel=0.005)


def test_winding_is_non_zero_not_even_odd() -> None:
    square = [(5.0, 5.0), (15.0, 5.0), (15.0, 15.0), (5.0, 15.0)]
    twice = np.concatenate([closed(square), closed(square)])
    hole = np.concatenate([closed(square), closed([(8, 8), (8, 12), (12, 12), (12, 8)])])
    assert area(coverage(twice, 20, 20)) == pytest.approx(100)
    assert area(coverage(hole, 20, 20)) == pytest.approx(84)


@settings(max_examples=25, deadline=None)
@given(st.floats(4, 30), st.floats(4, 30))
def test_an_ellipse_covers_pi_a_b(a: float, b: float) -> None:
    mask = coverage(closed(ellipse(32 - a, 32 - b, 32 + a, 32 + b)), 64, 64)
    assert area(mask) == pytest.approx(math.pi * a * b, rel=0.015)


def test_a_slanted_stroke_covers_length_times_width() -> None:
    mask = coverage(stroke_edges([(5, 5), (35, 45)], 3.0), 50, 50)
    assert area(mask) == pytest.approx(50 * 3, rel=0.01)


def test_dashes_cover_the_wanted_part_of_a_bent_path() -> None:
    path = [(0.0, 0.0), (30.0, 0.0), (30.0, 40.0)]
    pieces = dashes(path, 5, 2)
    lengths = [sum(math.dist(a, b) for a, b in pairwise(piece)) for piece in pieces]
    assert sum(lengths) == pytest.approx(50)
    assert max(lengths) == pytest.approx(5)
    assert [len(piece) for piece in pieces].count(3) == 1


def test_a_rectangle_on_fractional_edges_keeps_its_ink() -> None:
    canvas = Canvas(20, 20)
    canvas.rectangle(2.25, 3.5, 9.75, 11.0, (0, 0, 0))
    ink = (255 - canvas.pixels[..., 0].astype(float)).sum() / 255
    assert ink == pytest.approx(7.5 * 7.5, rel=0.005)


def test_painting_off_the_page_is_clipped() -> None:
    canvas = Canvas(10, 10)
    canvas.polygon([(-50, -50), (60, -50), (60, 60), (-50, 60)], (1, 2, 3))
    canvas.blend(np.full((4, 4), 255, np.uint8), 30, 30, (9, 9, 9))
    assert (canvas.pixels == (1, 2, 3)).all()


def test_installed_fonts_are_the_pinned_ones() -> None:
    assert font_differences() == ()


@pytest.mark.parametrize("face", sorted(FACES))
def test_widths_are_freetypes(face: str) -> None:
    wanted = FACES[face]
    font = ImageFont.truetype(
        str(_font_file(wanted.file)), 1000, layout_engine=ImageFont.Layout.BASIC
    )
    text = "Encoder"
    expected = sum(font.getlength(char) for char in text) / 1000 * wanted.stretch * wanted.size
    assert text_width(text, face, 20) == pytest.approx(20 * expected, rel=0.002)


def test_glyphs_look_like_freetypes() -> None:
    mask, base = text_mask("Softmax", "wide", 40)
    font = ImageFont.truetype(str(_font_file("DejaVuSans")), 36)
    page = Image.new("L", (mask.shape[1], mask.shape[0]))
    ImageDraw.Draw(page).text((2, base), "Softmax", font=font, fill=255, anchor="ls")
    other = np.asarray(page, float)
    assert np.corrcoef(mask.ravel().astype(float), other.ravel())[0, 1] > 0.9


def test_markup_becomes_runs_and_plain_text() -> None:
    assert plain("Loss $L_{adv}$") == "Loss Ladv"
    assert plain("$h_t = f(x_t)$") == "ht = f(xt)"
    sub = [run for run in runs_of("$x_i^2$", "sans") if run.drop]
    assert [(run.text, run.drop > 0) for run in sub] == [("i", True), ("2", False)]


def test_an_unknown_character_is_a_question_mark() -> None:
    assert text_width("\U000f1234", "sans", 10) == text_width("?", "sans", 10)


def test_dice_are_uniform_and_keyed() -> None:
    dice = StableRng(1, 2)
    counts = np.bincount([dice.integer(3, 7) for _ in range(5000)], minlength=8)
    assert counts[:3].sum() == 0
    assert (abs(counts[3:] - 1000) < 150).all()
    assert StableRng(1, 2).word() == StableRng(1, 2).word() != StableRng(2, 1).word()
    assert sorted(StableRng(5).shuffled(range(9))) == list(range(9))
