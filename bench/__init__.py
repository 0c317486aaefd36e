"""How fast the program is, told as a ratio to the limit of the same machine in the same minute. `python -m bench`."""
