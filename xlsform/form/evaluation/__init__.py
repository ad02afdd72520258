"""What a form's own formulas give for the values that were typed."""
