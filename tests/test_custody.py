"""Keys, the custody log, the chain of seals, and time-stamps."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
from pathlib import Path

import pytest
from bundle_rig import resealed
from cli_rig import done, mistake, run, told
from recording import post, record, study
from tsa_rig import Authority, openssl, served

from analyzer.bundle import list_bundles, recover, sealing, seals, store
from analyzer.bundle.sealing import verify
from analyzer.custody import keys, log, merkle
from analyzer.custody.seal import read_seal, read_signature
from analyzer.study import Study


@pytest.fixture
def found(tmp_path: Path) -> Study:
    made = study(tmp_path / "study")
    for number in 1, 2, 3:
        record(made, "KE-13", number, [post()])
    return made


@pytest.fixture
def other_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """From now on this machine is somebody else's."""
    monkeypatch.setenv("EVENHAND_KEY", str(tmp_path / "theirs" / "key.pem"))
    return tmp_path / "theirs" / "key.pem"


# keys


def test_a_key_is_made_once_for_its_owner_only(other_key: Path) -> None:
    assert mistake("key", "trust", other_key).startswith(f"{other_key} cannot be read")
    first = told("key", "show")
    assert first == told("key", "show")
    assert other_key.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in other_key.parent.iterdir()] == ["key.pem"]
    assert done("key", "show") == f"{first['fingerprint']}\n  in {other_key}\n"


def test_no_key_is_made_or_used_inside_a_study(
    found: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = found.root / "keys" / "key.pem"
    monkeypatch.setenv("EVENHAND_KEY", str(inside))
    assert "lies inside the study" in mistake("key", "show")
    bundle = record(found, "KE-13", 4, [post()])
    assert not inside.exists()
    assert not (bundle / "seal.sig").exists()
    assert verify(bundle) == []


@pytest.mark.parametrize("content", ["", "no key", "-----BEGIN PRIVATE KEY-----\nAAAA\n"])
def test_what_is_no_key_signs_nothing_and_is_said(
    other_key: Path, tmp_path: Path, content: str
) -> None:
    other_key.parent.mkdir()
    other_key.write_text(content)
    assert "holds no private key" in mistake("key", "show")
    bundle = record(study(tmp_path / "new"), "KE-13", 1, [post()])
    assert not (bundle / "seal.sig").exists()
    assert "1 seal not signed" in done("verify", root=bundle.parent.parent)


def test_openssl_accepts_the_signature(found: Study, tmp_path: Path) -> None:
    program = openssl()
    bundle = list_bundles(found.captures)[0]
    done("key", "export", "-o", tmp_path / "key.pem")
    value = read_signature((bundle / "seal.sig").read_bytes()).value
    (tmp_path / "signature").write_bytes(value)
    words = ("-verify", "-pubin", "-inkey", tmp_path / "key.pem", "-rawin", "-in")
    more = (bundle / "seal.json", "-sigfile", tmp_path / "signature")
    asked = [program, "pkeyutl", *map(str, (*words, *more))]
    subprocess.run(asked, check=True, capture_output=True, timeout=60)


def test_a_key_of_others_is_told_and_known_once_it_is_trusted(
    found: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fingerprint = keys.own_fingerprint()
    done("key", "export", "-o", tmp_path / "ours.pem")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "elsewhere"))
    said = done("verify", root=found.root)
    assert f"3 seals signed by {keys.shown(fingerprint)}, a key that is not known here" in said
    assert done("key", "trust", tmp_path / "ours.pem") == f"Trusted: {fingerprint}\n"
    said = done("verify", "--signed-by", keys.shown(fingerprint), root=found.root)
    assert "a key that is trusted here" in said
    wrong = f"{int(fingerprint[:8], 16) ^ 1:08x}"
    said = done("verify", "--signed-by", wrong, root=found.root, code=1)
    assert said.count("It is not signed by the key") == 3
    assert "is none" not in mistake("key", "trust", found.root / "study.toml")


# the tree


