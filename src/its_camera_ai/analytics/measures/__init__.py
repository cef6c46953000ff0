"""The measures of traffic engineering as pure functions, each with the source of its formula."""
