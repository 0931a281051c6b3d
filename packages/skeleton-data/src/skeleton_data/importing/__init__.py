"""From a data set in any format to a store: upright, complete, in the joints of one layout."""
