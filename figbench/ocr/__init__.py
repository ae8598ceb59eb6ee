"""Text readers behind one interface."""
