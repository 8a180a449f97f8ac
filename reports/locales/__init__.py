"""The catalogues of the reports' languages, and what keeps them up to date."""
