"""What every spreadsheet file has, whoever wrote it: references, cell values, the zip, the package's parts."""
