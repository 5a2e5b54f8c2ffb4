#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Bootstrap action of Amazon EMR: puts the jars and the Python package on a node. Nothing is compiled.
# usage: bootstrap.sh S3_FOLDER [PYTHON]
# S3_FOLDER holds what `./dev jar` and `./dev wheel` make, for both processors; PYTHON is that of PySpark (python3).
# It runs before Spark is installed, so the jars get a folder of their own, which spark.jars names.
set -euo pipefail

if [ $# -lt 1 ] || [ $# -gt 2 ]; then
  echo "usage: bootstrap.sh S3_FOLDER [PYTHON]" >&2
  exit 2
fi
from=${1%/}
python=${2:-python3}
folder=${BIOANALYTICS_FOLDER:-/opt/bioanalytics}

give_up() {
  echo "bootstrap.sh: $*" >&2
  exit 1
}

sudo mkdir -p "$folder"
sudo aws s3 cp --recursive --only-show-errors --exclude '*' --include '*.jar' --include '*.whl' "$from/" "$folder/"
for name in bioanalytics-java bioanalytics-spark bioanalytics; do
  compgen -G "$folder/$name-[0-9]*" >/dev/null ||
    give_up "there is no $name in $from: expected the files of ./dev jar and ./dev wheel"
done

"$python" -m pip --version >/dev/null 2>&1 || sudo "$python" -m ensurepip || give_up "$python has no pip"
# pip takes the wheel of this processor; NumPy, if the node has none, from S3 where its wheel is there, else from PyPI.
sudo "$python" -m pip install --quiet --find-links "$folder" bioanalytics
"$python" -c 'import bioanalytics; print("bioanalytics", bioanalytics.build_info()["package"])' ||
  give_up "the package cannot be loaded by $python"
sudo chmod -R a+rX "$folder"
