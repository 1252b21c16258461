"""Definitions that come with Meetlat: value sets, and sets of definitions to start a registry with."""
