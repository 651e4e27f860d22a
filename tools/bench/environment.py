"""The virtual environment of the reference: pinned, and created when it is first needed."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from processes import Failed

TOOLS = Path(__file__).resolve().parents[1]
REQUIREMENTS = TOOLS / "requirements-goldens.txt"


def reference_python():
    """Returns the Python that has transformers: HIES_REFERENCE_PYTHON where it is set, else that of build/bench-venv."""
    given = os.environ.get("HIES_REFERENCE_PYTHON")
    if given:
        if not Path(given).exists():
            raise Failed(f"HIES_REFERENCE_PYTHON is {given}, which is not there")
        return given
    folder = TOOLS.parent / "build/bench-venv"
    python, stamp = folder / "bin/python", folder / "requirements.sha256"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()
    if not (stamp.exists() and stamp.read_text() == wanted):
        print(f"bench: installing Hugging Face transformers and torch into {folder} (about 5 GB)", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary", ":all:", "-r", REQUIREMENTS],
                       check=True)
        stamp.write_text(wanted)
    return str(python)