def test_the_tree_is_that_of_rfc_6962() -> None:
    """The hashes of the test vectors of Certificate Transparency, over its eight inputs."""
    inputs = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657",
              "606162636465666768696a6b6c6d6e6f"]  # fmt: skip
    roots = {
        1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    }
    tree = merkle.Tree()
    for number, content in enumerate(inputs, 1):
        tree.add(merkle.leaf([bytes.fromhex(content)]))
        if number in roots:
            assert tree.root().hex() == roots[number]


# the log and the chain


def test_each_step_is_in_the_log_by_whom_and_when(found: Study, tmp_path: Path) -> None:
    done("analyze", "--jobs", 1, root=found.root)
    done("redact", "KE-13-r01", "--to", tmp_path / "copy", root=found.root)
    done("verify", root=found.root)
    said = told("custody", root=found.root)
    assert [each["what"] for each in said["entries"]] == [
        *["recorded", "sealed"] * 3, "analysed", "redacted", "verified",
    ]  # fmt: skip
    assert {each["by"] for each in said["entries"]} == {keys.own_fingerprint()}
    assert [each["number"] for each in said["entries"]] == list(range(1, 10))
    assert said["faults"] == []
    lines = done("custody", "KE-13-r02", root=found.root).splitlines()
    assert [line.split()[1] for line in lines] == ["recorded", "sealed", "analysed"]
    assert "(own key)" in lines[0]


def test_seals_are_a_chain_in_the_order_in_which_they_were_made(found: Study) -> None:
    made = sorted(
        (read_seal((each / "seal.json").read_bytes()) for each in list_bundles(found.captures)),
        key=lambda each: each.number,
    )
    digests = [
        facts.digest for each in list_bundles(found.captures) if (facts := seals.seal_facts(each))
    ]
    assert [each.number for each in made] == [1, 2, 3]
    assert [each.previous for each in made] == ["", *digests[:2]]


def test_a_session_that_was_taken_out_shows_until_it_is_said_why(found: Study) -> None:
    _, second, _ = list_bundles(found.captures)
    shutil.rmtree(second)
    said = done("verify", root=found.root, code=1)
    assert f"BROKEN  custody.jsonl\n        {second.name} was sealed on 20" in said
    done("custody", second.name, "--note", "the phone had the wrong account", root=found.root)
    assert "BROKEN" not in done("verify", root=found.root)
    assert "the phone had the wrong account" in done("custody", root=found.root)
    assert "no session" in mistake("custody", "XX", "--note", "x", root=found.root)
    assert "is no note" in mistake("custody", "--note", " ", root=found.root)


@pytest.mark.parametrize("change", ["taken out", "put elsewhere", "cut off"])
def test_lines_cannot_be_taken_out_or_put_elsewhere(found: Study, change: str) -> None:
    path = found.root / log.LOG
    lines = path.read_bytes().splitlines(keepends=True)
    if change == "taken out":
        del lines[2]
    elif change == "put elsewhere":
        lines[2:4] = lines[3], lines[2]
    else:
        del lines[-1]
    path.write_bytes(b"".join(lines))
    said = done("verify", root=found.root, code=1)
    if change == "cut off":  # the seal that was in it says so
        assert "custody.jsonl does not have the sealing of it" in said
    else:
        assert "Line 3 of custody.jsonl does not follow the line before" in said
    path.unlink()
    said = done("verify", root=found.root, code=1)
    assert "custody.jsonl is missing: sessions here were sealed with it" in said
    assert not path.exists()  # nobody makes a new one to look as if it were whole


def test_a_session_that_was_sealed_again_is_not_the_one_of_the_log(found: Study) -> None:
    bundle = list_bundles(found.captures)[1]
    study_file = found.root / "study.toml"
    text = study_file.read_text()
    study_file.unlink()  # so that nobody logs it
    resealed(bundle)
    study_file.write_text(text)
    assert verify(bundle) == []
    said = done("verify", root=found.root, code=1)
    assert f"BROKEN  {bundle.name}\n        seal.json is not the one that custody.jsonl has" in said


