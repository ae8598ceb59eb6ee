"""Small whole results for tests."""

from figbench.results.schema import RunResult


def make_result(**changes):
    """Returns a valid result with one value and one skipped metric; ``changes`` override."""
    record = {
        "source": "figures",
        "layout": "flat",
        "digest": "0" * 64,
        "prompts_digest": "1" * 64,
        "n_figures": 4,
        "n_prompts": 4,
    }
    document = {
        "protocol": {"id": "offline", "hash": "f" * 64, "definition": {"id": "offline"}},
        "metrics": {
            "fid": {
                "value": 12.5,
                "status": "ok",
                "higher_is_better": False,
                "interval": {
                    "low": 11.0,
                    "high": 14.0,
                    "level": 0.95,
                    "method": "influence function",
                },
                "standard_error": 0.76,
                "n_used": 4,
                "n_expected": 4,
            },
            "kid": {
                "value": None,
                "status": "skipped",
                "reason": "no weights",
                "higher_is_better": False,
                "n_used": 0,
                "n_expected": 4,
            },
        },
        "manifests": {"generated": record, "reference": record},
        "provenance": {
            "created_at": "2026-01-01T00:00:00+00:00",
            "command": ["figbench", "evaluate"],
            "figbench_version": "0.1.0",
            "python_version": "3.11.7",
            "platform": "test",
            "device": "cpu",
            "packages": {},
            "weights": {},
            "seeds": {"protocol": 2020},
            "durations_s": {},
        },
    }
    return RunResult.model_validate({**document, **changes})
