"""The steps of the daily story, each gathering, deciding and applying; `pipeline` tells their order."""
