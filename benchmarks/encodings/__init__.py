"""Are seeded values found, however they are written, and nothing else?

Fourteen seeded identifiers are written in all the ways of `transformations`, each plainly and
inside one to four random layers (`layers`), and sent in random places of a request (`carriers`);
then 100,000 values that are no seeded ones (`decoys`) are sent. All of it is written here with the
standard library alone, and knows nothing of the search that it measures.
"""
