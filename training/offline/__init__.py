"""The offline teacher: requests from a bank of hand-written phrasings, carried out as planned on the real servers."""
