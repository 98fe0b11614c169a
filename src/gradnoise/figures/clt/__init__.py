"""Figures of the clt stage."""
