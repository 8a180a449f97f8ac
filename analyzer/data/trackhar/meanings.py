"""What TrackHAR's properties mean here: data type, id and reason of the rule, and a value to show.

TrackHAR says whom a value tells about ("userId"), the ontology also where it is kept and who else
knows it. Where one property can be several types, `_BY_PLACE` chooses by the place.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from analyzer.data.trackhar.adapters import Adapter, Fact

UUID = "5e0a7c7e-93d1-4b59-8a06-1f0c4d2e7b11"


@dataclass(frozen=True, slots=True)
class Meaning:
    """A rule in the making: `field` is its id within the endpoint."""

    type: str
    field: str
    reason: str


@dataclass(frozen=True, slots=True)
class Home:
    """Whose requests those of a tracker are; `sites` only where no list of owners has them."""

    owner: str
    purpose: str
    sites: tuple[str, ...] = ()


HOMES: Mapping[str, Home] = {
    "adagio": Home("Onfocus SAS", "advertising"),
    "adcolony": Home("AdColony", "advertising"),
    "adform": Home("Adform", "advertising"),
    "adjust": Home("Adjust", "attribution"),
    "apple": Home("Apple", "advertising"),
    "branch-io": Home("Branch Metrics", "attribution"),
    "chartboost": Home("Chartboost", "advertising"),
    "criteo": Home("Criteo", "advertising"),
    "equativ": Home("Smart AdServer", "advertising"),
    "facebook": Home("Facebook", "advertising"),
    "google": Home("Google", "advertising"),
    "id5": Home("ID5", "advertising"),
    "indexexchange": Home("WPP", "advertising"),
    "infonline": Home("Infoline", "analytics", ("iocnt.net",)),
    "ironsource": Home("ironSource", "advertising"),
    "kidoz": Home("Kidoz", "advertising", ("kidoz.net",)),
    "magnite": Home("Rubicon Project", "advertising"),
    "media-net": Home("Media.net", "advertising"),
    "microsoft": Home("Microsoft", "analytics"),
    "mopub": Home("AppLovin", "advertising"),
    "onesignal": Home("OneSignal", "push"),
    "openx": Home("OpenX", "advertising"),
    "outbrain": Home("Zemanta", "advertising"),
    "pubmatic": Home("Pubmatic", "advertising"),
    "rayjump": Home("Mintegral", "advertising"),
    "singular-net": Home("Singular", "attribution"),
    "smartbear": Home("Bugsnag", "crash"),
    "start-io": Home("Start.io", "advertising"),
    "taboola": Home("Taboola", "advertising"),
    "unity": Home("Unity", "advertising"),
    "vungle": Home("Vungle", "advertising"),
    "yandex": Home("Yandex", "analytics"),
}

# Adapters of a tracker that belong to another owner than the rest of them.
OTHER_HOMES: Mapping[str, Home] = {
    "microsoft/adnxs": Home("AppNexus", "advertising"),
}

_SCREEN = Meaning("dev.screen", "screen", "Geometry of the screen")
_STATE = Meaning("dev.state", "state", "State of the device")
_MODEL = Meaning("dev.model", "model", "Maker, model or architecture of the phone")
_OS = Meaning("dev.os", "os", "Operating system and its version")
_APP = Meaning("dev.app_context", "app", "App, its version or the version of the SDK")
_SITE = Meaning("dev.app_context", "site", "Site or publisher for which ads are bought")
_ACCOUNT = Meaning("dev.app_context", "property", "Number of the app or site at the tracker")
_AGENT = Meaning("dev.user_agent", "user_agent", "User agent of the browser or the app")
_PAGE = Meaning("beh.content_viewed", "page", "Page or screen, or what it is about")
_USAGE = Meaning("beh.usage_pattern", "usage", "When and how long the app or site is used")
_POSITION = Meaning("loc.precise", "position", "Coordinates")
_SENSORS = Meaning("dev.sensors", "sensors", "Reading of a motion sensor")
_CAMPAIGN = Meaning("ad.attribution", "campaign", "Campaign or creative that led here")
_CHECKS = Meaning("dev.integrity", "integrity", "Whether the phone is rooted, emulated or driven")
_SIGNAL = Meaning("ad.privacy_signal", "privacy_signal", "What was consented to or refused")
_EMBEDDING = Meaning("beh.off_platform", "embedding_page", "The page in which this stands")
_AD_ID = Meaning("id.advertising", "advertising_id", "Advertising ID of the phone")
_DEVICE = Meaning("id.device", "device_id", "Number by which the device is known again")
_PUSH = Meaning("id.push_token", "push_token", "Token for push messages")
_ACTION = Meaning("beh.interaction", "action", "What the user did")
_BROWSER = Meaning("id.browser_cookie", "browser_id", "Number of this browser, kept in a cookie")
_SHARED = Meaning("id.cross_vendor", "shared_id", "Number of the user that companies exchange")

MEANINGS: Mapping[str, Meaning] = {
    "accelerometerX": _SENSORS,
    "accelerometerY": _SENSORS,
    "accelerometerZ": _SENSORS,
    "advertisingId": _AD_ID,
    "appId": _APP,
    "appName": _APP,
    "appVersion": _APP,
    "architecture": _MODEL,
    "batteryLevel": _STATE,
    "browserId": _BROWSER,
    "browserWindowHeight": _SCREEN,
    "browserWindowWidth": _SCREEN,
    "campaignCreative": _CAMPAIGN,
    "campaignCreativePosition": _CAMPAIGN,
    "campaignMedium": _CAMPAIGN,
    "campaignName": _CAMPAIGN,
    "campaignSource": _CAMPAIGN,
    "campaignTerm": _CAMPAIGN,
    "carrier": Meaning("loc.sim_carrier", "carrier", "Network operator"),
    "consentState": _SIGNAL,
    "country": Meaning("loc.country", "country", "Country"),
    "currency": Meaning("beh.purchase", "purchase", "What was paid or earned"),
    "developerScopedId": Meaning(
        "id.vendor_scoped", "vendor_id", "Number shared by one maker's apps"
    ),
    "deviceId": _DEVICE,
    "deviceName": _MODEL,
    "diskFree": _STATE,
    "diskTotal": _STATE,
    "diskUsed": _STATE,
    "errorInformation": Meaning("dev.diagnostics", "error", "An error that happened"),
    "hashedAdvertisingId": Meaning("id.advertising", "hashed_ad_id", "Advertising ID, hashed"),
    "installTime": _USAGE,
    "installationId": Meaning("id.installation", "installation", "Number of this installation"),
    "interactedElement": Meaning("beh.content_viewed", "element", "What was tapped"),
    "isAutomated": _CHECKS,
    "isCharging": _STATE,
    "isConversion": Meaning("ad.event", "conversion", "Whether an ad led to something"),
    "isDntEnabled": _SIGNAL,
    "isEmulator": _CHECKS,
    "isFirstLaunch": _USAGE,
    "isInDarkMode": _STATE,
    "isInForeground": _STATE,
    "isJsEnabled": _AGENT,
    "isMobileDevice": _MODEL,
    "isRoaming": Meaning("dev.network", "network", "Kind of network connection"),
    "isRooted": _CHECKS,
    "isUserActive": _USAGE,
    "isUserInactive": _USAGE,
    "language": Meaning("demo.language", "language", "Language set on the phone or in the browser"),
    "lastActivityTime": _USAGE,
    "latitude": _POSITION,
    "localIp": Meaning("id.ip", "ip", "Address of the phone"),
    "longitude": _POSITION,
    "macAddress": Meaning("id.mac", "mac", "Hardware address of the phone"),
    "manufacturer": _MODEL,
    "model": _MODEL,
    "networkConnectionType": Meaning("dev.network", "network", "Kind of network connection"),
    "orientation": _SCREEN,
    "osName": _OS,
    "osVersion": _OS,
    "otherIdentifiers": _SHARED,
    "pageHeight": _SCREEN,
    "pageWidth": _SCREEN,
    "propertyId": _ACCOUNT,
    "publicIp": Meaning("id.ip", "ip", "Address of the phone"),
    "pushNotificationToken": _PUSH,
    "ramFree": _STATE,
    "ramTotal": _STATE,
    "ramUsed": _STATE,
    "referer": _EMBEDDING,
    "revenue": Meaning("beh.purchase", "purchase", "What was paid or earned"),
    "rotationX": _SENSORS,
    "rotationY": _SENSORS,
    "rotationZ": _SENSORS,
    "screenColorDepth": _SCREEN,
    "screenHeight": _SCREEN,
    "screenWidth": _SCREEN,
    "scrollPositionX": Meaning("beh.interaction", "scrolling", "How far the page was scrolled"),
    "scrollPositionY": Meaning("beh.interaction", "scrolling", "How far the page was scrolled"),
    "segment": Meaning("ad.segment", "segment", "Audience to which the user belongs"),
    "sessionCount": _USAGE,
    "sessionDuration": _USAGE,
    "sessionId": Meaning("id.session", "session_id", "Number of the session"),
    "signalStrengthCellular": Meaning("loc.wifi_cell", "signal", "Strength of the signal"),
    "signalStrengthWifi": Meaning("loc.wifi_cell", "signal", "Strength of the signal"),
    "startTime": _USAGE,
    "state": Meaning("loc.coarse", "place", "Region within the country"),
    "timeSpent": Meaning("beh.watch_time", "time_spent", "How long the app or page was open"),
    "timezone": Meaning("loc.timezone", "timezone", "Time zone"),
    "trackerSdkVersion": _APP,
    "uptime": _STATE,
    "userAction": _ACTION,
    "userActionSource": _ACTION,
    "userActiveTime": Meaning("beh.watch_time", "time_spent", "How long the app or page was open"),
    "userAgent": _AGENT,
    "userGender": Meaning("demo.gender", "gender", "Gender"),
    "userId": Meaning("id.account", "user_id", "Number of the user"),
    "userInterests": Meaning("ad.interest", "interests", "Interests or keywords of the user"),
    "viewedPage": _PAGE,
    "viewedPageCategory": _PAGE,
    "viewedPageKeywords": _PAGE,
    "viewedPageLanguage": _PAGE,
    "volume": _STATE,
    "websiteName": Meaning("beh.off_platform", "website", "The site that is visited"),
    "websiteUrl": Meaning("beh.off_platform", "website", "The site that is visited"),
}

# (property, context, pattern of the path) -> another meaning than that of the property alone.
_BY_PLACE: tuple[tuple[str, str, str, Meaning], ...] = (
    # A cookie is kept in the browser, whatever it numbers.
    ("userId|deviceId|browserId|otherIdentifiers", "cookie", ".*", _BROWSER),
    # OpenRTB's extended identifiers are those that bidders share.
    ("userId|deviceId", "body|query", r"(.*\.)?eids\..*|.*eid_.*", _SHARED),
    # Branch is told the numbers that other companies gave the user.
    ("userId|deviceId|installationId", "body", r"metadata\.\$.*", _SHARED),
    # Google's name for the advertising ID; Android's number for the device.
    ("deviceId", "body|query", "rdid", _AD_ID),
    ("developerScopedId", "body|query", "android_id|andi", _DEVICE),
    # Facebook's documentation calls it the token for push messages.
    ("deviceId", "body", r"(.*\.)?device_token", _PUSH),
    # Google's cookies of the browser, and what it exchanges with others.
    ("userId", "query|body", "_gid|_utma", _BROWSER),
    ("userId", "query", "google_hm|google_gid", _SHARED),
    ("interactedElement", "query|body", "linkid", _ACTION),
    # Cookie matching: one company tells the other its number of the user.
    ("userId|deviceId", "query", ".*", _SHARED),
    # In a bid request the site is the place where an ad would stand, as the app would be.
    ("websiteName|websiteUrl", "body", r"(.*\.)?(site|publisher)\..*", _SITE),
)
# Trackers whose query tells numbers of its own users, not those of others.
_OWN_NUMBERS = frozenset({"rayjump", "singular-net", "unity", "vungle", "yandex", "google"})


def meaning_of(adapter: Adapter, fact: Fact) -> Meaning:
    """Return what a fact of `adapter` means here."""
    for properties, contexts, path, meaning in _BY_PLACE:
        if meaning is _SHARED and path == ".*" and adapter.tracker in _OWN_NUMBERS:
            continue
        if (
            re.fullmatch(properties, fact.property)
            and re.fullmatch(contexts, fact.context)
            and re.fullmatch(path, fact.path, re.DOTALL)
        ):
            return meaning
    return MEANINGS[fact.property]


def home_of(adapter: Adapter) -> Home:
    """Return whose `adapter` is."""
    for prefix, home in OTHER_HOMES.items():
        if adapter.name.startswith(prefix):
            return home
    return HOMES[adapter.tracker]
