"""The settlement as a workbook that recomputes it: formulas, the cells they stand in, and the file."""
