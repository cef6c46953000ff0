"""How the weights of ``moving-objects`` come about; see ``bench/train_moving_network.py``."""
