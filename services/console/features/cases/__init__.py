"""Cases: the file of an incident."""
