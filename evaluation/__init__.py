"""Tasks, judges, ablations, peers and benchmarks: what the adapters are worth."""
