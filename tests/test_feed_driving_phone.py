"""What the phone says is on its screen is understood, of old and new Android, over the real adb."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_phone import FakePhone, connect, own_server

from analyzer.errors import UserError
from analyzer.feed.driving.phone import FeedPhone, Front
from analyzer.phone import PhoneGoneError, find_adb

APP = "com.pebblo.app"
FOCUS = (
    "  mCurrentFocus=Window{4f2a1 u0 %s}\n  mFocusedApp=ActivityRecord{b u0 com.pebblo.app/.Main}\n"
)
MINE = FOCUS % "com.pebblo.app/com.pebblo.app.MainActivity"
HUNG = (
    "WINDOW MANAGER LAST ANR (dumpsys window lastanr)\n    KeyguardServiceDelegate\n"
    f"      showing=true\n{MINE}WINDOW MANAGER POLICY STATE (dumpsys window policy)\n"
)
AWAKE = b"POWER MANAGER (dumpsys power)\n  mWakefulness=Awake\n  mWakefulnessChanging=false\n"


@pytest.fixture
def phone(tmp_path: Path) -> Iterator[FakePhone]:
    with own_server(tmp_path / "home"), FakePhone() as made:
        made.answers["dumpsys power"] = AWAKE
        made.answers["dumpsys window"] = MINE.encode()
        made.answers["wm size"] = b"Physical size: 1080x2400\n"
        made.install(APP, "1.0", {"base.apk": b"apk"})
        connect(made)
        yield made


def hand(phone: FakePhone, app: str = APP) -> FeedPhone:
    return FeedPhone(find_adb(), phone.serial, app)


@pytest.mark.parametrize(
    ("window", "front"),
    [
        (MINE, "front"),
        ("x" * 400_000 + "\n" + MINE, "front"),  # all windows of a full phone
        (FOCUS % "com.pebblo.app", "front"),
        (FOCUS % "com.pebblo.app2/com.pebblo.app.Main", "elsewhere"),
        (FOCUS % "com.android.permissioncontroller/x.GrantActivity", "elsewhere"),
        (FOCUS % "NotificationShade", "elsewhere"),
        ("  mCurrentFocus=null\n", "elsewhere"),
        (HUNG + MINE, "front"),  # when it last hung, another one was in front of a locked phone
        (HUNG.replace("showing=true", "showing=false") + FOCUS % "com.x/com.x.Main", "elsewhere"),
        ("", "elsewhere"),
        (f"    KeyguardServiceDelegate\n      showing=true\n      x=true\n{MINE}", "locked"),
        (f"    KeyguardServiceDelegate\n      showing=false\n{MINE}", "front"),
        (f"    KeyguardServiceDelegate\n      mDelegate=1\n      showing=true\n{MINE}", "locked"),
        (f"    KeyguardServiceDelegate\n      x=1\n    Other\n      showing=true\n{MINE}", "front"),
        (f"    KeyguardStateMonitor\n      mIsShowing=true\n{MINE}", "locked"),
        (f"    mShowingLockscreen=true mShowingDream=false\n{MINE}", "locked"),
        (f"    mShowingDream=false mDreamingLockscreen=true\n{MINE}", "locked"),
    ],
)  # fmt: skip
def test_what_is_in_front_is_told_apart(phone: FakePhone, window: str, front: Front) -> None:
    phone.answers["dumpsys window"] = window.encode()
    assert hand(phone).front() == front


THEIRS = FOCUS % "com.bank/com.bank.Main"
PHONE = "WINDOW MANAGER DISPLAY CONTENTS (dumpsys window displays)\n  Display: mDisplayId=0\n"
SECOND = "  Display: mDisplayId=2\n"


@pytest.mark.parametrize(
    ("window", "front"),
    [
        (PHONE + MINE + SECOND + THEIRS, "front"),
        (PHONE + MINE + SECOND + "  mCurrentFocus=null\n", "front"),
        (PHONE + THEIRS + SECOND + MINE, "elsewhere"),
        (PHONE + "  mCurrentFocus=null\n" + SECOND + MINE, "elsewhere"),
        (SECOND + MINE, "elsewhere"),
        (THEIRS + MINE, "elsewhere"),  # of which display is not told
        (MINE + "  mCurrentFocus=null\n", "elsewhere"),
        (PHONE + MINE + "  mTopFocusedDisplayId=0\n", "front"),
        (PHONE + MINE + SECOND + MINE + "  mTopFocusedDisplayId=2\n", "elsewhere"),
        (PHONE + SECOND + "WINDOW MANAGER WINDOWS (dumpsys window windows)\n" + MINE, "front"),
        (MINE.replace("u0", "u10"), "elsewhere"),  # the app of a work profile
        (MINE + "  mInputShown=true\n", "elsewhere"),
    ],
)  # fmt: skip
def test_in_front_is_what_alone_has_the_focus_of_the_phones_own_screen(
    phone: FakePhone, window: str, front: Front
) -> None:
    phone.answers["dumpsys window"] = window.encode()
    assert hand(phone).front() == front


def test_over_a_keyboard_nobody_swipes_for_that_types(phone: FakePhone) -> None:
    phone.answers["dumpsys input_method"] = b"    mShowForced=false mInputShown=true\n"
    assert hand(phone).front() == "elsewhere"
    phone.answers["dumpsys input_method"] = b"    mShowForced=false mInputShown=false\n"
    assert hand(phone).front() == "front"


def test_a_phone_that_does_not_say_whether_it_is_awake_is_not_in_front(phone: FakePhone) -> None:
    phone.answers["dumpsys power"] = b""
    assert hand(phone).front() == "elsewhere"


@pytest.mark.parametrize(
    ("told", "width", "height"),
    [
        ("    init=1080x2400 420dpi cur=2400x1080 app=2274x1080\n", 2400, 1080),
        ("    init=1080x2400 420dpi cur=1080x2400 app=1080x2274\n", 1080, 2400),
        ("    mCurrentRotation=ROTATION_90\n", 2400, 1080),
        ("    mRotation=3\n", 2400, 1080),
        ("    mRotation=ROTATION_180\n", 1080, 2400),
    ],
)
def test_a_swipe_is_on_the_screen_however_the_phone_is_held(
    phone: FakePhone, told: str, width: int, height: int
) -> None:
    second = f"{SECOND}    init=50x50 cur=50x50 app=50x50\n"
    mine, chance = hand(phone), random.Random(5)
    mine.check()
    phone.answers["dumpsys window"] = (PHONE + told + MINE + second).encode()
    assert mine.front() == "front"
    mine.swipe_up(chance)
    x1, y1, x2, y2, _ = map(int, phone.ran[-1].split()[2:])
    assert 0.3 * width < min(x1, x2) <= max(x1, x2) < 0.6 * width
    assert 0.2 * height < y2 < y1 < 0.8 * height
    phone.answers["dumpsys window"] = MINE.encode()  # upright again
    assert mine.front() == "front"
    mine.swipe_up(chance)
    assert 0.2 * 2400 < int(phone.ran[-1].split()[3]) < 0.8 * 2400


@pytest.mark.parametrize("state", ["Asleep", "Dozing", "Dreaming"])
def test_a_screen_that_is_off_is_not_in_front(phone: FakePhone, state: str) -> None:
    phone.answers["dumpsys power"] = f"  mWakefulness={state}\n".encode()
    assert hand(phone).front() == "asleep"


@pytest.mark.parametrize(
    ("said", "width", "height"),
    [
        ("Physical size: 1080x2400", 1080, 2400),
        ("Physical size: 1440x3120\nOverride size: 720x1560", 720, 1560),
        ("Physical size: 480x800", 480, 800),
    ],
)
def test_a_swipe_stays_away_from_edges_and_buttons_and_is_no_tap(
    phone: FakePhone, said: str, width: int, height: int
) -> None:
    phone.answers["wm size"] = f"{said}\n".encode()
    mine, chance = hand(phone), random.Random(5)
    for _ in range(12):
        mine.swipe_up(chance)
    swipes = [line.split()[2:] for line in phone.ran if line.startswith("input ")]
    assert len(swipes) == 12
    assert len({tuple(each) for each in swipes}) == 12  # no two alike
    for x1, y1, x2, y2, lasts in (tuple(map(int, each)) for each in swipes):
        assert 0.3 * width < min(x1, x2) <= max(x1, x2) < 0.6 * width
        assert 0.2 * height < y2 < y1 < 0.8 * height
        assert y1 - y2 > 0.3 * height
        assert 100 < lasts < 400


def test_an_app_that_is_not_there_or_a_screen_without_a_size_is_a_mistake(phone: FakePhone) -> None:
    with pytest.raises(UserError, match=r"com\.other\.app is not installed"):
        hand(phone, "com.other.app").check()
    phone.answers["wm size"] = b"\n"
    with pytest.raises(UserError, match="how large its screen is"):
        hand(phone).check()
    with pytest.raises(UserError, match="not an Android package name"):
        hand(phone, "com.app; rm -rf /")


def test_a_phone_that_is_gone_says_so(phone: FakePhone) -> None:
    mine = hand(phone)
    phone.adbd.unplug()
    with pytest.raises(PhoneGoneError):
        mine.front()


def test_the_app_comes_to_the_front_as_its_icon_brings_it(phone: FakePhone) -> None:
    main = "-a android.intent.action.MAIN -c android.intent.category.LAUNCHER"
    asked = f"cmd package resolve-activity --brief {main} {APP}"
    hand(phone).to_app()
    assert phone.ran[-2:] == [asked, f"am start {main} -p {APP}"]  # Android 6 knows no such command
    phone.answers[asked] = f"priority=0 preferredOrder=0\n{APP}/.Main$Feed\n".encode()
    hand(phone).to_app()
    assert phone.ran[-1] == f"am start {main} -n '{APP}/.Main$Feed'"
    for odd in (
        "No activity found",
        f"{APP}/.Main;reboot",
        "com.android.internal/.ResolverActivity",
    ):
        phone.answers[asked] = f"{odd}\n".encode()
        hand(phone).to_app()
        assert phone.ran[-1] == f"am start {main} -p {APP}"
