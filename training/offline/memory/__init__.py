"""What people ask an assistant to remember, to recall and to forget."""
