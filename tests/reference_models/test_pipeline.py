"""The pipeline's interface: round trip, determinism, inputs that are wrong."""

import logging

import numpy as np
import pytest
import torch
from figbench_figgen.artefact import load_pipeline
from figbench_figgen.pipeline import FigGenPipeline

from figbench.errors import UserError

CAPTIONS = ["a red box", "a blue circle"]


@pytest.fixture(scope="module")
def pipeline(trained):
    return load_pipeline(trained)[0]


def seeds(n):
    return [torch.Generator().manual_seed(i) for i in range(n)]


def draw(pipeline, captions=CAPTIONS, **more):
    more = {"num_inference_steps": 4, "guidance_scale": 3.0, "output_type": "pt", **more}
    return pipeline(captions, **more).images


def test_saved_and_loaded_it_draws_the_same(pipeline, tmp_path):
    pipeline.save_pretrained(tmp_path / "copy")
    copy = FigGenPipeline.from_pretrained(tmp_path / "copy")
    copy.set_progress_bar_config(disable=True)
    ours, theirs = draw(pipeline, generator=seeds(2)), draw(copy, generator=seeds(2))
    assert torch.allclose(ours, theirs, atol=2e-6)
    assert not list((tmp_path / "copy").rglob("*.bin"))


def test_output_types_agree(pipeline):
    tensors = draw(pipeline, generator=seeds(2))
    assert tensors.shape == (2, 3, 32, 32)
    assert float(tensors.min()) >= 0 and float(tensors.max()) <= 1
    arrays = draw(pipeline, generator=seeds(2), output_type="np")
    np.testing.assert_allclose(arrays, tensors.permute(0, 2, 3, 1).numpy(), atol=2e-6)
    pixels = draw(pipeline, generator=seeds(2), output_type="uint8")
    assert np.abs(pixels - arrays * 255).max() <= 0.501
    pictures = draw(pipeline, generator=seeds(2), output_type="pil")
    np.testing.assert_array_equal(np.asarray(pictures[1]), pixels[1])
    assert pipeline(CAPTIONS, 1.0, 2, return_dict=False, output_type="latent")[0].shape[1] == 4


def test_images_per_prompt_are_consecutive(pipeline):
    four = draw(pipeline, generator=seeds(4), num_images_per_prompt=2)
    twice = [caption for caption in CAPTIONS for _ in range(2)]
    assert torch.allclose(four, draw(pipeline, twice, generator=seeds(4)), atol=2e-6)


def test_unconditional_embedding_is_cached_until_the_weights_change(pipeline):
    draw(pipeline)
    first = pipeline._unconditional[1][0]
    draw(pipeline)
    assert pipeline._unconditional[1][0] is first
    weight = next(pipeline.text_encoder.parameters())
    with torch.no_grad():
        weight.add_(0)
    draw(pipeline)
    assert pipeline._unconditional[1][0] is not first


def test_guidance_of_one_needs_no_second_pass(pipeline, monkeypatch):
    sizes = []
    real = pipeline.unet.forward

    def counting(sample, *args, **kwargs):
        sizes.append(sample.shape[0])
        return real(sample, *args, **kwargs)

    monkeypatch.setattr(pipeline.unet, "forward", counting)
    draw(pipeline, guidance_scale=1.0)
    draw(pipeline, guidance_scale=2.0)
    assert sizes == [2] * 4 + [4] * 4


def test_decoding_in_chunks_changes_nothing(pipeline):
    whole = draw(pipeline, generator=seeds(2), decode_chunk=8)
    assert torch.allclose(whole, draw(pipeline, generator=seeds(2), decode_chunk=1), atol=2e-6)


def test_padding_mask_hides_padding(pipeline):
    masked = FigGenPipeline(
        pipeline.vae, pipeline.text_encoder, pipeline.tokenizer, pipeline.unet,
        pipeline.scheduler, padding_mask=True,
    )  # fmt: skip
    masked.set_progress_bar_config(disable=True)
    embedding, mask = masked.encode(["a red box"])
    assert 0 < int(mask.sum()) < mask.numel()
    plain = pipeline.encode(["a red box"])[0]
    assert not torch.allclose(embedding[mask], plain[mask], atol=1e-4)
    assert draw(masked).isfinite().all()


