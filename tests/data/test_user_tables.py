"""``--pairs`` and ``--captions``."""

import pytest
from PIL import Image

from figbench.data.load import load_manifest
from figbench.data.user_tables import apply_captions, apply_pairs, read_captions, read_pairs
from figbench.errors import UserError


@pytest.fixture
def sets(tmp_path):
    for folder, names in (("gen", ("output-0", "output-1")), ("ref", ("paper_a", "paper_b"))):
        (tmp_path / folder).mkdir()
        for place, name in enumerate(names):
            Image.new("RGB", (64, 48), (60 * place, 9, 9)).save(tmp_path / folder / f"{name}.png")
    return load_manifest(tmp_path / "gen"), load_manifest(tmp_path / "ref")


def test_pairs_give_the_reference_id_in_any_spelling_of_the_names(sets, tmp_path):
    table = tmp_path / "pairs.csv"
    table.write_text("generated,reference\ngen/output-1.png,../ref/paper_a.png\noutput-0,paper_b\n")
    generated, reference = sets
    paired = apply_pairs(generated, reference, read_pairs(table))
    by_path = {one.path: one.figure_id for one in paired.figures}
    assert by_path == {"output-0.png": "paper_b", "output-1.png": "paper_a"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n", "first column is missing; found a, b"),
        ("generated,other\n1,2\n", "second column is missing"),
        ("generated,reference\n", "no rows"),
        ("generated,reference\noutput-0,paper_a\noutput-0.png,paper_b\n", "line 3.*twice"),
        ("generated,reference\noutput-0,\n", "line 2.*empty"),
        ("generated,reference\noutput-0,paper_x\n", "no reference 'paper_x'"),
        ("generated,reference\noutput-9,paper_a\n", "no generated figure 'output-9'"),
    ],
)
def test_a_wrong_table_is_refused_with_its_line(sets, tmp_path, text, words):
    table = tmp_path / "pairs.csv"
    table.write_text(text)
    with pytest.raises(UserError, match=words):
        apply_pairs(*sets, read_pairs(table))


def test_captions_reach_both_sides(sets, tmp_path):
    table = tmp_path / "captions.csv"
    table.write_text('id,caption\npaper_a,"A box, an arrow,\nand a label."\n')
    _, reference = apply_captions(*sets, read_captions(table))
    assert [one.prompt for one in reference.figures] == ["A box, an arrow,\nand a label.", None]
    with pytest.raises(UserError, match="no figure has one of its 1 ids"):
        apply_captions(*sets, {"nothing": "x"})
