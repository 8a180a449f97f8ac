"""Where a phone was: claimed by the study, measured, and seen in the traffic.

`exits` asks offline databases for the country of an address, `measured` and `evidence` turn what
was recorded into `RegionFact`s, and `verdict` says what they prove.
"""
