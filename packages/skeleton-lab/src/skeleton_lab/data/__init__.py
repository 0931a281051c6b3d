"""Clips of a recipe: opened, divided into training, validation and test, and prepared alike everywhere."""
