"""Text readers behind one interface; importing this loads no network."""

from figbench.ocr.catalog import engine_info, engines, load_engine

__all__ = ["engine_info", "engines", "load_engine"]
