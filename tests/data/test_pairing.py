"""Which figure answers which reference: exact ids, bare names, k samples, nothing lost."""

from hypothesis import given
from hypothesis import strategies as st

from figbench.data.pairing import pair
from figbench.data.types import Figure, Reject


def figure(figure_id, sample=0):
    return Figure(figure_id, sample, f"{figure_id}_{sample}.png", f"{figure_id}{sample}", 9, 9)


def figures(*names):
    return [figure(*name.split("#")[:1], int(([*name.split("#"), "0"])[1])) for name in names]


def keys(rows):
    return [(row.reference.figure_id, row.sample) for row in rows]


def test_exact_ids_with_missing_and_extra():
    pairing = pair(figures("b", "z", "a"), figures("a", "b", "c"))
    assert keys(pairing.pairs) == [("a", 0), ("b", 0), ("c", 0)]
    assert keys(pairing.missing) == [("c", 0)]
    assert [one.figure_id for one in pairing.extra] == ["z"]
    assert pairing.samples_per_prompt == 1
    assert pairing.notes == ()


def test_k_samples_with_a_hole_and_too_many():
    offered = figures("a#0", "a#1", "a#2", "b#0", "b#2", "c#0", "c#1", "c#2", "c#3")
    pairing = pair(offered, figures("a", "b", "c"), samples_per_prompt=3)
    assert keys(pairing.missing) == [("b", 1)]
    assert [(one.figure_id, one.sample) for one in pairing.extra] == [("c", 3)]
    assert pair(offered, figures("a", "b", "c")).samples_per_prompt == 4


def test_ids_are_exact_about_zeros_and_case():
    pairing = pair(figures("fig1", "Fig-01"), figures("fig01", "fig-01"))
    assert len(pairing.extra) == 2


def test_bare_names_after_exact_ids():
    offered = figures("run/a.png", "b.PNG", "c", "v1.5")
    pairing = pair(offered, figures("a", "b", "c", "v1.5"))
    assert pairing.missing == ()
    assert pairing.extra == ()
    assert "2 ids were matched by their bare name" in pairing.notes[0]


def test_an_ambiguous_bare_name_matches_nothing():
    pairing = pair(figures("a"), figures("x/a", "y/a"))
    assert len(pairing.missing) == 2
    assert len(pairing.extra) == 1


def test_rejected_files_count_towards_k():
    """A model whose second sample never decodes still owes two samples per prompt."""
    offered = figures("a#0", "b#0")
    rejects = [Reject("a_1.png", "truncated", "cut", "a", 1), Reject("x", "hidden", "hidden")]
    pairing = pair(offered, figures("a", "b"), rejects=rejects)
    assert pairing.samples_per_prompt == 2
    assert keys(pairing.missing) == [("a", 1), ("b", 1)]


def test_repeated_reference_ids_are_said():
    pairing = pair(figures("a"), [*figures("a"), *figures("a#1")])
    assert len(pairing.pairs) == 1
    assert pairing.pairs[0].reference.sample == 0
    assert "1 references repeat an id" in pairing.notes[0]


def test_nothing_offered():
    pairing = pair([], figures("a", "b"))
    assert len(pairing.missing) == 2


identities = st.lists(
    st.tuples(st.sampled_from("abcdef"), st.integers(0, 4)), unique=True, max_size=20
)


@given(identities, st.sets(st.sampled_from("abcdxy"), min_size=1), st.none() | st.integers(1, 4))
def test_every_figure_is_in_a_row_or_extra(offered, wanted, k):
    generated = [figure(name, sample) for name, sample in offered]
    reference = [figure(name) for name in sorted(wanted)]
    pairing = pair(generated, reference, k)
    used = [row.generated for row in pairing.pairs if row.generated is not None]
    assert sorted(map(repr, [*used, *pairing.extra])) == sorted(map(repr, generated))
    assert len(pairing.pairs) == len(reference) * pairing.samples_per_prompt
    assert len(set(keys(pairing.pairs))) == len(pairing.pairs)
    assert pair(generated[::-1], reference, k).pairs == pairing.pairs
