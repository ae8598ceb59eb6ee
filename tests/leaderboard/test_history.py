"""Changes between builds, the feed, and pages made with other versions of libraries."""

import re
from xml.etree import ElementTree

import pytest

from figbench.errors import IntegrityError, UserError
from figbench.leaderboard.entries import withdraw_entry
from figbench.leaderboard.views import page
from figbench.leaderboard.views.page import board_site, build_board, require_fresh
from figbench.pages import freshness, render
from tests.leaderboard.factory import entry, write_board

ATOM = "{http://www.w3.org/2005/Atom}"


def _changes(text):
    found = re.search(r'<ul class="changes">(.*?)</ul>', text, re.DOTALL)
    lines = re.findall(r"<li>(.*?)</li>", found[1]) if found else []
    return [re.sub("<[^>]+>", "", one) for one in lines]


def _files(folder):
    return {name: (folder / name).read_bytes() for name in ("index.html", "board.json", "feed.xml")}


def test_a_first_build_has_no_changes(tmp_path):
    assert _changes(build_board(write_board(tmp_path, [entry("a")])).read_text()) == []


def test_a_new_entry_is_tested_against_the_previous_leader(tmp_path):
    folder = write_board(tmp_path, [entry("a", 10.0), entry("b", 20.0)])
    build_board(folder)
    write_board(tmp_path, [entry("a", 10.0), entry("b", 20.0), entry("c", 10.1)])
    lines = _changes(build_board(folder).read_text())
    [new] = [one for one in lines if one.startswith("c fd@")]
    assert "new, 10.1" in new and "could be noise against the previous leader a" in new
    four = [entry("a", 10.0), entry("b", 20.0), entry("c", 10.1), entry("d", 2.0)]
    write_board(tmp_path, four)
    lines = _changes(build_board(folder).read_text())
    assert any("d fd@" in one and "differs against the previous leader a" in one for one in lines)


def test_building_again_changes_no_file(tmp_path):
    folder = write_board(tmp_path, [entry("a", 10.0)])
    build_board(folder)
    write_board(tmp_path, [entry("a", 10.0), entry("b", 20.0)])
    build_board(folder)
    first = _files(folder)
    build_board(folder)
    assert _files(folder) == first
    assert _changes(first["index.html"].decode())
    require_fresh(folder)


def test_building_again_keeps_the_order_of_changes(tmp_path):
    """Rows are sorted by value, files by name."""
    folder = write_board(tmp_path, [entry("a", 20.0), entry("b", 10.0)])
    build_board(folder)
    write_board(tmp_path, [entry("a", 21.0), entry("b", 11.0)])
    build_board(folder)
    require_fresh(folder)
    assert len(_changes(_files(folder)["index.html"].decode())) == 2


def test_rounding_of_another_machine_is_no_change(tmp_path):
    folder = write_board(tmp_path, [entry("a", 20.0)])
    build_board(folder)
    state = _files(folder)["board.json"]
    write_board(tmp_path, [entry("a", 20.0000004)])
    build_board(folder)
    assert _files(folder)["board.json"] == state


def test_a_withdrawn_entry_is_a_change_and_stays_in_the_feed(tmp_path):
    folder = write_board(tmp_path, [entry("a"), entry("b")])
    build_board(folder)
    withdraw_entry(folder, "org__m001__2026-01-01", reason="wrong", date="2026-02-03")
    assert "b: no longer ranked" in _changes(build_board(folder).read_text())
    feed = ElementTree.fromstring((folder / "feed.xml").read_text())
    assert feed.find(f"{ATOM}updated").text == "2026-02-03T00:00:00Z"
    titles = [one.text for one in feed.iterfind(f"{ATOM}entry/{ATOM}title")]
    assert titles == ["org__m001__2026-01-01 (withdrawn)", "a"]


def test_the_feed_survives_hostile_names(tmp_path):
    folder = write_board(tmp_path, [entry("<b>&\u0007\ud7ff]]>")])
    feed = ElementTree.fromstring(board_site(folder).feed)
    assert feed.find(f"{ATOM}entry/{ATOM}title").text == "<b>&\ud7ff]]>"
    ids = [one.text for one in feed.iter(f"{ATOM}id")]
    assert len(ids) == len(set(ids)) == 2


@pytest.mark.parametrize("name", ["board.json", "feed.xml"])
def test_a_stale_state_or_feed_is_reported(tmp_path, name):
    folder = write_board(tmp_path, [entry("a")])
    build_board(folder)
    (folder / name).unlink()
    with pytest.raises(IntegrityError, match=name):
        require_fresh(folder)


def test_a_damaged_state_is_named(tmp_path):
    folder = write_board(tmp_path, [entry("a")])
    (folder / "board.json").write_text('{"current": 3}')
    with pytest.raises(UserError, match=r"board\.json: not the state"):
        build_board(folder)


@pytest.fixture
def elsewhere_after(monkeypatch):
    """Switches to another release of matplotlib: other plots and another version."""

    def switch():
        monkeypatch.setattr(page, "made_with", lambda: "matplotlib 99")
        monkeypatch.setattr(render, "made_with", lambda: "matplotlib 99")
        monkeypatch.setattr(
            "figbench.leaderboard.views.plots._data_uri", lambda _: "data:image/svg+xml;base64,AA"
        )

    return switch


def test_other_versions_compare_the_data_and_say_so(tmp_path, elsewhere_after):
    folder = write_board(tmp_path, [entry("a")])
    build_board(folder)
    assert require_fresh(folder) == "the same bytes"
    elsewhere_after()
    assert "the same data; made with" in require_fresh(folder)


def test_other_versions_do_not_hide_other_numbers(tmp_path, elsewhere_after):
    folder = write_board(tmp_path, [entry("a")])
    build_board(folder)
    changed = entry("a")
    changed["result"]["metrics"]["fd@efficientnet-lite0"]["details"] = {"value_at_half_n": 1.0}
    write_board(tmp_path, [changed])
    elsewhere_after()
    with pytest.raises(IntegrityError, match="not what the entries build"):
        require_fresh(folder)


def test_the_same_versions_compare_every_byte(tmp_path):
    folder = write_board(tmp_path, [entry("a")])
    target = build_board(folder)
    plot = "data:image/svg+xml;base64,"
    target.write_text(target.read_text().replace(plot, f"{plot}A", 1))
    with pytest.raises(IntegrityError, match="not what the entries build"):
        require_fresh(folder)
    assert freshness.made_with() in target.read_text()


def test_many_changes_are_folded_and_few_are_not(tmp_path):
    few, many = tmp_path / "few", tmp_path / "many"
    for folder, count in ((few, 2), (many, 9)):
        folder.mkdir()
        build_board(write_board(folder, [entry("a", 10.0)]))
        write_board(folder, [entry("a", 10.0), *(entry(f"n{i}", 20.0 + i) for i in range(count))])
    pages = [next(folder.rglob("board.yaml")).parent for folder in (few, many)]
    texts = [build_board(folder).read_text() for folder in pages]
    assert ["changes</summary>" in text for text in texts] == [False, True]
    assert len(_changes(texts[1])) >= 9
