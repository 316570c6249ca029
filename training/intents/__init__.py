"""Hand-written intents: a folder for each toolset, and what stands around requests of any kind."""