def test_long_captions_are_cut_and_said(pipeline, caplog):
    with caplog.at_level(logging.WARNING, logger="figbench_figgen.pipeline"):
        draw(pipeline, ["a red box " * 40, "short"], generator=seeds(2))
    assert "1 of 2 captions are longer than 24 tokens and were cut" in caplog.text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"num_inference_steps": 0}, "possible: 1 to 1000"),
        ({"num_inference_steps": 1001}, "possible: 1 to 1000"),
        ({"num_images_per_prompt": 0}, "at least 1"),
        ({"output_type": "jpg"}, "Unknown output_type"),
        ({"captions": []}, "No prompt"),
        ({"generator": seeds(3)}, "3 generators for 2 figures"),
        ({"latents": torch.zeros(2, 4, 9, 9)}, "expected (2, 4, 8, 8)"),
    ],
)
def test_wrong_arguments(pipeline, arguments, said):
    with pytest.raises(UserError) as caught:
        draw(pipeline, **arguments)
    assert said in str(caught.value)


def test_progress_without_a_terminal_is_plain_lines(capsys):
    from figbench_figgen.run_console import RunConsole

    with RunConsole().training("diffusion", 1, 3) as advance:
        advance(0.5)
        advance(0.25)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("diffusion after the first 1: 2 of 2, ")
    assert lines[0].endswith("loss 0.2500")


@pytest.fixture(scope="module")
def pipe(trained):
    from figbench_figgen.pipeline import FigGenPipeline

    made = FigGenPipeline.from_pretrained(trained / "pipeline")
    made.set_progress_bar_config(disable=True)
    return made


def latents_of(pipe, prompt, negative="", seeds=(1, 2), **more):
    seeded = [torch.Generator().manual_seed(seed) for seed in seeds]
    options = {"num_inference_steps": 3, "generator": seeded, "output_type": "latent", **more}
    return pipe(prompt, 3.0, negative_prompt=negative, **options).images


def test_a_negative_prompt_each_equals_two_calls(pipe):
    both = latents_of(pipe, ["two boxes", "three circles"], ["red", "blue"])
    apart = [
        latents_of(pipe, "two boxes", "red", (1,)),
        latents_of(pipe, "three circles", "blue", (2,)),
    ]
    torch.testing.assert_close(both, torch.cat(apart), rtol=1e-4, atol=1e-4)
    with pytest.raises(UserError, match="1 negative prompts for 2 prompts"):
        latents_of(pipe, ["a", "b"], ["red"])


def test_callbacks_see_every_step_and_may_change_the_latents(pipe):
    seen = []

    def callback(given, step, timestep, tensors):
        assert given is pipe
        seen.append((step, timestep))
        return {"latents": tensors["latents"] * 0}

    options = {"callback_on_step_end": callback}
    assert not latents_of(pipe, ["a", "b"], **options).any()
    assert [step for step, _ in seen] == [0, 1, 2]
    with pytest.raises(UserError, match="unknown noise"):
        latents_of(pipe, ["a", "b"], callback_on_step_end_tensor_inputs=["noise"])


def test_guidance_interval_and_rescale(pipe):
    plain = latents_of(pipe, ["a", "b"])
    assert not torch.equal(plain, latents_of(pipe, ["a", "b"], guidance_rescale=0.7))
    seeded = [torch.Generator().manual_seed(seed) for seed in (1, 2)]
    alone = pipe(
        ["a", "b"], 1.0, num_inference_steps=3, generator=seeded, output_type="latent"
    ).images
    never = latents_of(pipe, ["a", "b"], guidance_interval=(1.0, 1.0))
    torch.testing.assert_close(never, alone, rtol=1e-4, atol=1e-4)
    with pytest.raises(UserError, match="guidance_rescale is 2"):
        latents_of(pipe, ["a", "b"], guidance_rescale=2)


def test_diffusers_own_entrance_reads_the_folder(trained):
    from diffusers import DiffusionPipeline
    from figbench_figgen.pipeline import FigGenPipeline

    assert isinstance(DiffusionPipeline.from_pretrained(trained / "pipeline"), FigGenPipeline)
