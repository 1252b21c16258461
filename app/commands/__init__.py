"""The commands of `meetlat`, by subject; each parses and prints, and the registry does the work."""
