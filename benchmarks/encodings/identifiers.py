"""The seeded identifiers: what a persona of a study would have; none exists anywhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Identifier:
    """A seeded value: what it is, its kind (which decides its spellings), its data type."""

    name: str
    kind: str
    data_type: str
    text: str


IDENTIFIERS: Final = (
    Identifier("e-mail", "email", "person.email", "Wanjiku.Njeri+kids@gmail.com"),
    Identifier("phone", "phone", "person.phone", "+254712345678"),
    Identifier("birth date", "date", "demo.birthdate", "2013-04-05"),
    Identifier("coordinates", "place", "loc.precise", "-1.283412,36.816745"),
    Identifier("advertising ID", "uuid", "id.advertising", "7c1f0a52-93de-4b1c-8a5e-6f2d41b09e33"),
    Identifier("Android ID", "hex", "id.device", "c8d14b9f03a57e62"),
    Identifier("IMEI", "imei", "id.device", "352099001761481"),
    Identifier("MAC", "mac", "id.mac", "5e:0a:1f:c7:04:b9"),
    Identifier("SSID", "text", "loc.wifi_cell", "Njeri Home 5G"),
    Identifier("name", "name", "person.name", "Wanjikũ Njeri"),
    Identifier("username", "username", "person.username", "wanjiku_q7kz"),
    Identifier("address", "address", "person.address", "12 Kenyatta Avenue, Nairobi 00100"),
    Identifier("contact", "email", "soc.contacts", "otieno.ouma@mail.example"),
    Identifier("search term", "text", "beh.search", "purple velociraptor plushie"),
)
