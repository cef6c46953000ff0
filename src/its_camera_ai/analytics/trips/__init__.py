"""One road user, one movement: turning movements and the origin–destination matrix."""
