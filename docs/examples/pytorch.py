"""Scores a model in a plain PyTorch training loop: no file is written.

Run with: python docs/examples/pytorch.py
"""

import torch

import figbench

SIZE, COUNT, BATCH = 32, 8, 4


class TinyModel(torch.nn.Module):
    """Draws one learned picture for every caption; put your model here."""

    def __init__(self) -> None:
        super().__init__()
        self.picture = torch.nn.Parameter(torch.full((3, SIZE, SIZE), 0.5))

    def forward(self, captions: list[str]) -> torch.Tensor:
        return self.picture.clamp(0, 1).expand(len(captions), -1, -1, -1)


def main() -> dict[str, float]:
    torch.manual_seed(0)
    targets = torch.rand(COUNT, 3, SIZE, SIZE)
    ids = [f"figure-{i}" for i in range(COUNT)]
    evaluator = figbench.Evaluator(figbench.Figures.from_images(targets, ids), metrics=["ssim"])
    model = TinyModel()
    optimizer = torch.optim.SGD(model.parameters(), lr=50.0)
    scalars: dict[str, float] = {}
    for epoch in range(2):
        for start in range(0, COUNT, BATCH):
            batch = slice(start, start + BATCH)
            loss = torch.nn.functional.mse_loss(model(ids[batch]), targets[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        evaluator.reset()
        with torch.no_grad():
            for start in range(0, COUNT, BATCH):
                batch = slice(start, start + BATCH)
                evaluator.update(model(ids[batch]), ids[batch])
        scalars = evaluator.compute().to_dict()  # ssim, ssim/low, ssim/high: for any logger
        print(f"epoch {epoch}", scalars)
    return scalars


if __name__ == "__main__":
    main()
