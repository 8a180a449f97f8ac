"""Rare link layers: what scapy takes apart is read as any other packet."""

from __future__ import annotations

from pathlib import Path

from foreign_files import dns_query, of_kind, pcap, udp, written
from hypothesis import given, settings
from hypothesis import strategies as st
from scapy.layers import dot11, inet, l2

from analyzer.models import Event, Problem
from analyzer.readers.pcap import PcapReader
from analyzer.readers.pcap_files import Frame
from analyzer.readers.pcap_odd import ip_inside


def test_names_in_wifi_frames_are_read_as_any_other(tmp_path: Path) -> None:
    wifi = (
        dot11.Dot11(type=2, subtype=0, addr1="02:00:00:00:00:01", addr2="02:00:00:00:00:02")
        / l2.LLC(dsap=0xAA, ssap=0xAA, ctrl=3)
        / l2.SNAP(OUI=0, code=0x0800)
        / inet.IP(udp("10.0.0.2", 40000, "10.0.0.53", 53, dns_query("wifi.example")))
    )
    path = written(tmp_path / "wifi.pcap", pcap(bytes(wifi), b"wifi", link=105))
    records = list(PcapReader().read(path))
    assert "wifi.example" in {each.host for each in of_kind(records, Event)}
    assert [each.code for each in of_kind(records, Problem)] == ["unknown_link"]


@given(st.binary(max_size=200), st.sampled_from([105, 127, 192, 119, 163, 50, 7]))
@settings(max_examples=60, deadline=None)
def test_no_frame_of_a_rare_link_makes_scapy_fail(data: bytes, link: int) -> None:
    found = ip_inside(Frame(link, 0.0, data, len(data)))
    assert found is None or found.link == 101
