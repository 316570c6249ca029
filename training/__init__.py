"""Decoupled fine-tuning: trajectories, labelled examples, and the trainer that makes adapters of them."""
