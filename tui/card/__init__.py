"""The run card: one run's result to keep and to show, as a picture and as a text that is a plan file too."""
