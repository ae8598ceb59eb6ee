"""Small studies: figures on disk, simulated raters, runs with per-figure scores."""

import json

import numpy as np
from PIL import Image, ImageDraw, PngImagePlugin

from figbench.ranking import Vote
from figbench.study import StudyOptions, export_study


def write_models(root, names=("alpha", "beta", "gamma"), prompts=6):
    """Figures of different sizes, with the model's name in the metadata of the file."""
    folders = {}
    for number, name in enumerate(names):
        folder = root / name
        folder.mkdir(parents=True)
        for prompt in range(prompts):
            image = Image.new("RGB", (200 + 40 * number, 120 + 10 * prompt), "white")
            pen = ImageDraw.Draw(image)
            pen.rectangle((20, 20, 90 + number * 20, 80), outline="black", width=3)
            pen.text((30, 40), f"p{prompt} {number}", fill="black")
            text = PngImagePlugin.PngInfo()
            text.add_text("model", f"secret-{name}")
            image.save(folder / f"paper{prompt // 2}-Figure{prompt}.png", pnginfo=text)
        folders[name] = folder
    return folders


def make_study(root, *, prompts=6, names=("alpha", "beta", "gamma"), **options):
    """Returns the export of a small study in ``root``."""
    folders = write_models(root / "figures", names, prompts)
    return export_study(
        folders, root / "study.html", root / "key.json", options=StudyOptions(**options)
    )


def page_data(page):
    """The JSON in the page."""
    text = page.read_text(encoding="utf-8")
    start = text.index('id="study-data">') + len('id="study-data">')
    return json.loads(text[start : text.index("</script>", start)])


def simulated_answers(key, rater, error, rng, *, tie=0.0, seconds=5.0):
    """Answers of a rater who prefers the alphabetically first model and errs with ``error``."""
    rows = []
    for trial_id in key.sessions[rater]:
        trial = key.trials[trial_id]
        for question in key.questions:
            right = trial.expected or ("left" if trial.models[0] < trial.models[1] else "right")
            answer = right
            if rng.random() < error:
                answer = "right" if right == "left" else "left"
            if rng.random() < tie:
                answer = "tie"
            rows.append(
                {
                    "study": key.study,
                    "rater": rater,
                    "trial": trial_id,
                    "question": question.id,
                    "answer": answer,
                    "seconds": seconds,
                }
            )
    return rows


def write_lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def human_votes(papers, raters, error, rng, models=("a", "b")):
    """Votes on pairs whose true order is the sign of a hidden quality difference."""
    votes, truth = [], {}
    for paper in range(papers):
        gap = rng.normal()
        truth[f"p{paper}"] = gap
        for rater in range(raters):
            right = (gap > 0) != (rng.random() < error)
            votes.append(
                Vote(
                    f"p{paper}",
                    f"p{paper}",
                    *models,
                    "first" if right else "second",
                    f"r{rater}",
                )
            )
    return votes, truth


def rng(seed=0):
    return np.random.default_rng(seed)
