"""`import --beside`: what else saw the phone becomes a witness of a session."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import recording
from cli_rig import analysed, done, har_file, mistake, run, told
from foreign_files import PHONE, client_hello, pcap, tcp, tls_record, written
from recording import post, record
from test_readers_netstats import NEW
from test_readers_privacy_report import APP, lines, network

from analyzer.bundle import read_session, verify
from analyzer.readers.bundle import read_events, read_measured
from analyzer.study import load_study

BEGAN = 1_800_000_000.0  # as `record` has it
STATS = NEW.replace("st=1699999200", "st=1799992800").replace("st=1700006400", "st=1800000000")
LAPTOP = "10.0.0.9"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    found = recording.study(tmp_path / "study")
    record(found, "KE-13", 1, [post()], steps=[("use", 5.0)])
    record(found, "DE-13", 1, [post()])
    return found.root


@pytest.fixture
def session(root: Path) -> str:
    [name] = [each.name for each in (root / "captures").iterdir() if each.name.startswith("KE")]
    return name


def greetings(path: Path, *hosts: str, phone: str = PHONE, start: float = BEGAN) -> Path:
    packets = [
        tcp(phone, 40_000 + number, f"203.0.113.{number}", 443, tls_record(client_hello(host)))
        for number, host in enumerate(hosts, 1)
    ]
    return written(path, pcap(*packets, start=start))


def bundle(root: Path, said: str) -> Path:
    return root / "captures" / said.splitlines()[0].rpartition(" -> ")[2]


def hosts(path: Path) -> set[str]:
    return {each.host for each in read_events(path)}


def test_a_capture_becomes_a_witness_of_the_session(
    root: Path, session: str, tmp_path: Path
) -> None:
    file = greetings(tmp_path / "router.pcap", "app.waymark.example", "hidden.example")
    said = done("import", file, "--beside", "KE-13-r01", root=root)
    witness = bundle(root, said)
    assert said == f"router.pcap: 2 of 2 packets -> {witness.name}\n"
    found = read_session(witness)
    assert (found.beside, found.arm.label, found.origin) == (session, "KE-13", "pcap")
    assert verify(witness) == []
    assert hosts(witness) == {"app.waymark.example", "hidden.example"}


def test_only_what_was_at_the_time_of_the_session_is_taken(root: Path, tmp_path: Path) -> None:
    early = greetings(tmp_path / "a.pcap", "early.example", "b.example", start=BEGAN - 31)
    said = done("import", early, "--beside", "KE-13-r01", root=root)
    assert "1 of 1 packets" in said
    assert "  outside: 1 packets are of another time\n" in said
    assert hosts(bundle(root, said)) == {"b.example"}


def test_a_capture_of_another_time_is_refused(root: Path, session: str, tmp_path: Path) -> None:
    file = greetings(tmp_path / "a.pcap", "x.example", start=BEGAN + 90_000)
    line = mistake("import", file, "--beside", "KE-13-r01", root=root)
    assert f"holds nothing of the time of {session}: 1 packets are of another time" in line
    assert "it was recorded from 2027-01-15T08:00:00" in line
    assert len(list((root / "captures").iterdir())) == 2


def test_of_several_devices_the_phone_is_the_one_that_is_named(root: Path, tmp_path: Path) -> None:
    mine = greetings(tmp_path / "mine.pcap", "phone.example").read_bytes()
    other = greetings(tmp_path / "other.pcap", "laptop.example", phone=LAPTOP).read_bytes()
    both = written(tmp_path / "both.pcap", mine + other[24:])
    said = done("import", both, "--beside", "KE-13-r01", root=root)
    assert hosts(bundle(root, said)) == {"phone.example", "laptop.example"}
    assert "  several_devices: all of 10.0.0.9 (75 bytes), 10.0.0.2 (74 bytes) " in said
    assert "are counted: --phone ADDRESS keeps one\n" in said

    again = written(tmp_path / "again.pcap", mine + other[24:] + other[24:])
    said = done("import", again, "--beside", "KE-13-r01", "--phone", PHONE, root=root)
    assert hosts(bundle(root, said)) == {"phone.example"}
    assert "several_devices" not in said

    line = mistake("import", greetings(tmp_path / "c.pcap", "x.example"), "--arm", "KE-13",
                   "--phone", "10.9.9.9", root=root)  # fmt: skip
    assert "holds no packets of 10.9.9.9: name another address" in line
    line = mistake("import", greetings(tmp_path / "d.pcap", "y.example"), "--arm", "KE-13",
                   "--phone", "my phone", root=root)  # fmt: skip
    assert "--phone takes an IP address" in line


def test_netstats_say_what_share_of_the_apps_bytes_was_captured(
    root: Path, session: str, tmp_path: Path
) -> None:
    file = written(tmp_path / "netstats.txt", STATS.encode())
    said = done("import", file, "--beside", "KE-13-r01", "--uid", 10234, root=root)
    witness = bundle(root, said)
    assert "  netstats: 95.7 kB by the app, " in said
    assert said.splitlines()[1].endswith(" bytes captured")
    rows = [(each.topic, each.value, each.source) for each in read_measured(witness)]
    assert rows == [("app_bytes_up", "8700", "netstats"), ("app_bytes_down", "87000", "netstats")]
    assert read_session(witness).beside == session
    assert "read/app_bytes_unseen" in done("analyze", "--jobs", 1, root=root)


def test_json_names_the_session_and_the_share(root: Path, session: str, tmp_path: Path) -> None:
    file = written(tmp_path / "netstats.txt", STATS.encode())
    [found] = told("import", file, "--beside", "KE-13-r01", "--uid", 10234, root=root)
    assert found["beside"] == session
    assert found["share"].startswith("95.7 kB by the app")


def test_a_privacy_report_names_the_apps_domains(root: Path, tmp_path: Path) -> None:
    moment = "2027-01-15T08:00:02.000Z"
    records = [
        network("seen.example", firstTimeStamp=moment, timeStamp=moment),
        network("not-its.example", firstTimeStamp=moment, timeStamp=moment, bundleID="com.x"),
    ]
    file = written(tmp_path / "report.ndjson", lines(*records))
    said = done("import", file, "--beside", "KE-13-r01", "--app", APP, root=root)
    assert hosts(bundle(root, said)) == {"seen.example"}
    assert read_session(bundle(root, said)).origin == "app_privacy_report"
    line = mistake("import", file, "--beside", "DE-13-r01", root=root)
    assert "has no app 'Pebblo', but 2 others: name it by its bundle ID: --app ID" in line


def test_one_file_can_be_a_witness_of_two_sessions_but_of_each_only_once(
    root: Path, tmp_path: Path
) -> None:
    file = greetings(tmp_path / "a.pcap", "x.example")
    done("import", file, "--beside", "KE-13-r01", root=root)
    done("import", file, "--beside", "DE-13-r01", root=root)
    assert "is in the arm already, as KE-13-r02" in mistake(
        "import", file, "--beside", "KE-13-r01", root=root
    )
    done("import", file, "--arm", "KE-13", root=root)


def test_a_witness_takes_no_part_in_a_comparison_and_its_hosts_are_blind_spots(
    root: Path, tmp_path: Path
) -> None:
    file = greetings(tmp_path / "a.pcap", "hidden.waymark.example", "app.waymark.example")
    done("import", file, "--beside", "KE-13-r01", root=root)
    analysed(load_study(root))
    result = run("diff", "KE-13", "DE-13", "--format", "json", root=root)
    found = json.loads(result.stdout)
    assert [each["id"][:9] for each in found["sessions"]] == ["KE-13-r01", "DE-13-r01"]
    [blind] = [each for each in found["blind_spots"] if each["hosts"]]
    assert blind["hosts"] == ["hidden.waymark.example"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["x.har"], "whose recordings are they?: say --arm ARM, or --beside SESSION"),
        (["x.har", "--beside", "KE-13-r01"], "is no witness: a witness is a packet capture, "),
        (["x.har", "--arm", "KE-13", "--uid", "5"], "--uid does not concern "),
        (["x.har", "--arm", "KE-13", "--phone", "10.0.0.1"], "--phone does not concern "),
        (["x.pcap", "--beside", "KE-13-r01", "--arm", "DE-13"], "is of another arm: leave out"),
        (["x.pcap", "--beside", "KE-13-r09"], "no session 'KE-13-r09' in "),
        (["captures", "--beside", "KE-13-r01"], "is a folder but not a closed session bundle"),
        (["x.pcap", "--arm", "KE-13", "--keys", "x.har"], "x.har cannot be read: No such file"),
        (["x.pcap", "--beside", "KE-13-r01", "--keys", "k"], "of a witness only names are wanted"),
        (["x.har", "--arm", "KE-13", "--keys", "k"], "--keys does not concern "),
        (["stats.txt", "--arm", "KE-13"], "it can only be a witness: say of which session"),
        (["stats.txt", "--beside", "KE-13-r01"], "knows apps by number: --uid NUMBER"),
    ],
)
def test_mistakes_are_told_in_one_line(
    root: Path, tmp_path: Path, words: list[str], complaint: str
) -> None:
    har_file(root / "x.har", "a=1")
    greetings(root / "x.pcap", "x.example")
    written(root / "stats.txt", STATS.encode())
    assert complaint in mistake("import", root / words[0], *words[1:], root=root)


def test_a_session_is_no_witness_of_another(root: Path, session: str) -> None:
    line = mistake("import", root / "captures" / session, "--beside", "DE-13-r01", root=root)
    assert "is a session, not a witness of one" in line
