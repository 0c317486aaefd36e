"""What tests are played against: real servers that can be told to misbehave."""
