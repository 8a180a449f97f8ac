"""Made-up values for the examples of rules: each looks like what stands there in real requests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from analyzer.data.trackhar.adapters import Adapter, Fact
from analyzer.data.trackhar.meanings import UUID

_VALUES: Mapping[str, Any] = {
    "accelerometerX": "0.12",
    "accelerometerY": "9.71",
    "accelerometerZ": "0.34",
    "advertisingId": UUID,
    "appId": "com.example.game",
    "appName": "Example Game",
    "appVersion": "3.1.0",
    "architecture": "arm64-v8a",
    "batteryLevel": "0.81",
    "browserId": "ExampleBrowser0001",
    "browserWindowHeight": 740,
    "browserWindowWidth": 360,
    "campaignCreative": "creative-7",
    "campaignCreativePosition": "slot-1",
    "campaignMedium": "cpc",
    "campaignName": "autumn",
    "campaignSource": "example",
    "campaignTerm": "trains",
    "carrier": "Example Mobile",
    "consentState": "ExampleConsent0001",
    "country": "KE",
    "currency": "KES",
    "developerScopedId": "7a1b0c7e-93d1-4b59-8a06-1f0c4d2e7b22",
    "deviceId": "c2b1f6aa-0a53-4f9f-b0d7-77ad1a0be5f3",
    "deviceName": "Example Phone",
    "diskFree": 1000000,
    "diskTotal": 4000000,
    "diskUsed": 3000000,
    "errorInformation": "no train",
    "hashedAdvertisingId": "0123456789abcdef0123456789abcdef",
    "installTime": "2026-11-01T10:00:00Z",
    "installationId": "d3b1f6aa-0a53-4f9f-b0d7-77ad1a0be5f4",
    "interactedElement": "play-button",
    "isAutomated": "0",
    "isCharging": "1",
    "isConversion": "1",
    "isDntEnabled": "1",
    "isEmulator": "0",
    "isFirstLaunch": "1",
    "isInDarkMode": "1",
    "isInForeground": "1",
    "isJsEnabled": "1",
    "isMobileDevice": "1",
    "isRoaming": "0",
    "isRooted": "0",
    "isUserActive": "1",
    "isUserInactive": "0",
    "language": "sw",
    "lastActivityTime": "1793880000123",
    "latitude": "-1.2598",
    "localIp": "192.0.2.17",
    "longitude": "36.7531",
    "macAddress": "02:00:5e:10:00:17",
    "manufacturer": "Example",
    "model": "Model-Z",
    "networkConnectionType": "wifi",
    "orientation": "portrait",
    "osName": "android",
    "osVersion": "14",
    "otherIdentifiers": "ExampleShared0001",
    "pageHeight": 4000,
    "pageWidth": 1080,
    "propertyId": "property-1001",
    "publicIp": "192.0.2.18",
    "pushNotificationToken": "ExampleToken0001:APA91b",
    "ramFree": 1000000,
    "ramTotal": 4000000,
    "ramUsed": 3000000,
    "referer": "https://page.example/",
    "revenue": "0.99",
    "rotationX": "0.12",
    "rotationY": "0.13",
    "rotationZ": "0.14",
    "screenColorDepth": "24",
    "screenHeight": 2400,
    "screenWidth": 1080,
    "scrollPositionX": 10,
    "scrollPositionY": 120,
    "segment": "100001",
    "sessionCount": 3,
    "sessionDuration": 47,
    "sessionId": "5f0a7c7e-93d1-4b59-8a06-1f0c4d2e7b33",
    "signalStrengthCellular": "3",
    "signalStrengthWifi": "4",
    "startTime": "2026-11-01T07:00:00Z",
    "state": "Nairobi",
    "timeSpent": 47,
    "timezone": "Africa/Nairobi",
    "trackerSdkVersion": "example-sdk-6.0.1",
    "uptime": 86400,
    "userAction": "level_done",
    "userActionSource": "button",
    "userActiveTime": 47,
    "userAgent": "Example/1.0",
    "userGender": "F",
    "userId": "player-x",
    "userInterests": "trains",
    "viewedPage": "https://page.example/a",
    "viewedPageCategory": "IAB9",
    "viewedPageKeywords": "trains",
    "viewedPageLanguage": "sw",
    "volume": "0.5",
    "websiteName": "page.example",
    "websiteUrl": "https://page.example/",
}
# Where TrackHAR, a decoder or a rule wants a certain form: (adapter or *, last name) -> value.
_FORMS: Mapping[tuple[str, str], Any] = {
    ("google/googletagmanager-gtag", "id"): "UA-100001-1",
    ("google/googletagmanager-gtm", "id"): "GTM-EXAMPLE1",
    ("google/firebaseinstallations", "x-firebase-client"): "fire-core/21.0.0",
    ("indexexchange/ssum-usermatch", "gpp"): "DBABMA~ExampleConsent",
    ("mopub/ads", "udid"): UUID,
    ("*", "x-requested-with"): "com.example.game",
}


def sample(adapter: Adapter, fact: Fact) -> Any:
    """Return a value that `fact` may have; facts of one place have the value of the first."""
    last = fact.path.rpartition(".")[2]
    for name in (adapter.name, "*"):
        if (name, last) in _FORMS:
            return _FORMS[name, last]
    if fact.context == "header" and last in {"sec-ch-ua"}:
        return '"Chromium";v="140"'
    value = _VALUES[fact.property]
    return value if fact.context == "body" else str(value)


def samples(adapter: Adapter, facts: tuple[Fact, ...]) -> list[tuple[Fact, Any]]:
    """Return a value for each of `facts`."""
    at: dict[tuple[str, str], Any] = {}
    for fact in facts:
        at.setdefault((fact.context, fact.path), sample(adapter, fact))
    return [(fact, at[fact.context, fact.path]) for fact in facts]
