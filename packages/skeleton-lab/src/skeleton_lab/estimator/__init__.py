"""The engine with the interface of scikit-learn: an estimator is fitted on arrays and predicts."""
