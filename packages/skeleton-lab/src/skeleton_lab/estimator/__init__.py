"""The engine in the manners of scikit-learn: an estimator is fitted on arrays and predicts."""
