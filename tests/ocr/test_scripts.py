"""Labels in scripts that an engine's model does not read."""

from collections import Counter

import pytest
from PIL import Image, ImageDraw, ImageFont

from figbench.ocr.catalog import engines
from figbench.ocr.scripts import main_script, script_warnings, tesseract_scripts
from tests.field.files import command, encoded, put

PROTOCOL = """id: labels
preprocess: pad256
ocr: {engine: rapidocr}
metrics: [{metric: label_fidelity}]
"""


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("Encoder", "Latin"),
        ("\u041a\u043e\u0434\u0435\u0440 x", "Cyrillic"),
        ("\u7f16\u7801\u5668", "Han"),
        ("\u30a8\u30f3\u30b3\u30fc\u30c0", "Kana"),
        ("\uc778\ucf54\ub354", "Hangul"),
        ("\u0645\u0631\u0645\u0632", "Arabic"),
        ("\u03b1 = loss of the encoder", "Latin"),
        ("12 + 3", None),
    ],
)
def test_the_script_of_most_letters(text, script):
    assert main_script(text) == script


def test_a_few_texts_in_another_script_are_no_warning():
    latin, cyrillic = "Encoder", "\u041a\u043e\u0434\u0435\u0440"
    assert not script_warnings([latin] * 19 + [cyrillic], "easyocr", frozenset(("Latin",)))
    [text] = script_warnings([latin, cyrillic, ""], "easyocr", frozenset(("Latin",)))
    assert "1 of 2 references" in text
    assert "Cyrillic (1)" in text
    assert "languages: rus+eng" in text


def test_scripts_of_the_engines():
    assert tesseract_scripts({"languages": "eng+jpn+chi_sim"}) == {"Latin", "Kana", "Han"}
    assert engines.get("rapidocr").scripts({}) == {"Latin", "Greek", "Han", "Kana"}
    assert engines.get("easyocr").scripts({}) == {"Latin"}


def test_rapidocrs_model_knows_letters_of_its_scripts_and_of_no_other():
    pytest.importorskip("rapidocr")
    import onnxruntime

    from figbench.ocr.rapidocr_engine import MODELS, RECOGNITION

    session = onnxruntime.InferenceSession(str(MODELS / RECOGNITION))
    letters = session.get_modelmeta().custom_metadata_map["character"].split("\n")
    counts = Counter(main_script(letter) for letter in letters)
    assert all(counts[script] > 20 for script in engines.get("rapidocr").scripts({}))
    assert not any(counts[script] for script in ("Cyrillic", "Arabic", "Hangul", "Thai"))


def test_evaluate_names_the_engine_and_the_way_on(tmp_path):
    pytest.importorskip("rapidocr")
    page = Image.new("RGB", (256, 192), "white")
    ImageDraw.Draw(page).text((30, 70), "Encoder", fill="black", font=ImageFont.load_default(40))
    for name in "ab":
        put(tmp_path / "gen", f"{name}.png", encoded(page))
        put(tmp_path / "ref", f"{name}.png", encoded(page))
        put(tmp_path / "ref", f"{name}.txt", "\u041a\u043e\u0434\u0435\u0440")
    arguments = ("evaluate", tmp_path / "gen", "--reference", tmp_path / "ref", "--json")
    done = command(*arguments, "--protocol", put(tmp_path, "p.yaml", PROTOCOL))
    assert done.code == 0, done.text
    warnings = " ".join(done.document["warnings"])
    assert "'rapidocr' does not read: Cyrillic (2)" in warnings
