"""Unit maps in parts that fit a cache, and their bytes."""

import pyarrow as pa
import torch

from figbench.features.networks.embeddings import EPS, distance, embed, from_bytes, to_bytes


def maps(seed):
    rng = torch.Generator().manual_seed(seed)
    wide = torch.randn(1, 640, 40, 70, generator=rng).to(memory_format=torch.channels_last)
    wide[:, :, 3:20] = 0
    return [torch.randn(1, 1024, 3, 300, generator=rng), wide]


def test_parts_of_maps_give_the_values_of_whole_maps():
    first, second = maps(1), maps(2)
    units = []
    for values, unit in zip(first + second, embed(first) + embed(second), strict=True):
        whole = values[0].permute(1, 2, 0)
        expected = whole / (torch.linalg.vector_norm(whole, dim=-1, keepdim=True) + EPS)
        torch.testing.assert_close(unit, expected, rtol=1e-6, atol=0)
        assert unit.is_contiguous()
        units.append(expected.double())
    expected = sum(
        (a - b).square().sum(-1).mean() for a, b in zip(units[:2], units[2:], strict=True)
    )
    torch.testing.assert_close(
        torch.tensor(distance(embed(first), embed(second)), dtype=torch.float64),
        expected,
        rtol=1e-6,
        atol=0,
    )


def test_bytes_give_the_same_embedding_and_those_of_any_level_are_read():
    embedding = embed(maps(1))
    payload = to_bytes(embedding)
    header, _, data = payload.partition(b"\n")
    size = sum(4 * values.numel() for values in embedding)
    raw = pa.Codec("zstd").decompress(data, size, asbytes=True)
    other = pa.Codec("zstd", compression_level=1).compress(raw, asbytes=True)
    for stored in (payload, header + b"\n" + other):
        for values, read in zip(embedding, from_bytes(stored), strict=True):
            assert torch.equal(values, read)
