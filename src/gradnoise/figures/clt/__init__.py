"""Figures of the clt stage: pass rates foretold, B*, third moments, the bound. Imports clt, tables and store."""
