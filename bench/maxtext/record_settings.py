"""Writes the names of every setting of the installed MaxText, a line each: `PYTHON bench/maxtext/record_settings.py > test/fixtures/maxtext-settings.txt`.

Names are those of `configs/base.yml` and of the fields of `configs/types.py`; the first line says the version.
"""

import importlib.util
import os
import re
from importlib import metadata

configs = os.path.join(os.path.dirname(importlib.util.find_spec("maxtext").origin), "configs")
names: set[str] = set()
for name, pattern in (("base.yml", r"^([A-Za-z_][A-Za-z0-9_]*):"), ("types.py", r"^  ([a-z_][A-Za-z0-9_]*): ")):
    with open(os.path.join(configs, name)) as file:
        names.update(re.findall(pattern, file.read(), re.M))
print(f"# MaxText {metadata.version('maxtext')}")
print("\n".join(sorted(names)))
