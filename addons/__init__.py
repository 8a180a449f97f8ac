"""What runs inside mitmproxy while the phone talks: recording, and nothing that judges."""
