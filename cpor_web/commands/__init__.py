"""What an operator does from a shell, a module for each group of commands of `cpor`."""
