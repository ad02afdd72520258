"""A workbook that came back, as the rules see it: which form it is, where its rows went, what stands in its fields."""
