"""The cloud teacher: any model behind the OpenAI API writes requests, and carries them out on the real tools."""
