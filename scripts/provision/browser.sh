# The browser the dashboard is tried in.
debian chromium fonts-dejavu-core
