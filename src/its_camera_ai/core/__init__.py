"""Pure types and maths that every other room speaks in. No I/O; imports nothing of ours."""