def test_what_a_power_cut_left_of_a_line_is_cut_away(found: Study) -> None:
    path = found.root / log.LOG
    whole = path.read_bytes()
    path.write_bytes(whole + whole[:100])
    assert "is cut off at its end" in done("custody", root=found.root, code=1)
    assert log.append(found.root, "noted", note="x")
    assert log.read(found.root).faults == ()
    assert path.read_bytes().startswith(whole)


def test_a_study_that_nobody_may_write_is_verified_all_the_same(found: Study) -> None:
    (found.root / log.LOG).chmod(0o400)
    before = (found.root / log.LOG).read_bytes()
    found.root.chmod(0o500)
    try:
        assert done("verify", root=found.root).endswith("\n4 intact\n")
    finally:
        found.root.chmod(0o700)
        (found.root / log.LOG).chmod(0o600)
    assert (found.root / log.LOG).read_bytes()[: len(before)] == before


def test_what_older_versions_sealed_is_intact_and_told(found: Study) -> None:
    for bundle in list_bundles(found.captures):
        for name in "seal.json", "seal.sig", "seal.rows":
            (bundle / name).unlink()
        lines = (bundle / "SHA256SUMS").read_text().splitlines(keepends=True)
        (bundle / "SHA256SUMS").write_text("".join(each for each in lines if "seal" not in each))
    assert "seal.json is missing" in done("verify", root=found.root, code=1)
    (found.root / log.LOG).unlink()
    said = done("verify", root=found.root)
    assert said.count("It has no seal: it was recorded with an older version.") == 3
    assert said.endswith("\n3 intact\n")


def test_the_row_that_was_changed_is_named(found: Study) -> None:
    bundle = list_bundles(found.captures)[0]
    with sqlite3.connect(bundle / store.DATABASE) as database:
        database.execute("UPDATE exchange SET url='https://other.example/' WHERE id=1")
    database.close()
    said = verify(bundle)
    assert said[0] == "capture.sqlite was changed after the session was closed."
    assert "The first thing in it that differs is exchange 1." in said


class Killed(BaseException):
    """Stands for the end of the process."""


@pytest.mark.parametrize(
    ("where", "what"),
    [(seals, "read_rows"), (seals, "sign"), (log.Held, "add"), (sealing, "write_sums")],
)
def test_a_recorder_that_is_killed_while_it_seals_is_recovered_and_sealed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: object, what: str
) -> None:
    def die(*_: object, **__: object) -> None:
        raise Killed

    made = study(tmp_path / "study")
    bundle = record(made, "KE-13", 1, [post()], close=False)
    with monkeypatch.context() as patched:
        patched.setattr(where, what, die)
        with pytest.raises(Killed):
            recover(bundle)
    assert not (bundle / "SHA256SUMS").exists()
    done("recover", root=made.root)
    assert "BROKEN" not in done("verify", root=made.root)
    # A session that is sealed after it follows the last seal, whatever became of the first.
    record(made, "KE-13", 2, [post()])
    assert done("verify", root=made.root).endswith("\n3 intact\n")


