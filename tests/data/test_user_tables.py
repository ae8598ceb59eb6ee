"""``--pairs`` and ``--captions``."""

from pathlib import Path

import pytest
from PIL import Image

from figbench.data.load import load_manifest
from figbench.data.user_tables import apply_captions, apply_pairs, read_captions, read_pairs
from figbench.errors import UserError
from figbench.evaluation.planning.inputs import load_inputs
from figbench.evaluation.planning.notes import similar_ids
from figbench.evaluation.progress import SilentProgress
from figbench.protocol import Protocol
from figbench.store import MemoryStore


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


def test_an_index_that_leads_nowhere_says_where_it_looked(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("gen/a.png", "ref/x.png"):
        Path(name).parent.mkdir()
        Image.new("RGB", (40, 30), "white").save(name)
    Path("meta").mkdir()
    Path("meta/i.csv").write_text("image,id\ngen/a.png,x\n")
    Path("meta/pairs.csv").write_text("generated,reference\na.png,x.png\n")

    def refusal(index):
        with pytest.raises(UserError, match="none of 1 files") as error:
            load_inputs(index, "ref", Protocol.load("offline"), MemoryStore(), SilentProgress())
        return error.value.remedy

    remedy = refusal("meta/i.csv")
    assert f"relative to its folder, {(tmp_path / 'meta').resolve()}" in remedy
    assert f"write {Path('../gen/a.png')} instead" in remedy
    assert "--pairs meta/pairs.csv" in refusal("meta/pairs.csv")


def test_ids_that_match_nothing_are_named_once():
    text = similar_ids([f"output-{i}" for i in range(9)], [f"paper_{i:03d}" for i in range(9)])
    assert text == (
        "generated has 'output-0', 'output-1', 'output-2', ...; "
        "the reference has 'paper_000', 'paper_001', 'paper_002', ..."
    )
    assert similar_ids(["boat1"], ["boat_1"]) == (
        "generated has 'boat1', the reference has 'boat_1'"
    )
