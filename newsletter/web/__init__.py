"""The site: people's pages, the home page, health, and the demo's mailbox."""
