#!/usr/bin/env bash
# Installs what tests and benchmarks need beside Node: Python with its venv module, from Debian. Safe to run twice.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if ! python3 -c 'import venv, ensurepip' 2>/dev/null; then
  echo "provision: installing python3 and its venv module" >&2
  if ! command -v apt-get >/dev/null; then
    echo "provision: python3 with venv is missing, and there is no apt-get; install it with your package manager" >&2
    exit 1
  fi
  apt-get update -qq
  apt-get install -y -qq python3 python3-venv
fi
echo "provision: $(python3 --version)"
