"""Speed measured against peers in the same run, and published settlements computed again."""
