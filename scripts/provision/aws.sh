# Moto, which answers as AWS does; of its extras only what its server and the services asked here need.
python_environment aws scripts/provision/aws.txt
