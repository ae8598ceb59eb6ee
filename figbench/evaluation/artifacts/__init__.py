"""Files of a run: writing the output folder, reading it back, provenance.

``result.json`` is written last, so its presence means that the run is complete.
"""
