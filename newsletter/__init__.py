"""The daily run: collect, match, compose, render, deliver."""
