"""What a score is worth: contracts, quality scores and settlements. Pure: no database, no web."""
