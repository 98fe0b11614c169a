"""Claims on the share of Gaussian coordinates, a module for each subject: every one declares `CLAIMS`."""
