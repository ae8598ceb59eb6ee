"""The whole path: folders in, defensible scores out."""

import json
import shutil

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image

import figbench
from figbench.errors import UserError
from figbench.evaluation import Options, build_reference, prepare
from figbench.evaluation.artifacts.reader import load_features, load_lines

PROTOCOL = figbench.Protocol.from_document(
    {
        "id": "quick",
        "preprocess": "pad256",
        "metrics": [
            {"metric": "fd@efficientnet-lite0"},
            {"metric": "kd@efficientnet-lite0"},
            {"metric": "label_fidelity"},
            {"metric": "ocr_sim"},
            {"metric": "ssim"},
            {"metric": "validity"},
        ],
        "ocr": {"engine": "rapidocr"},
    },
    "test",
)
CPU = Options(device="cpu")


@pytest.fixture(scope="module")
def model(synthfig_root, tmp_path_factory):
    """A model that redraws every reference."""
    from figbench.synthfig import degraded, iter_synthfig

    folder = tmp_path_factory.mktemp("model") / "figures"
    folder.mkdir()
    figures = list(iter_synthfig(12, 3, test_fraction=1.0))
    images = degraded("redrawn", [one.scene for one in figures], 0)
    for one, image in zip(figures, images, strict=True):
        Image.fromarray(image).save(folder / f"{one.figure_id}.png")
    return folder


@pytest.fixture(scope="module")
def scored(model, synthfig_root, tmp_path_factory):
    """One whole run, its folder and its store."""
    out = tmp_path_factory.mktemp("run")
    store = tmp_path_factory.mktemp("module-store")
    result = figbench.evaluate(model, synthfig_root, PROTOCOL, output=out, store=store, options=CPU)
    return result, out, store


def values(result):
    return {name: metric.value for name, metric in result.metrics.items() if metric.status == "ok"}


def close(ours, theirs, rel=1e-5):
    assert ours.keys() == theirs.keys()
    for name in ours:
        assert ours[name] == pytest.approx(theirs[name], rel=rel, abs=1e-6), name


def test_every_metric_has_a_value_and_counts(scored):
    result, out, _ = scored
    assert {metric.status for metric in result.metrics.values()} == {"ok"}
    assert {(m.n_used, m.n_expected) for m in result.metrics.values()} == {(12, 12)}
    assert result.value("label_f1") > 0.8
    assert 0 < result.value("ssim") < 1
    assert figbench.load_result(out) == result
    assert result.provenance.weights["efficientnet-lite0"].startswith("57934424")
    assert result.protocol.definition["ocr"]["version"]
    columns = pq.read_table(out / "per_figure.parquet").to_pydict()
    assert np.mean(columns["ocr_sim"]) == pytest.approx(result.value("ocr_sim"))
    schema = json.loads((out / "result.schema.json").read_text())
    assert "metrics" in schema["properties"]


def test_warm_rerun_runs_no_network(scored, model, synthfig_root, monkeypatch):
    result, _, store = scored
    monkeypatch.setattr("figbench.features.catalog.load_extractor", None)
    monkeypatch.setattr("figbench.evaluation.inference.runners.make_runner", None)
    again = figbench.evaluate(model, synthfig_root, PROTOCOL, store=store, options=CPU)
    assert again.metrics == result.metrics
    assert again.provenance.extraction["computed"] == 0


def test_one_changed_image_costs_one_row_per_network(scored, model, synthfig_root, tmp_path):
    _, _, store = scored
    changed = tmp_path / "changed"
    shutil.copytree(model, changed)
    first = sorted(changed.iterdir())[0]
    image = Image.open(first).convert("RGB")
    image.putpixel((0, 0), (1, 2, 3))
    image.save(first)
    plan = prepare(changed, synthfig_root, PROTOCOL, store=store, options=CPU)
    assert set(plan.workload.pending.values()) == {1}


def test_order_workers_and_names_change_nothing(scored, model, synthfig_root, tmp_path):
    result, _, _ = scored
    index = tmp_path / "shuffled.jsonl"
    paths = sorted(model.iterdir(), reverse=True)
    index.write_text("\n".join(json.dumps({"image": str(p), "figure_id": p.stem}) for p in paths))
    again = figbench.evaluate(
        index,
        synthfig_root,
        PROTOCOL,
        store=tmp_path / "s",
        options=Options(device="cpu", workers=0),
    )
    close(values(again), values(result), rel=1e-4)


def test_messy_files_score_as_the_same_pictures_normalised_by_hand(
    scored, model, synthfig_root, tmp_path
):
    result, _, store = scored
    messy = tmp_path / "messy"
    messy.mkdir()
    for number, path in enumerate(sorted(model.iterdir())):
        image = Image.open(path).convert("RGB")
        target = messy / path.name
        if number % 4 == 0:
            rgba = image.convert("RGBA")
            pixels = np.array(rgba)
            white = (pixels[..., :3] == 255).all(axis=2)
            pixels[white] = 0
            Image.fromarray(pixels).save(target)
        elif number % 4 == 1:
            image.save(target.with_suffix(".bmp"))
        elif number % 4 == 2:
            exif = Image.Exif()
            exif[0x0112] = 6
            image.transpose(Image.Transpose.ROTATE_90).save(target, exif=exif)
        else:
            image.save(target, format="WEBP", lossless=True)
    again = figbench.evaluate(messy, synthfig_root, PROTOCOL, store=store, options=CPU)
    close(values(again), values(result), rel=1e-4)


