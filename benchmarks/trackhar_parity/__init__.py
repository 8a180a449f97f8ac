"""TrackHAR beside this program, on any HAR file: what it finds, do we find it as well?"""
