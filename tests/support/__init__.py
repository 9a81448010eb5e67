"""What tests share: fakes for the clock, the classifier and a store that fails, and speech."""
