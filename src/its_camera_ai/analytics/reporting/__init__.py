"""Daily and study reports with the plots that a traffic engineer expects."""
