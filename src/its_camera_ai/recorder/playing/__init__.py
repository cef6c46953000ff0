"""Recordings played and searched: playlists, pictures, time lines."""
