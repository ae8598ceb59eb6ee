"""The text encoder against diffusers' own port of the official one, and the vocabulary."""

import pytest
import torch
from figbench_figgen.build import build_text, is_unused
from figbench_figgen.config_sections import TextConfig
from figbench_figgen.tokens import make_tokenizer, tokenize, train_tokenizer

from figbench.errors import UserError

TEXT = TextConfig(hidden=64, layers=3, heads=4, ffn=128, max_len=20, vocab_size=100)


def official_text(seed):
    """diffusers' LDMBert, with random weights that make every part matter."""
    from diffusers.pipelines.latent_diffusion.pipeline_latent_diffusion import (
        LDMBertConfig,
        LDMBertModel,
    )

    torch.manual_seed(seed)
    model = LDMBertModel(
        LDMBertConfig(
            vocab_size=TEXT.vocab_size, max_position_embeddings=TEXT.max_len,
            encoder_layers=TEXT.layers, encoder_ffn_dim=TEXT.ffn,
            encoder_attention_heads=TEXT.heads, head_dim=TEXT.hidden // TEXT.heads,
            d_model=TEXT.hidden, dropout=0.0,
        )
    ).eval()  # fmt: skip
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.2)
    return model


def official_keys(model):
    """LDMBert's weights under the names of the official checkpoint (x-transformers)."""
    state = model.state_dict()
    inner = "model."
    made = {
        "token_emb.weight": state[f"{inner}embed_tokens.weight"],
        "pos_emb.emb.weight": state[f"{inner}embed_positions.weight"],
        "norm.weight": state[f"{inner}layer_norm.weight"],
        "norm.bias": state[f"{inner}layer_norm.bias"],
        "to_logits.weight": state["to_logits.weight"],
        "to_logits.bias": state["to_logits.bias"],
    }
    for layer in range(TEXT.layers):
        ours = f"{inner}layers.{layer}."
        attention, forward = (
            f"attn_layers.layers.{2 * layer}.",
            f"attn_layers.layers.{2 * layer + 1}.",
        )
        pairs = {
            f"{attention}0": "self_attn_layer_norm",
            f"{attention}1.to_q": "self_attn.q_proj",
            f"{attention}1.to_k": "self_attn.k_proj",
            f"{attention}1.to_v": "self_attn.v_proj",
            f"{attention}1.to_out": "self_attn.out_proj",
            f"{forward}0": "final_layer_norm",
            f"{forward}1.net.0.0": "fc1",
            f"{forward}1.net.2": "fc2",
        }
        for theirs, name in pairs.items():
            for kind in ("weight", "bias"):
                if f"{ours}{name}.{kind}" in state:
                    made[f"{theirs}.{kind}"] = state[f"{ours}{name}.{kind}"]
    return {f"cond_stage_model.transformer.{key}": value for key, value in made.items()}


@torch.no_grad()
def test_same_embedding_as_the_official_encoder():
    from figbench_figgen.official import _text

    oracle, ours = official_text(0), build_text(TEXT).eval()
    made = _text(
        {key: one for key, one in official_keys(oracle).items() if "to_logits" not in key}, ours
    )
    ours.load_state_dict(made)
    ids = torch.randint(0, 100, (2, 20), generator=torch.Generator().manual_seed(1))
    expected = oracle.model(ids)[0]
    error = (ours(ids)[0] - expected).norm() / expected.norm()
    assert error < 1e-5


def test_unused_parameters_are_frozen_zeros():
    encoder = build_text(TEXT)
    frozen = {name for name, one in encoder.named_parameters() if not one.requires_grad}
    assert frozen == {name for name, _ in encoder.named_parameters() if is_unused(name)}
    assert len(frozen) == 3 * TEXT.layers + 2
    assert all(not one.any() for name, one in encoder.named_parameters() if name in frozen)


def test_trained_vocabulary_is_deterministic_and_small():
    captions = ["A red box labelled CNN", "then a blue circle labelled Dec"]
    first = train_tokenizer(captions, 60)
    for _ in range(5):  # the trainer's own order changes from call to call
        assert train_tokenizer(captions[::-1], 60).get_vocab() == first.get_vocab()
    assert len(first) <= 60
    assert len(train_tokenizer(captions, 20)) <= 20
    assert first.decode(first("a red circle")["input_ids"][1:-1]) == "a red circle"


def test_cut_captions_keep_their_end_token():
    tokenizer = train_tokenizer(["a red box"], 60)
    tokens = tokenize(tokenizer, ["red", "red " * 50], 8)
    assert tokens.truncated == (1,)
    assert tokens.ids[1, -1] == tokenizer.sep_token_id
    assert tokens.mask.sum(dim=1).tolist() == [3, 8] or tokens.mask[1].all()
    assert tokens.ids[0, 0] == tokenizer.cls_token_id


def test_vocabularies_that_do_not_fit(tmp_path):
    with pytest.raises(UserError, match=r"no vocab\.txt"):
        make_tokenizer(TEXT.model_copy(update={"tokenizer": str(tmp_path)}), [])
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *(f"w{i}" for i in range(200))]
    (tmp_path / "vocab.txt").write_text("\n".join(pieces) + "\n")
    with pytest.raises(UserError, match="205 pieces"):
        make_tokenizer(TEXT.model_copy(update={"tokenizer": str(tmp_path)}), [])
    fitting = TEXT.model_copy(update={"tokenizer": str(tmp_path), "vocab_size": 205})
    tokenizer, where = make_tokenizer(fitting, [])
    assert tokenizer("w7")["input_ids"] == [2, 12, 3]
    assert where == str(tmp_path)


def test_without_bert_a_vocabulary_is_trained_and_said(monkeypatch, tmp_path):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setattr("figbench_figgen.tokens.BERT", str(tmp_path / "absent"))
    _, where = make_tokenizer(TEXT, ["a red box"])
    assert where.startswith("WordPiece trained on the captions (")
