# What the files under deploy are checked by: Prometheus' promtool, and Kubernetes' own schemas.
debian prometheus
python_environment kubernetes-schemas deploy/check/requirements.txt
