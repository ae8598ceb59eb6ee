"""Logs figbench's scores after every validation epoch of a Lightning trainer.

Run with: python docs/examples/lightning.py (pip install "figbench[lightning]")
"""

import pytorch_lightning as lightning
import torch
from torch.utils.data import DataLoader

import figbench
from figbench.integrations.lightning import Callback

SIZE, COUNT = 32, 8
IDS = [f"figure-{i}" for i in range(COUNT)]


class Module(lightning.LightningModule):
    """Learns one picture; put your model here."""

    def __init__(self, targets: torch.Tensor) -> None:
        super().__init__()
        self.targets = targets
        self.picture = torch.nn.Parameter(torch.full((3, SIZE, SIZE), 0.5))

    def training_step(self, rows: torch.Tensor, _: int) -> torch.Tensor:
        return (self.picture - self.targets[rows]).square().mean()

    def validation_step(self, rows: torch.Tensor, _: int) -> dict[str, object]:
        images = self.picture.clamp(0, 1).expand(len(rows), -1, -1, -1)
        return {"images": images, "figure_ids": [IDS[row] for row in rows]}

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return torch.optim.SGD(self.parameters(), lr=50.0)


def main() -> dict[str, float]:
    torch.manual_seed(0)
    targets = torch.rand(COUNT, 3, SIZE, SIZE)
    reference = figbench.Figures.from_images(targets, IDS)
    callback = Callback(figbench.Evaluator(reference, metrics=["ssim"]))
    trainer = lightning.Trainer(
        max_epochs=1,
        accelerator="cpu",
        callbacks=[callback],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    rows = DataLoader(list(range(COUNT)), batch_size=4)
    trainer.fit(Module(targets), rows, rows)
    scalars = {name: float(value) for name, value in trainer.callback_metrics.items()}
    print(scalars)
    return scalars


if __name__ == "__main__":
    main()
