"""How often triage is right: on invented texts in all languages of the codebook.

`texts.csv` was written by ourselves, in three sets. "first" was there when the terms were chosen.
"second", full of what says it otherwise, was written against these terms (they found 3 of its 60
harmful texts), and then the terms were bettered by it. "unseen" was written after that, and no term
was changed since: only its figures say something about other texts. All are invented by the same
hand and reviewed by no native speaker; a real feed says it in more ways. A study's own codes tell
how often triage is right there: `evenhand feed code agreement`.
"""
