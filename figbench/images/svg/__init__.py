"""SVG before it is drawn: styles, colours, references."""
