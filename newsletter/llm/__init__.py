"""Language models that are asked by OpenAI's chat protocol. Nothing they say is believed here."""
