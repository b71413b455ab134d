# A real API server, with etcd: the part of Kubernetes that serves custom resources, which builds in a fraction of the
# time of all of it.
if ! command -v etcd >/dev/null; then
  debian etcd-server
  [ ! -d /run/systemd/system ] || systemctl disable --quiet --now etcd
fi
debian openssl
kubernetes_version=v0.37.2
if [ "$(cat .provisioned/kubernetes/.stamp 2>/dev/null)" != "$kubernetes_version" ]; then
  command -v go >/dev/null || { say "go: missing; install Go 1.26 or later"; exit 1; }
  say "building .provisioned/kubernetes"
  mkdir -p .provisioned/kubernetes
  GOBIN="$PWD/.provisioned/kubernetes" go install -trimpath -ldflags "-s -w" "k8s.io/apiextensions-apiserver@$kubernetes_version"
  echo "$kubernetes_version" >.provisioned/kubernetes/.stamp
fi
