"""Running the thing: settings, logging, supervision."""
