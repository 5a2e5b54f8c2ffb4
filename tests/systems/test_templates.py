# SPDX-License-Identifier: MIT
"""What is written for AWS: as far as it can be checked without an account."""

import subprocess
import sys
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parents[2] / "examples" / "deploy"


def test_cloudformation_is_clean():
    found = sorted(path for path in TEMPLATES.glob("*.yaml") if "AWSTemplateFormatVersion" in path.read_text())
    linted = subprocess.run([Path(sys.executable).with_name("cfn-lint"), *found], capture_output=True, text=True)
    assert found and linted.returncode == 0, linted.stdout
