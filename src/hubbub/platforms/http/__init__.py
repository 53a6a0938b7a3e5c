"""Requests over HTTP as a platform: accepted, kept and answered like messages of any other."""