def test_on_a_full_disk_the_hashes_of_the_rows_are_left_out_and_the_seal_is_as_good(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    made = study(tmp_path / "study")
    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        bundle = record(made, "KE-13", 1, [post()])
    assert (bundle / "seal.rows").stat().st_size == 32
    assert done("verify", root=made.root).endswith("\n2 intact\n")
    done("redact", "--to", tmp_path / "copy", root=made.root)
    assert "shown and proven" in done("verify", tmp_path / "copy")


def test_imports_and_recoveries_are_in_the_log(found: Study, tmp_path: Path) -> None:
    crashed = record(found, "KE-13", 4, [post()], close=False)
    done("recover", root=found.root)
    moved = shutil.copytree(list_bundles(found.captures)[0], tmp_path / "moved")
    other = study(tmp_path / "other")
    done("import", moved, "--arm", "KE-13", root=other.root)
    assert [each.what for each in log.read(found.root).entries][-2:] == ["sealed", "recovered"]
    entries = log.read(other.root).entries
    assert [each.what for each in entries] == ["sealed", "imported"]
    [bundle] = list_bundles(other.captures)
    # The seal of the recorder comes along, and that of the study that took it over is its own.
    assert (bundle / "source-seal.json").read_bytes() == (moved / "seal.json").read_bytes()
    assert (bundle / "source-seal.sig").read_bytes() == (moved / "seal.sig").read_bytes()
    assert verify(bundle) == []
    assert verify(crashed) == []
    assert "BROKEN" not in done("verify", root=other.root)


# time-stamps


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tsa"))


def test_a_time_stamp_is_fetched_kept_and_checked_without_a_network(
    found: Study, authority: Authority
) -> None:
    before = done("verify", root=found.root)
    with served(authority) as url:
        said = done("timestamp", "--url", url, "--tsa-certificate", authority.root, root=found.root)
        assert said.count("signature and certificates checked up to root.pem") == 3
        assert (
            done("timestamp", "--url", url, root=found.root) == "No session needs a time-stamp.\n"
        )
    assert "ime-stamp" not in before
    said = done("verify", root=found.root)
    assert said.count("by CN=Clock 1: signature checked with the certificates that it brings;") == 3
    said = done("verify", "--tsa-certificate", authority.root, root=found.root)
    assert said.count("signature and certificates checked up to root.pem.") == 3
    assert "analysed" in done("analyze", "--jobs", 1, root=found.root)
    [first, *_] = list_bundles(found.captures)
    (first / "seal.tsr").unlink()
    assert "seal.tsr is missing." in done("verify", root=found.root, code=1)


def test_an_authority_of_the_same_name_with_another_key_is_not_believed(
    found: Study, authority: Authority, tmp_path: Path
) -> None:
    (tmp_path / "tsa").mkdir()
    other = Authority(tmp_path / "tsa")
    with served(authority) as url:
        words = ("timestamp", "KE-13-r01", "--url", url, "--tsa-certificate", other.root)
        assert "is not valid by root.pem" in mistake(*words, root=found.root)
        assert not list(found.captures.glob("*/seal.tsr"))
        done("timestamp", "KE-13-r01", "--url", url, root=found.root)
    said = done("verify", "--tsa-certificate", other.root, root=found.root, code=1)
    assert "seal.tsr is not valid by root.pem, or was changed." in said


def test_what_is_not_known_of_a_time_stamp_is_said(found: Study, tmp_path: Path) -> None:
    (tmp_path / "tsa").mkdir()
    alone = Authority(tmp_path / "tsa", alone=True)
    with served(alone) as url:
        done("timestamp", "KE-13-r01", "--url", url, root=found.root)
    assert "its signature was not checked" in done("verify", root=found.root)
    assert "checked up to root.pem" in done(
        "verify", "--tsa-certificate", alone.root, root=found.root
    )


@pytest.mark.parametrize("answer", [b"no", b"\x30\x03\x02\x01\x02"])
def test_an_answer_that_is_no_time_stamp_is_refused(
    found: Study, authority: Authority, monkeypatch: pytest.MonkeyPatch, answer: bytes
) -> None:
    monkeypatch.setattr(authority, "broken", answer)
    with served(authority) as url:
        line = mistake("timestamp", "KE-13-r01", "--url", url, root=found.root)
    assert line.startswith("the answer is no time-stamp")
    assert "did not answer" in mistake("timestamp", "KE-13-r01", "--url", url, root=found.root)
    assert "is no address" in mistake("timestamp", "--url", "file:///etc/passwd", root=found.root)
    assert not list(found.captures.glob("*/seal.tsr"))


def test_a_time_stamp_of_another_session_is_not_taken_for_its_own(
    found: Study, authority: Authority
) -> None:
    first, second, _ = list_bundles(found.captures)
    with served(authority) as url:
        done("timestamp", first, "--url", url, root=found.root)
    shutil.copy(first / "seal.tsr", second)
    said = done("verify", root=found.root, code=1)
    assert f"BROKEN  {second.name}\n        seal.tsr is not a time-stamp of this seal" in said
    shown = json.loads(run("verify", "--json", root=found.root).stdout)
    assert [each["state"] for each in shown[:3]] == ["intact", "broken", "intact"]
