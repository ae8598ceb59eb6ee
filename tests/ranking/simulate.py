"""Votes drawn from Davidson's model, with strengths that vary by paper."""

import numpy as np

from figbench.ranking import Vote


def simulate(strengths, papers, per_pair, rng, *, spread=0.0, tie=0.0):
    """One prompt a paper; each pair gets ``per_pair`` votes on it, with a shift of the paper."""
    names = [f"m{i}" for i in range(len(strengths))]
    votes = []
    for paper in range(papers):
        shifted = np.asarray(strengths) + rng.normal(size=len(strengths)) * spread
        for i in range(len(names)):
            for j in range(i + 1, len(names)):
                gap = shifted[i] - shifted[j]
                odds = np.array([np.exp(gap / 2), np.exp(-gap / 2), tie])
                for k in range(per_pair):
                    winner = int(rng.choice(3, p=odds / odds.sum()))
                    a, b = (i, j) if k % 2 == 0 else (j, i)
                    name = (
                        "tie" if winner == 2 else "first" if (winner == 0) == (a == i) else "second"
                    )
                    votes.append(Vote(f"p{paper}", f"p{paper}", names[a], names[b], name, f"r{k}"))
    return votes
