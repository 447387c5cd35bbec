"""What runs beside the chip: Nengo's operators on all lanes at once, their data and probes."""
