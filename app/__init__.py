"""Who sees it: the command line, the pages and the API, three thin faces over one registry."""
