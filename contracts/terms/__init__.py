"""What parties can agree, one section of the contract file per module."""
