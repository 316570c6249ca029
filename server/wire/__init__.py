"""The OpenAI wire: requests in, frozen values out; events in, chunks or a whole answer out."""
