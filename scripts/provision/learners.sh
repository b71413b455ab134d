# Stable-Baselines3 on Debian's PyTorch: PyPI's brings gigabytes of libraries for GPUs. Debian numbers its build in a way
# that pip takes for an older one, so Stable-Baselines3 goes in without its dependencies, which the list names instead.
debian python3-torch python3-venv
python=/usr/bin/python3 python_environment learners test/integration/learners/requirements.txt --system-site-packages
.provisioned/learners/bin/python -c 'import stable_baselines3' 2>/dev/null ||
  .provisioned/learners/bin/python -m pip install --quiet --disable-pip-version-check --no-deps stable-baselines3==2.4.1
