"""Objections of dealers to acts on their money or goods, and the answers."""
