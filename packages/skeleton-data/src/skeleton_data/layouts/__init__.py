"""Skeleton layouts: joints, parents, sides; and from one layout to another."""
