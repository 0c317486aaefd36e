"""The figures of weeks, areas and partners: counted once a day, and put together from that."""
