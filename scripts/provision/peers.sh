# The simulators ours is timed and checked against.
python_environment peers bench/peers/requirements.txt
