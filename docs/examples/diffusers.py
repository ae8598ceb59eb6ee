"""Samples a diffusers pipeline into an evaluator, with a fixed seed for every figure.

Run with: python docs/examples/diffusers.py
"""

import torch
from diffusers import DDIMScheduler, DiffusionPipeline, UNet2DModel
from diffusers.pipelines.pipeline_utils import ImagePipelineOutput

import figbench
from figbench.integrations.diffusers import evaluate_pipeline

SIZE = 32
PROMPTS = ["An encoder and a decoder", "Two boxes and an arrow"]
IDS = ["figure-a", "figure-b"]


class TinyPipeline(DiffusionPipeline):
    """An untrained network that ignores its prompts; put your pipeline here."""

    def __init__(self, unet: UNet2DModel, scheduler: DDIMScheduler) -> None:
        super().__init__()
        self.register_modules(unet=unet, scheduler=scheduler)

    @torch.no_grad()
    def __call__(self, prompt, generator, num_inference_steps=2):
        noise = [torch.randn(3, SIZE, SIZE, generator=one) for one in generator]
        images = torch.stack(noise)
        self.scheduler.set_timesteps(num_inference_steps)
        for step in self.scheduler.timesteps:
            predicted = self.unet(images, step).sample
            images = self.scheduler.step(predicted, step, images).prev_sample
        pixels = (images / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1).numpy()
        return ImagePipelineOutput(images=self.numpy_to_pil(pixels))


def main() -> figbench.RunResult:
    torch.manual_seed(0)
    unet = UNet2DModel(
        sample_size=SIZE, block_out_channels=(8,), layers_per_block=1, norm_num_groups=4,
        down_block_types=("DownBlock2D",), up_block_types=("UpBlock2D",), add_attention=False,
    )  # fmt: skip
    pipeline = TinyPipeline(unet, DDIMScheduler(num_train_timesteps=50))
    reference = figbench.Figures.from_images(torch.rand(2, 3, SIZE, SIZE), IDS)
    evaluator = figbench.Evaluator(reference, metrics=["ssim"])
    result = evaluate_pipeline(
        pipeline, evaluator, PROMPTS, IDS, samples_per_prompt=2, num_inference_steps=2
    )
    print(result["ssim"])
    return result


if __name__ == "__main__":
    main()
