import base64
import html
import io
import re
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from figbench.errors import UserError
from figbench.study import load_key
from figbench.study.design import all_items, assign, order_items
from figbench.study.pictures import HEIGHT, WIDTH
from figbench.study.questions import parse_questions
from tests.study.factory import make_study, page_data, rng


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    return make_study(tmp_path_factory.mktemp("study"), raters=5, votes_per_item=3)


def test_the_page_names_no_model_prompt_or_paper(exported):
    text = exported.page.read_text(encoding="utf-8")
    names = ["alpha", "beta", "gamma", "secret", "paper0", "Figure1", "gold", "repeat"]
    body = text[text.index('id="study-data">') : text.index("</script>", text.index("study-data"))]
    body = re.sub(r"data:image/webp;base64,[A-Za-z0-9+/=]+", "", body)
    assert [name for name in names if name in body] == []


def test_images_have_one_size_one_format_and_no_metadata(exported):
    for uri in page_data(exported.page)["images"].values():
        head, data = uri.split(",")
        assert head == "data:image/webp;base64"
        raw = base64.b64decode(data)
        image = Image.open(io.BytesIO(raw))
        assert (image.size, image.mode) == ((WIDTH, HEIGHT), "RGB")
        assert not image.getexif() and set(image.info) <= {"loop", "background"}
        assert b"secret" not in raw and b"EXIF" not in raw and b"XMP" not in raw


def test_the_policy_allows_no_network(exported):
    text = exported.page.read_text(encoding="utf-8")
    [policy] = re.findall(r'Content-Security-Policy" content="([^"]+)"', html.unescape(text))
    assert "default-src 'none'" in policy and "unsafe" not in policy and "http" not in policy
    assert re.findall(r"(?:src|href)=\"?http", text) == []


def test_the_same_seed_gives_the_same_files(tmp_path):
    first = make_study(tmp_path / "a", seed=4)
    second = make_study(tmp_path / "b", seed=4)
    other = make_study(tmp_path / "c", seed=5)
    assert first.page.read_bytes() == second.page.read_bytes()
    assert first.key == second.key == load_key(first.key_path)
    assert first.key.study != other.key.study


@pytest.mark.parametrize(
    ("prompts", "models", "raters", "votes", "trials"),
    [(12, 4, 6, 3, None), (10, 3, 5, 2, 8), (7, 2, 4, 4, None), (9, 5, 7, 3, 11)],
)
def test_the_design_is_balanced(prompts, models, raters, votes, trials):
    names = [f"m{k}" for k in range(models)]
    available = {f"p{k}": names for k in range(prompts)}
    items = order_items(all_items(available, pairwise=True), rng(1))
    plan = assign(items, [f"R{k}" for k in range(raters)], votes, trials, rng(2))
    every = [one for session in plan.values() for one in session]
    per_item = Counter(one.item for one in every)
    assert set(per_item.values()) == {votes}
    loads = [len(session) for session in plan.values()]
    assert max(loads) - min(loads) <= 1
    if trials:
        assert max(loads) <= trials
    for session in plan.values():
        assert len({one.item for one in session}) == len(session)
        assert abs(sum(one.order[0] < one.order[1] for one in session) - len(session) / 2) <= 3
    sides = Counter()
    for one in every:
        sides[one.item] += 1 if one.order == one.item.models else -1
    assert max(map(abs, sides.values())) <= 1
    per_prompt = Counter(item.prompt_id for item in per_item)
    assert max(per_prompt.values()) - min(per_prompt.values()) <= 1
    per_pair = Counter(item.models for item in per_item)
    assert max(per_pair.values()) - min(per_pair.values()) <= 2


def test_gold_and_repeats_are_in_every_session(exported):
    for rater, ids in exported.key.sessions.items():
        trials = [exported.key.trials[name] for name in ids]
        assert Counter(one.kind for one in trials)["gold"] == 2
        assert Counter(one.kind for one in trials)["repeat"] == 2
        assert trials[0].kind == "judge" and {one.rater for one in trials} == {rater}
        for name, one in zip(ids, trials, strict=True):
            if one.kind == "repeat":
                earlier = exported.key.trials[one.repeats]
                assert earlier.models == one.models[::-1]
                assert ids.index(one.repeats) < ids.index(name)
            if one.kind == "gold":
                assert one.models[0] == one.models[1] and one.expected in ("left", "right")


def test_the_jumbled_figure_of_a_gold_trial_is_on_the_other_side(exported):
    data = page_data(exported.page)
    for name, trial in exported.key.trials.items():
        if trial.kind != "gold":
            continue
        pixels = []
        for image in data["trials"][name]["images"]:
            raw = base64.b64decode(data["images"][image].split(",")[1])
            pixels.append(np.asarray(Image.open(io.BytesIO(raw)), dtype=float))
        edges = [np.abs(np.diff(one, axis=0)).sum() for one in pixels]
        assert (edges[0] < edges[1]) == (trial.expected == "left")


def test_prompts_without_a_figure_are_listed(tmp_path):
    from figbench.study import StudyOptions, export_study
    from tests.study.factory import write_models

    folders = write_models(tmp_path / "figures", ("a", "b"), 4)
    (folders["b"] / "paper0-Figure1.png").unlink()
    exported = export_study(
        folders, tmp_path / "s.html", tmp_path / "k.json", options=StudyOptions(raters=3)
    )
    assert exported.key.omitted == ["paper0-Figure1: no figure of b"]
    assert not any(t.prompt_id == "paper0-Figure1" for t in exported.key.trials.values())


def test_wrong_options_are_refused(tmp_path):
    with pytest.raises(UserError, match="two models"):
        make_study(tmp_path / "a", names=("alpha",))
    with pytest.raises(UserError, match="at least as many raters"):
        make_study(tmp_path / "b", raters=2, votes_per_item=3)
    with pytest.raises(UserError, match="without a trial"):
        make_study(tmp_path / "c", prompts=1, names=("a", "b"), raters=9, votes_per_item=1)
    with pytest.raises(UserError, match="neither a preset"):
        parse_questions(["Bad Id=x"], likert=False)
    assert len(parse_questions(["paperbanana", "fun=Which is more fun?"], likert=False)) == 5
    assert not (tmp_path / "a" / "study.html").exists()


def test_hostile_captions_cannot_leave_the_data_block(tmp_path):
    exported = make_study(tmp_path, title="</script><script>alert(1)</script>")
    text = exported.page.read_text(encoding="utf-8")
    assert "<script>alert" not in text
    assert page_data(exported.page)["title"].startswith("</script>")
