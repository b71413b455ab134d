# Ray Serve with its dashboard, whose REST interface the adapter speaks.
python_environment ray scripts/provision/ray.txt
