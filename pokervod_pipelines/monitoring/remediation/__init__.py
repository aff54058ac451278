"""Put right what can be put right without a person: a few kinds of actions, each on a budget, each one measured."""
