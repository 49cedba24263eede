"""Record the verdicts of every model's validation file in the package, for `autologue models NAME`.

Run it after a model or its validation changes: `python validation/_record.py`. A test refuses a record whose models have changed since.
"""

import importlib.util
import json
import sys
from pathlib import Path

from autologue import __version__, library
from autologue.engine.describe import fingerprint
from autologue.engine.system import lower

HERE = Path(__file__).resolve().parent
TARGET = HERE.parent / "src" / "autologue" / "qualify" / "verdicts.json"


def claims(path):
    """Return the claims of one validation file."""
    sys.path.insert(0, str(HERE))
    spec = importlib.util.spec_from_file_location(f"validation_{path.stem}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [{**row, "note": row.get("note", "")} for row in module.checks()]


if __name__ == "__main__":
    record = {"autologue": __version__, "files": {}, "models": {}}
    for name in library.names():
        model = library.load(name)
        record["models"][name] = {"fingerprint": fingerprint(lower(model)), "file": model.validation}
        if model.validation not in record["files"]:
            record["files"][model.validation] = claims(HERE.parent / model.validation)
            print(model.validation, len(record["files"][model.validation]))
    TARGET.write_text(json.dumps(record, indent=1) + "\n")
