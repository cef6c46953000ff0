"""Taking a port, or saying at once why it can't be had."""

import socket

from its_camera_ai.core.errors import ConfigInvalid


def listening_socket(host: str, port: int) -> socket.socket:
    """Bind before anything else is started, so that a port in use is told at once.

    Raises:
        ConfigInvalid: the port is taken, or may not be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ConfigInvalid(
            f"The dashboard can't listen on {host}:{port} ({(error.strerror or 'error').lower()}); "
            "stop the other program, or choose another port with ITSCAM_HTTP_PORT."
        ) from None
    return listener
