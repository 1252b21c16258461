"""The shipped instruments, value sets and crosswalks: one file each, with its source."""
