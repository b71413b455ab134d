# Debian's Prometheus, for the observer. Its service is not wanted: tests start their own.
if ! command -v prometheus >/dev/null; then
  debian prometheus
  [ ! -d /run/systemd/system ] || systemctl disable --quiet --now prometheus
fi
