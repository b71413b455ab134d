# A Triton server from a Python wheel: CPU, Python backend. Its stub for Python 3.11 is what Debian 12's libpython serves.
debian libpython3.11
PIP_NO_DEPS=1 python_environment triton scripts/provision/triton.txt
