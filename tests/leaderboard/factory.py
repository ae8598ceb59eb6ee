"""Board entries made up for tests, valid unless a test breaks them."""

from figbench.protocol import Protocol
from figbench.results.io import dump_json, write_text_atomic


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
