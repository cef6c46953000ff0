"""Messages between the processes of one site, and the port that carries them."""
