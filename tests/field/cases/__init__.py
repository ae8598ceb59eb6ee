"""The cases of the field tests, by kind."""
