# The reverse proxy the gateway is measured beside, and the client that finds the highest rate of both.
debian haproxy wrk
