from __future__ import annotations

import dataclasses
import shutil
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from foreign_files import dump, har, har_entry, make_study, websocket_flow, written

from analyzer.bundle import list_bundles, read_session, sealing, store, verify
from analyzer.errors import UserError
from analyzer.readers import adopting, unpacking
from analyzer.readers.bundle import read_exchanges
from analyzer.readers.importing import Imported, import_files
from analyzer.study import Study
from analyzer.sums import SUMS


@pytest.fixture
def study(tmp_path: Path) -> Study:
    return make_study(tmp_path / "study")


def take(study: Study, path: Path, arm: str = "KE-13", **place: object) -> Imported:
    (imported,) = import_files(study, arm, [path], **place)  # type: ignore[arg-type]
    return imported


def refusal(study: Study, path: Path, arm: str = "KE-13") -> str:
    """The line with which a file is refused; nothing of it is left behind."""
    before = list_bundles(study.captures)
    with pytest.raises(UserError) as refused:
        take(study, path, arm)
    assert "\n" not in str(refused.value)
    assert sorted(study.captures.glob("*")) == before
    return str(refused.value)


@pytest.fixture
def other(tmp_path: Path) -> Study:
    return make_study(tmp_path / "other")


@pytest.fixture
def bundle(other: Study, tmp_path: Path) -> Path:
    path = written(tmp_path / "x.mitm", dump(websocket_flow()))
    return other.captures / take(other, path, block="spring").session.id


def test_a_bundle_of_another_study_is_taken_over_whole(study: Study, bundle: Path) -> None:
    imported = take(study, bundle, planted=("dd",))
    adopted = study.captures / imported.session.id
    assert imported.session.id == bundle.name
    assert verify(adopted) == []
    assert imported.session == read_session(adopted)
    assert (imported.session.origin, imported.session.block) == ("bundle", "spring")
    assert imported.session.planted == ("dd",)
    assert dict(imported.session.tools)["source-session"] == bundle.name
    assert list(read_exchanges(adopted)) == list(read_exchanges(bundle))
    assert {(file.stat().st_mode & 0o777) for file in adopted.iterdir()} == {0o600}


def test_a_bundle_gets_the_next_repeat_where_its_own_is_taken(
    study: Study, bundle: Path, tmp_path: Path
) -> None:
    take(study, written(tmp_path / "first.har", har(har_entry())))
    imported = take(study, bundle)
    assert imported.session.id != bundle.name
    assert imported.session.repeat == 2
    assert dict(imported.session.tools)["source-session"] == bundle.name


def test_a_zipped_bundle_is_the_same_as_its_folder(
    study: Study, bundle: Path, tmp_path: Path
) -> None:
    for number, prefix in enumerate(("", f"{bundle.name}/")):
        path = tmp_path / f"{number}.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for file in bundle.iterdir():
                archive.write(file, prefix + file.name)
        own = make_study(tmp_path / f"study {number}")
        imported = take(own, path)
        assert [e.url for e in read_exchanges(own.captures / imported.session.id)] == [
            e.url for e in read_exchanges(bundle)
        ]


@pytest.mark.parametrize("arm", ["KE-13", "KE-13 again"])
def test_one_recording_is_taken_over_once_however_it_is_packed(
    study: Study, bundle: Path, tmp_path: Path, arm: str
) -> None:
    again = dataclasses.replace(study.arms["KE-13"], label="KE-13 again")
    study = dataclasses.replace(study, arms={**study.arms, again.label: again})
    first = take(study, bundle).session.id
    assert first in refusal(study, bundle, arm)
    assert first in refusal(study, study.captures / first, arm)
    for number, packing in enumerate((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)):
        path = tmp_path / f"{number}.zip"
        with zipfile.ZipFile(path, "w", packing) as archive:
            for file in bundle.iterdir():
                archive.write(file, f"folder {number}/{file.name}")
        assert first in refusal(study, path, arm)


def test_a_session_recorded_here_is_not_taken_over_again(other: Study, bundle: Path) -> None:
    assert bundle.name in refusal(other, bundle)


def test_a_recording_is_known_again_under_another_id(
    study: Study, bundle: Path, tmp_path: Path
) -> None:
    first = take(study, bundle).session.id
    renamed = tmp_path / bundle.name.replace("r01", "r07")
    shutil.copytree(bundle, renamed)
    (renamed / SUMS).unlink()
    session = dataclasses.replace(read_session(renamed), id=renamed.name, repeat=7)
    with closing(store.open_to_write(renamed / store.DATABASE)) as database:
        sealing.seal(renamed, database, session)
    [again] = import_files(study, "KE-13", [renamed])
    assert any(first in each.detail for each in again.problems if each.code == "copy")


def test_how_a_recording_was_made_is_kept_when_it_is_taken_over(
    study: Study, bundle: Path, tmp_path: Path
) -> None:
    adopted = study.captures / take(study, bundle).session.id
    third = make_study(tmp_path / "third")
    for session in (read_session(adopted), take(third, adopted).session):
        assert dict(session.tools)["source-origin"] == "mitm"


def test_a_zip_cannot_write_outside(study: Study, bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in bundle.iterdir():
            archive.write(file, file.name)
        archive.writestr("../../escaped.txt", "x")
    assert "more than one session bundle" in refusal(study, path)
    assert not list(tmp_path.rglob("escaped.txt"))


def test_a_zip_of_other_things_is_refused(study: Study, tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.har", har(har_entry()))
    assert "zip file without a session bundle" in refusal(study, path)


def test_a_zipped_bomb_is_refused(
    study: Study, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacking, "MAX_UNPACKED", 1 << 20)
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in bundle.iterdir():
            archive.write(file, file.name)
        archive.writestr("packets.pcapng", b"\x00" * (3 << 20))
    assert "unpacks to more than 1 MiB" in refusal(study, path)


def test_a_bundle_that_was_changed_is_not_trusted(study: Study, bundle: Path) -> None:
    with (bundle / "capture.sqlite").open("ab") as file:
        file.write(b"\x00")
    assert "changed after the session was closed" in refusal(study, bundle)


def test_a_bundle_of_another_arm_or_app_is_refused(study: Study, bundle: Path) -> None:
    assert "recorded as KE, 13 years, consent none" in refusal(study, bundle, "DE-13")
    assert "is a recording of 'Pebblo', the study is of 'Zoomo'" in refusal(
        dataclasses.replace(study, app="Zoomo"), bundle
    )


def test_a_bundle_with_a_link_in_it_is_refused(
    study: Study, bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (bundle / "packets.pcapng").symlink_to(written(tmp_path / "private.txt", b"private"))
    monkeypatch.setattr(adopting, "verify", lambda _: [])  # even if its sums were right
    assert "which is no file" in refusal(study, bundle)
