"""HTML pages: templates, rendering under a strict policy, and parts that several pages share.

Used by the leaderboard and by reports; every page is one file that needs no network.
"""
