"""Estimators and transformers of scikit-learn."""
