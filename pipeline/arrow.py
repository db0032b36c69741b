"""Arrow without pandas; imported for that alone, before the first array is made.

Arrow asks of its first array whether it is one of pandas, and imports pandas for that wherever it is installed: 0.25 s and 45 MB in
every process, and no stage has such an array. What needs pandas (``to_pandas``) still finds it; only a ``pandas.Series`` that is handed
to ``pa.array`` before that is taken for any other sequence.
"""

import sys
from importlib.abc import MetaPathFinder

import pyarrow as pa


class _NoPandas(MetaPathFinder):
    """Says that pandas is not there."""

    def find_spec(self, name: str, *_: object) -> None:
        if name == "pandas":
            raise ModuleNotFoundError(name)


if "pandas" not in sys.modules:
    finder = _NoPandas()
    sys.meta_path.insert(0, finder)
    try:
        pa.array([None])
    finally:
        sys.meta_path.remove(finder)
