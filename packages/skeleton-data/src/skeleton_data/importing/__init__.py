"""From a data set in any format to a store."""
