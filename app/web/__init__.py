"""The staff pages, the owner's page and the open calculators, rendered on the server."""
