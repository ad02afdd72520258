"""What is judged of a submission: one module a family, one function a rule."""
