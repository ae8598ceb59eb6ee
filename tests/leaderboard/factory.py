"""Board entries made up for tests, valid unless a test breaks them."""

import numpy as np

from figbench.io.atomic import write_text_atomic
from figbench.io.json_files import dump_json
from figbench.leaderboard.attachments import Attachment, Header, Pictured, save_attachment
from figbench.leaderboard.thumbnails import gallery_ids, thumbnail
from figbench.protocol import Protocol


def metric(value, half=0.5, higher=False, n=50):
    return {
        "value": value,
        "status": "ok",
        "higher_is_better": higher,
        "interval": {"low": value - half, "high": value + half, "level": 0.95, "method": "test"},
        "standard_error": half / 1.96,
        "n_used": n,
        "n_expected": n,
    }


def manifest(digest):
    return {
        "source": "x",
        "layout": "flat",
        "digest": digest,
        "prompts_digest": "p",
        "n_figures": 50,
        "n_prompts": 50,
    }


def entry(name="alpha", fd=10.0, half=0.5, **card):
    protocol = Protocol.load("offline")
    result = {
        "protocol": {
            "id": "offline",
            "hash": protocol.hash,
            "definition": protocol.model_dump(mode="json"),
        },
        "metrics": {
            "fd@efficientnet-lite0": metric(fd, half),
            "label_f1": metric(0.5, 0.1, higher=True),
        },
        "manifests": {"generated": manifest(f"g-{name}"), "reference": manifest("r")},
        "provenance": {
            "created_at": "2026-11-23T00:00:00Z",
            "command": ["figbench", "evaluate"],
            "figbench_version": "0",
            "python_version": "3",
            "platform": "x",
            "device": "cpu",
            "packages": {},
            "weights": {},
            "seeds": {"sampling": 1},
            "durations_s": {"all": 2.0},
        },
    }
    model = {"name": name, "organisation": "org", **card}
    return {"entry_version": 1, "standing": "self-reported", "model": model, "result": result}


def write_board(folder, entries):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "board.yaml").write_text(
        f"title: Test board\nprotocol: offline\nprotocol_hash: {Protocol.load('offline').hash}\n"
        "prompts_digest: p\nmetrics: ['fd@efficientnet-lite0', label_f1]\n"
    )
    for place, one in enumerate(entries):
        write_text_atomic(folder / f"entries/org__m{place:03d}__2026-01-01.json", dump_json(one))
    return folder


N = 50
IDS = [f"f{i:03d}" for i in range(N)]


def flat(colour):
    return np.full((90, 120, 3), colour, np.uint8)


def picture_rows(digest, scores, salt, labels, absent=()):
    """Rows of a side, every gallery figure a flat colour of its own."""
    shown = [IDS.index(one) for one in gallery_ids(IDS) if one not in absent]
    header = Header(
        digest=digest,
        figure_ids=IDS,
        samples=[0] * N,
        papers=IDS,
        sha256=[None if one in absent else f"{salt}{one}" for one in IDS],
        spaces={},
        pictures=[Pictured(row=row, caption=f"about {IDS[row]}", labels=labels) for row in shown],
    )
    hashes = np.random.default_rng(list(salt.encode())).integers(1, 256, (N, 8), np.uint8)
    drawn = {row: thumbnail(flat(4 * row)) for row in shown}
    return Attachment(header, hashes, {"label_f1": scores}, {}, drawn)


def gallery_board(folder):
    """Writes a board of two models over one reference; beta has no figure for the first prompt."""
    scores = np.linspace(0.0, 1.0, N)
    documents = []
    for name, column in (("alpha", scores), ("beta", scores[::-1].copy())):
        document = entry(name, 10.0 if name == "alpha" else 20.0)
        document["result"]["metrics"]["label_f1"] = metric(float(column.mean()), 0.1, higher=True)
        documents.append(document)
    absent = gallery_ids(IDS)[0]
    documents[1]["result"]["manifests"]["generated"]["n_figures"] = N - 1
    write_board(folder, documents)
    ours = picture_rows("g-alpha", scores, "a", ["input", "encodr"])
    theirs = picture_rows(
        "g-beta", scores[::-1].copy(), "b", ["Input", "decoder"], absent=(absent,)
    )
    for place, one in enumerate((ours, theirs)):
        save_attachment(folder / f"entries/org__m{place:03d}__2026-01-01.safetensors", one)
    reference = picture_rows("r", np.zeros(N), "r", ["input", "decoder"])
    save_attachment(folder / "reference.safetensors", reference)
    return folder
