"""Images that figbench itself draws from other images, such as contact sheets.

Used by the demo, sweeps and reports.
"""
