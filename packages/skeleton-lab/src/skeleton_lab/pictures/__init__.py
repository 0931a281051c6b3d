"""Pictures of reconstructions, attention and embeddings."""
