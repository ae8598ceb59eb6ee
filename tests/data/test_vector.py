"""SVG and PDF pages through resvg and PDFium."""

import base64
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pypdfium2
import pytest

from figbench.errors import UserError
from figbench.images.decode import DecodeError, decode
from tests.data.pictures import drawing, encoded
from tests.waiting import pause

SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="{w}" height="{h}">{body}</svg>'


def svg(body, w=200, h=100):
    return SVG.format(w=w, h=h, body=body).encode()


def test_svg_is_drawn_on_white_with_its_longest_side_at_512():
    decoded = decode(svg('<rect x="100" width="100" height="100" fill="#204060"/>'))
    assert decoded.format == "SVG"
    assert decoded.image.shape == (256, 512, 3)
    assert (decoded.image[:, :250] == 255).all()
    assert (decoded.image[:, 262:] == (0x20, 0x40, 0x60)).all()
    assert decode(svg("", 50, 100)).image.shape == (512, 256, 3)


@pytest.mark.parametrize("family", ["Helvetica", "Arial, sans-serif", "Times New Roman", "serif"])
def test_svg_text_is_drawn_without_the_machines_fonts(family):
    text = f'<text x="5" y="60" font-size="40" font-family="{family}">Label</text>'
    assert (decode(svg(text)).image < 128).sum() > 1500


def test_svg_does_not_read_files_of_this_machine(tmp_path):
    secret = tmp_path / "reference.png"
    secret.write_bytes(encoded(drawing()))
    inner = svg(f'<image href="{secret}" width="200" height="100"/>')
    nested = f"data:image/svg+xml;base64,{base64.b64encode(inner).decode()}"
    for href in (secret, f"file://{secret}", f"&#47;{str(secret)[1:]}", nested):
        for attribute in ("href", "xlink:href"):
            image = (
                f'<g xmlns:xlink="http://www.w3.org/1999/xlink">'
                f'<image {attribute}="{href}" width="200" height="100"/></g>'
            )
            assert (decode(svg(image)).image == 255).all(), (attribute, href)
    own = f"data:image/png;base64,{base64.b64encode(encoded(drawing())).decode()}"
    assert (decode(svg(f'<image href="{own}" width="200" height="100"/>')).image < 250).any()


def test_svg_entities_cannot_explode():
    levels = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 12))
    page = f'<!DOCTYPE svg [<!ENTITY e0 "ha">{levels}]>'.encode() + svg("<text>&e11;</text>")
    with pytest.raises(DecodeError) as caught:
        decode(page)
    assert caught.value.code == "broken-svg"


def test_huge_svg_needs_no_huge_memory():
    with pytest.raises(DecodeError) as caught:
        decode(svg("", 10**8, 20))
    assert caught.value.code in ("too-small", "absurd-aspect")
    assert decode(svg('<rect width="9" height="9"/>', 10**8, 10**8)).image.shape == (512, 512, 3)


def pdf(width, height, content, font=""):
    """A one-page PDF written by hand; ``/F1`` is a font that it does not embed."""
    resources = f"/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/{font}>>>>>>"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        (
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {width} {height}]/Contents 4 0 R"
            f"{resources if font else ''}>>"
        ).encode(),
        b"<</Length %d>>stream\n%s\nendstream" % (len(content), content),
    ]
    out, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(out))
        out += b"%d 0 obj%s endobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"xref\n0 5\n0000000000 65535 f \n%strailer<</Size 5/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF"
    return out + end % (table, len(out))


def test_pdf_first_page_on_white():
    decoded = decode(pdf(300, 150, b"1 0 0 rg 0 0 150 150 re f"))
    assert decoded.format == "PDF"
    assert decoded.image.shape == (256, 512, 3)
    assert (decoded.image[:, :250] == (255, 0, 0)).all()
    assert (decoded.image[:, 262:] == 255).all()


@pytest.mark.parametrize(
    ("value", "resolved"),
    [
        ("1px solid var(--a) x", "1px solid #fff x"),
        ("var(--none, 2px) var(--a)", "2px #fff"),
        ("a var(--b) c", "a 1 #fff 2 c"),
    ],
)
def test_variables_inside_a_value(value, resolved):
    from figbench.images.svg.css_colours import resolve

    assert resolve(value, {"--a": "#fff", "--b": "1 var(--a) 2"}) == resolved


@pytest.mark.parametrize(
    ("font", "said"),
    [("Helvetica", False), ("Courier-Bold", False), ("Arial", False), ("STSong-Light", True)],
)
def test_fonts_that_a_pdf_does_not_embed_are_said(font, said):
    """PDFium carries the standard fonts, and takes others from the machine."""
    notes = decode(pdf(200, 100, b"BT /F1 24 Tf 20 40 Td (Encoder) Tj ET", font)).notes
    assert any("does not embed" in note for note in notes) == said


def test_pdf_of_absurd_aspect():
    with pytest.raises(DecodeError) as caught:
        decode(pdf(14000, 20, b""))
    assert caught.value.code == "absurd-aspect"


@pytest.mark.parametrize(("module", "data"), [("resvg_py", svg("")), ("pypdfium2", pdf(9, 9, b""))])
def test_missing_renderer_is_named(monkeypatch, module, data):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(UserError, match=module) as caught:
        decode(data)
    assert "figbench[vector]" in caught.value.remedy


def test_one_pdf_at_a_time(monkeypatch):
    """PDFium is not thread-safe: no two documents may be open at once."""
    usual, inside, most = pypdfium2.PdfDocument, [], []

    class Watched(usual):
        def __init__(self, data):
            inside.append(self)
            most.append(len(inside))
            pause(0.002)  # A second document would come in here.
            super().__init__(data)

        def close(self):
            super().close()
            inside.remove(self)

    monkeypatch.setattr(pypdfium2, "PdfDocument", Watched)
    pages = [pdf(100 + 7 * i, 150, b"0 0 1 rg 0 0 50 %d re f" % (10 * i)) for i in range(12)]
    alone = [decode(page).image for page in pages]
    with ThreadPoolExecutor(8) as pool:
        together = pool.map(lambda page: decode(page).image, pages * 2)
        for one, other in zip(alone * 2, together, strict=True):
            np.testing.assert_array_equal(one, other)
    assert set(most) == {1}
