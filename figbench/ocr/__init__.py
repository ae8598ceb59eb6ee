"""OCR engines behind one interface; importing this loads no network.

The package is callable: ``figbench.ocr("rapidocr")(images)``; see
:func:`figbench.ocr.function.ocr`.
"""

from figbench.callables import make_callable
from figbench.ocr.catalog import engine_info, engines, load_engine

__all__ = ["engine_info", "engines", "load_engine"]

make_callable(__name__, "figbench.ocr.function:ocr")
