"""Key names and shapes of the authors' checkpoints, written out from the architecture.

An independent list: diffusers' maps turn such names into its own, none turns them back.
"""

import torch

UNET, VAE, TEXT = (
    "model.diffusion_model.",
    "first_stage_model.",
    "cond_stage_model.transformer.",
)


class Names(dict):
    """Shapes by key."""

    def layer(self, key, *shape, bias=True):
        self[f"{key}.weight"] = shape
        if bias:
            self[f"{key}.bias"] = shape[:1]

    def norm(self, key, width):
        self.layer(key, width)

    def conv(self, key, before, after, side=3):
        self.layer(key, after, before, side, side)


def unet_names(config):
    """OpenAI's U-Net with spatial transformers, as in latent diffusion."""
    section, context = config.unet, config.text.hidden
    widths, blocks = section.block_out_channels, section.layers_per_block
    time = 4 * widths[0]
    names = Names()
    names.layer("time_embed.0", time, widths[0])
    names.layer("time_embed.2", time, time)
    names.conv("input_blocks.0.0", config.vae.latent_channels, widths[0])
    width, skips, place = widths[0], [widths[0]], 1
    for level, after in enumerate(widths):
        for _ in range(blocks):
            _residual(names, f"input_blocks.{place}.0", width, after, time)
            if section.attention[level]:
                _transformer(names, f"input_blocks.{place}.1", after, context)
            width, place = after, place + 1
            skips.append(width)
        if level < len(widths) - 1:
            names.conv(f"input_blocks.{place}.0.op", width, width)
            place += 1
            skips.append(width)
    _residual(names, "middle_block.0", width, width, time)
    _transformer(names, "middle_block.1", width, context)
    _residual(names, "middle_block.2", width, width, time)
    place = 0
    for level in reversed(range(len(widths))):
        for block in range(blocks + 1):
            _residual(names, f"output_blocks.{place}.0", width + skips.pop(), widths[level], time)
            width = widths[level]
            if section.attention[level]:
                _transformer(names, f"output_blocks.{place}.1", width, context)
            if level and block == blocks:
                slot = 2 if section.attention[level] else 1
                names.conv(f"output_blocks.{place}.{slot}.conv", width, width)
            place += 1
    names.norm("out.0", width)
    names.conv("out.2", width, config.vae.latent_channels)
    return {f"{UNET}{key}": shape for key, shape in names.items()}


def _residual(names, key, before, after, time):
    names.norm(f"{key}.in_layers.0", before)
    names.conv(f"{key}.in_layers.2", before, after)
    names.layer(f"{key}.emb_layers.1", after, time)
    names.norm(f"{key}.out_layers.0", after)
    names.conv(f"{key}.out_layers.3", after, after)
    if before != after:
        names.conv(f"{key}.skip_connection", before, after, 1)


def _transformer(names, key, width, context):
    names.norm(f"{key}.norm", width)
    names.conv(f"{key}.proj_in", width, width, 1)
    inner = f"{key}.transformer_blocks.0"
    for attention, source in (("attn1", width), ("attn2", context)):
        names.layer(f"{inner}.{attention}.to_q", width, width, bias=False)
        names.layer(f"{inner}.{attention}.to_k", width, source, bias=False)
        names.layer(f"{inner}.{attention}.to_v", width, source, bias=False)
        names.layer(f"{inner}.{attention}.to_out.0", width, width)
    names.layer(f"{inner}.ff.net.0.proj", 8 * width, width)
    names.layer(f"{inner}.ff.net.2", width, 4 * width)
    for place in (1, 2, 3):
        names.norm(f"{inner}.norm{place}", width)
    names.conv(f"{key}.proj_out", width, width, 1)


def vae_names(config):
    """The KL autoencoder of latent diffusion."""
    section = config.vae
    widths, latent, last = section.block_out_channels, section.latent_channels, []
    last = widths[-1]
    names = Names()
    names.conv("encoder.conv_in", 3, widths[0])
    width = widths[0]
    for level, after in enumerate(widths):
        for block in range(section.layers_per_block):
            _plain(names, f"encoder.down.{level}.block.{block}", width, after)
            width = after
        if level < len(widths) - 1:
            names.conv(f"encoder.down.{level}.downsample.conv", width, width)
    names.norm("encoder.norm_out", last)
    names.conv("encoder.conv_out", last, 2 * latent)
    names.conv("decoder.conv_in", latent, last)
    for half in ("encoder", "decoder"):
        _plain(names, f"{half}.mid.block_1", last, last)
        names.norm(f"{half}.mid.attn_1.norm", last)
        for one in ("q", "k", "v", "proj_out"):
            names.conv(f"{half}.mid.attn_1.{one}", last, last, 1)
        _plain(names, f"{half}.mid.block_2", last, last)
    width = last
    for level in reversed(range(len(widths))):
        for block in range(section.layers_per_block + 1):
            _plain(names, f"decoder.up.{level}.block.{block}", width, widths[level])
            width = widths[level]
        if level:
            names.conv(f"decoder.up.{level}.upsample.conv", width, width)
    names.norm("decoder.norm_out", width)
    names.conv("decoder.conv_out", width, 3)
    names.conv("quant_conv", 2 * latent, 2 * latent, 1)
    names.conv("post_quant_conv", latent, latent, 1)
    return {f"{VAE}{key}": shape for key, shape in names.items()}


def _plain(names, key, before, after):
    names.norm(f"{key}.norm1", before)
    names.conv(f"{key}.conv1", before, after)
    names.norm(f"{key}.norm2", after)
    names.conv(f"{key}.conv2", after, after)
    if before != after:
        names.conv(f"{key}.nin_shortcut", before, after, 1)


def text_names(config):
    """x-transformers' encoder: attention in even layers, feed-forward in odd ones."""
    section = config.text
    width = section.hidden
    names = Names()
    names.layer("token_emb", section.vocab_size, width, bias=False)
    names.layer("pos_emb.emb", section.max_len, width, bias=False)
    for layer in range(section.layers):
        attention = f"attn_layers.layers.{2 * layer}"
        names.norm(f"{attention}.0", width)
        for one in ("q", "k", "v"):
            names.layer(f"{attention}.1.to_{one}", width, width, bias=False)
        names.layer(f"{attention}.1.to_out", width, width)
        forward = f"attn_layers.layers.{2 * layer + 1}"
        names.norm(f"{forward}.0", width)
        names.layer(f"{forward}.1.net.0.0", section.ffn, width)
        names.layer(f"{forward}.1.net.2", width, section.ffn)
    names.norm("norm", width)
    names.layer("to_logits", section.vocab_size, width)
    return {f"{TEXT}{key}": shape for key, shape in names.items()}


def official_state(config, *, device="cpu", seed=0, ema=False):
    """A state dict with the official names, of random weights; with what comes along."""
    source = None if device == "meta" else torch.Generator().manual_seed(seed)
    shapes = unet_names(config) | vae_names(config) | text_names(config)
    state = {
        key: torch.empty(shape, device=device)
        if source is None
        else 0.05 * torch.randn(shape, generator=source)
        for key, shape in shapes.items()
    }
    if ema:
        for key in unet_names(config):
            name = "model_ema." + key.removeprefix("model.").replace(".", "")
            state[name] = state[key] + 1
        state["model_ema.decay"] = torch.tensor(0.9999)
        state["model_ema.num_updates"] = torch.tensor(7)
    state["first_stage_model.loss.perceptual_loss.lin0.weight"] = torch.zeros(1)
    state["betas"] = torch.zeros(config.noise.timesteps)
    return state
