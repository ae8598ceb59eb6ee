"""Reference models: what figbench measures against; figbench never imports them."""
