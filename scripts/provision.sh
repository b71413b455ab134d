#!/usr/bin/env bash
# Installs what the integration tests need beside Node: Python packages into a virtual environment. Safe to run twice.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

venv=.venv
if ! command -v python3 >/dev/null; then
  echo "provision: python3 is missing; install it (Debian: apt-get install python3 python3-venv)" >&2
  exit 1
fi
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -r scripts/requirements.txt
echo "provision: $("$venv/bin/python" --version) in $venv, with $(grep -c . scripts/requirements.txt) packages"
