"""The settlement as a document that a board can read and sign."""