def test_missing_and_unreadable_figures_cost_and_are_named(scored, model, synthfig_root, tmp_path):
    result, _, store = scored
    short = tmp_path / "short"
    shutil.copytree(model, short)
    gone, broken = sorted(short.iterdir())[:2]
    gone.unlink()
    broken.write_bytes(broken.read_bytes()[:200])
    options = Options(device="cpu", allow_rejects=True)
    with pytest.raises(UserError, match=r"1 of 12 generated|1 of 11 generated"):
        figbench.evaluate(short, synthfig_root, PROTOCOL, store=store, options=CPU)
    less = figbench.evaluate(short, synthfig_root, PROTOCOL, store=store, options=options)
    record = less.manifests.generated
    assert {f"{gone.stem}#0", f"{broken.stem}#0"} == set(record.missing)
    assert [(r.path, r.code) for r in record.rejects] == [(broken.name, "truncated")]
    assert less.metrics["label_f1"].n_used == 10
    assert less.metrics["label_f1"].n_expected == 12
    assert less.value("label_f1") < result.value("label_f1")
    assert less.value("ocr_sim") > result.value("ocr_sim")
    with pytest.raises(UserError, match="cannot be used"):
        figbench.evaluate(
            short, synthfig_root, PROTOCOL, store=store, options=Options(device="cpu", strict=True)
        )


def test_identical_sets(synthfig_root, scored):
    _, _, store = scored
    same = figbench.evaluate(
        synthfig_root / "figures", synthfig_root, PROTOCOL, store=store, options=CPU
    )
    assert same.value("fd@efficientnet-lite0") == pytest.approx(0, abs=1e-6)
    assert same.value("ocr_sim") == pytest.approx(0, abs=1e-9)
    assert same.value("ssim") == pytest.approx(1)
    assert same.value("label_f1") == pytest.approx(1)
    assert same.value("label_f1_truth") == pytest.approx(same.value("label_f1_ceiling"))


def test_stored_features_and_lines_come_back(scored):
    _, out, _ = scored
    features = load_features(out, "fd@efficientnet-lite0")
    assert features.generated.shape == (12, 1280)
    assert features.reference.shape == (12, 1280)
    assert len(set(features.figure_ids)) == 12
    lines = load_lines(out)
    assert len(lines) == 12
    generated, reference = next(iter(lines.values()))
    assert generated
    assert reference
    with pytest.raises(UserError, match="no stored features"):
        load_features(out, "ssim")


def test_reference_pack_scores_the_same_and_needs_no_reference_work(
    scored, model, synthfig_root, tmp_path
):
    result, _, store = scored
    pack = tmp_path / "test.figref"
    facts = build_reference(synthfig_root, pack, PROTOCOL, store=store, options=CPU)
    assert facts["n_figures"] == 12
    fresh = tmp_path / "fresh"
    plan = prepare(model, pack, PROTOCOL, store=fresh, options=CPU)
    pending = {task.network: count for task, count in plan.workload.pending.items()}
    assert pending["rapidocr"] == 12
    assert pending["efficientnet-lite0"] == 12
    again = figbench.evaluate(model, pack, PROTOCOL, store=store, options=CPU)
    close(values(again), values(result))


def test_truncation_protocol_cannot_tell_blank_pages_from_figures(model, synthfig_root, tmp_path):
    blank = tmp_path / "blank"
    blank.mkdir()
    for path in model.iterdir():
        Image.new("RGB", Image.open(path).size, "white").save(blank / path.name)
    right = PROTOCOL.replace(metrics=[{"metric": "fd@efficientnet-lite0"}], ocr=None)
    script = right.replace(pixel_encoding="figgen-script-2023", legacy=True)
    assert script.hash != right.hash
    found = {}
    for name, protocol in (("right", right), ("script", script)):
        results = [
            figbench.evaluate(one, synthfig_root, protocol, store=tmp_path / "s", options=CPU)
            for one in (blank, model)
        ]
        found[name] = [result.value("fd@efficientnet-lite0") for result in results]
        legacy = any("known defect" in text for text in results[0].warnings)
        assert legacy == (name == "script")
    assert found["right"][0] > 2 * found["right"][1]
    assert found["script"][0] < 1.5 * found["script"][1]


def test_samples_per_prompt(model, synthfig_root, tmp_path):
    many = tmp_path / "many"
    many.mkdir()
    for path in sorted(model.iterdir()):
        for k in range(2):
            shutil.copy(path, many / f"{path.stem}_{k}.png")
    protocol = PROTOCOL.replace(metrics=[{"metric": "ssim"}], ocr=None)
    result = figbench.evaluate(many, synthfig_root, protocol, store=tmp_path / "s", options=CPU)
    assert result.metrics["ssim"].n_expected == 24
    assert result.value("ssim_best_of_k") == pytest.approx(result.value("ssim"))
