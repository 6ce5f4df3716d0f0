"""Sources that go on: followed files, streams, and servers that are sent to."""
