"""The database: engine, tables, and one file per concept that reads and writes them."""
