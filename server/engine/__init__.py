"""One engine protocol for all that decodes: vLLM in process, and a scripted engine for tests."""
