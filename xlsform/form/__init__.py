"""The definition of an official form: its template, fields, formulas, layout, and whether all that is sound."""
