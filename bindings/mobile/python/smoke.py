"""The library works from a third language: a failure there would be the library's, not Kotlin's."""

import asyncio
import os
import tempfile

import acd_mobile as acd


class MemoryStorage(acd.SecureStorage):
    def __init__(self):
        self.values = {}

    def read(self, key):
        return self.values.get(key)

    def write(self, key, value):
        self.values[key] = value

    def remove(self, key):
        self.values.pop(key, None)


async def main():
    with tempfile.TemporaryDirectory() as folder:
        analytics = acd.Analytics.open(
            acd.AnalyticsConfig(
                write_key=os.environ["ACD_WRITE_KEY"],
                server_url=os.environ["ACD_URL"],
                folder=folder,
                consent=True,
                app=acd.AppInfo(name="Smoke"),
                device=acd.DeviceInfo(platform=acd.Platform.OTHER(name="Linux"), os_version="6"),
            )
        )
        analytics.track(acd.TrackedEvent(event="Opened", properties_json='{"from": "python"}'))
        await analytics.flush()
        assert analytics.stats().delivered == 1, analytics.stats()
        try:
            analytics.track(acd.TrackedEvent(event=""))
            raise AssertionError("an event without a name was taken")
        except acd.MobileError.Event:
            pass
        assert await analytics.shutdown() == 0

    session = acd.Session.open(os.environ["ACD_URL"], MemoryStorage(), None)
    try:
        await session.me()
        raise AssertionError("nobody is signed in")
    except acd.MobileError.SignedOut as error:
        assert error.failure.kind == "credentials", error


asyncio.run(main())
