"""The workbook that is issued: written once a form, prefilled, locked and identified for each project."""
