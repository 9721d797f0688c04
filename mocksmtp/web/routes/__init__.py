"""The routes of the HTTP port, one file a resource."""
