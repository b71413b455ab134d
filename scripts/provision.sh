#!/usr/bin/env bash
# Installs what integration tests and some benchmarks need beside Node: Debian packages, and Python packages in virtual
# environments under .provisioned. Safe to run twice: what is there already is left alone.
#
#   scripts/provision.sh           all parts
#   scripts/provision.sh peers     one part: scripts/provision/peers.sh
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
mkdir -p .provisioned

say() { echo "provision: $*" >&2; }

# debian PACKAGE...: installs those that are missing.
debian() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    say "${missing[*]}: missing, and there is no apt-get; install them with your package manager"
    return 1
  fi
  say "installing ${missing[*]}"
  [ -n "${indexed:-}" ] || apt-get update -qq
  indexed=yes
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
}

# python_environment NAME REQUIREMENTS [venv option...]: .provisioned/NAME holds what the requirements file lists, under
# $python or the first Python there is.
python_environment() {
  local folder=".provisioned/$1" requirements=$2 stamp
  shift 2
  "${python:-python3}" -c 'import venv, ensurepip' 2>/dev/null || debian python3 python3-venv
  stamp=$(sha256sum "$requirements" | cut -d' ' -f1)
  [ "$(cat "$folder/.stamp" 2>/dev/null)" != "$stamp" ] || return 0
  say "making $folder"
  rm -rf "$folder"
  "${python:-python3}" -m venv "$@" "$folder"
  "$folder/bin/python" -m pip install --quiet --disable-pip-version-check -r "$requirements"
  echo "$stamp" >"$folder/.stamp"
}

parts=("$@")
[ ${#parts[@]} -gt 0 ] || mapfile -t parts < <(basename -a -s .sh scripts/provision/*.sh)
for part in "${parts[@]}"; do
  if [ ! -f "scripts/provision/$part.sh" ]; then
    say "$part: expected one of $(basename -a -s .sh scripts/provision/*.sh | tr '\n' ' ')"
    exit 2
  fi
  # shellcheck source=/dev/null
  . "scripts/provision/$part.sh"
done
