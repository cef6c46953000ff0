#!/usr/bin/env bash
# Writes requirements.lock anew from pyproject.toml: every package of the product, its tests and its
# build, with hashes and for every platform. Give package names to raise only these.
set -euo pipefail
cd "$(dirname "$0")/.."

uv=.cache/uv
[[ -x $uv/bin/uv ]] || { python3 -m venv "$uv" && "$uv/bin/pip" install --quiet uv; }

arguments=()
for package in "$@"; do arguments+=(--upgrade-package "$package"); done
(($#)) || arguments+=(--upgrade)

# trackeval asks for OpenCV with windows, which takes the place of the headless build and needs libGL;
# the headless build serves it as well.
overrides=$(mktemp)
trap 'rm -f "$overrides"' EXIT
echo "opencv-python; sys_platform == 'never'" >"$overrides"

printf 'hatchling\neditables\n' |
  "$uv/bin/uv" pip compile pyproject.toml - --group dev --output-file requirements.lock \
    --universal --python-version 3.11 --generate-hashes --quiet \
    --override "$overrides" \
    --no-emit-index-url --no-emit-find-links --no-annotate --no-header "${arguments[@]}"
sed -i '1i # Made by tools/lock.sh from pyproject.toml; change it there and run `make lock`.' \
  requirements.lock
