"""To import this is to load what a process that extracts needs: done once, before forking them."""

from analyzer.frames.piecework import warm_up

warm_up()
