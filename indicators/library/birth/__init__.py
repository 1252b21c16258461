"""Birth care in maternity networks (VSVs): definitions, and records generated to show them with."""
