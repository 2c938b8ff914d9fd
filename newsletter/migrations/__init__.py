"""The history of all tables, people's included."""
