"""Meta's own SDK, unmodified but for the host, builds a campaign tree, reads reports and sends events.

Run by `cargo xtask test --only meta`, which starts the simulator and hands over what `acd simulate` printed.
"""

import json
import os
import tempfile
import unittest
import urllib.request
from datetime import datetime
from pathlib import Path

from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adimage import AdImage
from facebook_business.adobjects.adreportrun import AdReportRun
from facebook_business.adobjects.advideo import AdVideo
from facebook_business.adobjects.campaign import Campaign
from facebook_business.adobjects.customaudience import CustomAudience
from facebook_business.adobjects.iguser import IGUser
from facebook_business.adobjects.serverside.action_source import ActionSource
from facebook_business.adobjects.serverside.custom_data import CustomData
from facebook_business.adobjects.serverside.event import Event
from facebook_business.adobjects.serverside.event_request import EventRequest
from facebook_business.adobjects.serverside.user_data import UserData
from facebook_business.adobjects.targetingsearch import TargetingSearch
from facebook_business.api import FacebookAdsApi
from facebook_business.exceptions import FacebookRequestError
from facebook_business.session import FacebookSession
from requests.adapters import HTTPAdapter

META = json.loads(os.environ["META"])
URL, WORLD = META["url"], META["world"]

# The host, the one thing that changes.
FacebookSession.GRAPH = URL


class Videos(HTTPAdapter):
    """The host for videos, which the SDK has no setting for."""

    HOST = "https://graph-video.facebook.com"

    def send(self, request, **options):
        request.url = request.url.replace(self.HOST, URL, 1)
        return super().send(request, **options)



def control(path, method="GET", body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{URL}/__sim/{path}", data, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
    return json.loads(text) if text else None


def campaign_of(account, **changes):
    params = {
        "name": "Python",
        "objective": "OUTCOME_TRAFFIC",
        "status": "ACTIVE",
        "special_ad_categories": [],
        "is_adset_budget_sharing_enabled": False,
    }
    return account.create_campaign(params={**params, **changes})


class OfficialSdk(unittest.TestCase):
    def setUp(self):
        # With the app's secret, so that every call carries its appsecret_proof; without the crash reporter.
        FacebookAdsApi.init(WORLD["app_id"], WORLD["app_secret"], WORLD["access_token"], crash_log=False)
        FacebookAdsApi.get_default_api()._session.requests.mount(Videos.HOST, Videos())
        control("app", "PUT", {"requires_appsecret_proof": True})
        self.addCleanup(control, "app", "PUT", {"requires_appsecret_proof": False})
        self.account = AdAccount(WORLD["ad_account"])

    def tree(self, name):
        campaign = campaign_of(self.account, name=name)
        ad_set = self.account.create_ad_set(
            params={
                "name": name,
                "campaign_id": campaign["id"],
                "daily_budget": 5000,
                "billing_event": "IMPRESSIONS",
                "optimization_goal": "LINK_CLICKS",
                "targeting": {"geo_locations": {"countries": ["US"]}},
                "status": "ACTIVE",
            }
        )
        link = {"link": "https://shop.example/", "message": "Grüße 🎉"}
        story = {"page_id": WORLD["page"], "link_data": link}
        creative = self.account.create_ad_creative(params={"name": name, "object_story_spec": story})
        ad = self.account.create_ad(
            params={
                "name": name,
                "adset_id": ad_set["id"],
                "creative": {"creative_id": creative["id"]},
                "status": "ACTIVE",
            }
        )
        return campaign, ad_set, creative, ad

    def test_a_campaign_tree_is_created_read_changed_and_deleted(self):
        campaign, ad_set, creative, ad = self.tree("Python")
        read = Ad(ad["id"]).api_get(fields=["name", "effective_status", "creative", "campaign_id", "adset_id"])
        self.assertEqual(read["effective_status"], "ACTIVE")
        self.assertEqual(read["creative"]["id"], creative["id"])
        self.assertEqual((read["campaign_id"], read["adset_id"]), (campaign["id"], ad_set["id"]))
        Campaign(campaign["id"]).api_update(params={"status": "PAUSED"})
        ads = Campaign(campaign["id"]).get_ads(fields=["effective_status"])
        self.assertEqual([row["effective_status"] for row in ads], ["CAMPAIGN_PAUSED"])
        Campaign(campaign["id"]).api_delete()
        self.assertEqual(len(Campaign(campaign["id"]).get_ads(fields=["id"])), 0)

    def test_lists_are_paged_to_the_end(self):
        made = [campaign_of(self.account, name=f"Page {i}", status="PAUSED")["id"] for i in range(7)]
        rows = self.account.get_campaigns(fields=["name"], params={"limit": 3, "effective_status": ["PAUSED"]})
        self.assertEqual([row["id"] for row in rows][:7], made[::-1])

    def test_a_refusal_arrives_with_its_code_and_its_subcode(self):
        with self.assertRaises(FacebookRequestError) as refused:
            campaign_of(self.account, daily_budget=1)
        error = refused.exception
        self.assertEqual((error.api_error_code(), error.api_error_subcode()), (100, 1885272))
        self.assertEqual(error.api_blame_field_specs(), [["daily_budget"]])
        self.assertFalse(error.api_transient_error())

    def test_usage_rises(self):
        # What was called before counts no more, and does not stop to amid what is compared.
        control("clock", "POST", {"advance_seconds": 600})
        self.account.get_campaigns(fields=["id"])
        account = WORLD["ad_account"]
        before = control("limits")["accounts"][account]["points"]
        campaign_of(self.account, status="PAUSED")
        self.assertEqual(control("limits")["accounts"][account]["points"], before + 3)
        usage = json.loads(self.account.get_campaigns(fields=["id"]).headers()["x-ad-account-usage"])
        self.assertEqual(usage["ads_api_access_tier"], "standard_access")

    def test_reports_come_at_once_and_as_a_job_with_the_same_figures(self):
        campaign, *_ = self.tree("Insights")
        fields, params = ["impressions", "spend"], {"date_preset": "today", "level": "ad"}
        now = list(Campaign(campaign["id"]).get_insights(fields=fields, params=params))
        self.assertGreater(int(now[0]["impressions"]), 0)
        run = Campaign(campaign["id"]).get_insights_async(fields=fields, params=params)
        control("clock", "POST", {"advance_seconds": 5})
        report = AdReportRun(run["report_run_id"])
        self.assertEqual(report.api_get()["async_status"], "Job Completed")
        rows = list(report.get_insights())
        self.assertEqual([(row["impressions"], row["spend"]) for row in rows], [(now[0]["impressions"], now[0]["spend"])])

    def test_an_audience_is_filled_by_what_the_sdk_hashes(self):
        made = self.account.create_custom_audience(
            params={"name": "Python", "subtype": "CUSTOM", "customer_file_source": "USER_PROVIDED_ONLY"}
        )
        audience = CustomAudience(made["id"])
        addresses = [f" N{i}@Example.com" for i in range(150)]
        added = audience.add_users(CustomAudience.Schema.email_hash, addresses).json()
        self.assertEqual((added["num_received"], added["num_invalid_entries"]), (150, 0))
        names = [["n1@example.com", "Anna"], ["other@example.com", "Otto"]]
        schema = [CustomAudience.Schema.MultiKeySchema.email, CustomAudience.Schema.MultiKeySchema.fn]
        audience.add_users(schema, names, is_raw=True)
        with self.assertRaises(FacebookRequestError) as refused:
            audience.remove_users(CustomAudience.Schema.email_hash, addresses[:60])
        error = refused.exception
        self.assertEqual((error.api_error_code(), error.api_error_subcode()), (200, 1870047))
        alike = self.account.create_custom_audience(
            params={
                "name": "Alike",
                "subtype": "LOOKALIKE",
                "origin_audience_id": audience["id"],
                "lookalike_spec": json.dumps({"type": "similarity", "country": "US"}),
            }
        )
        read = CustomAudience(alike["id"]).api_get(fields=["operation_status", "account_id"])
        self.assertEqual(read["operation_status"]["code"], 441)
        other = AdAccount(WORLD["other_ad_account"])
        audience.share_audience([other["id"][4:]])
        self.assertIn(audience["id"], [row["id"] for row in other.get_custom_audiences(fields=["id"])])
        audience.unshare_audience([other["id"][4:]])

    def test_targeting_is_searched_and_previewed(self):
        rows = TargetingSearch.search(params={"type": "adinterest", "q": "baseball"})
        self.assertEqual(rows[0]["name"], "Baseball")
        story = {"page_id": WORLD["page"], "link_data": {"link": "https://shop.example/", "message": "Hello"}}
        params = {"creative": {"object_story_spec": story}, "ad_format": "MOBILE_FEED_STANDARD"}
        self.assertIn("<iframe", self.account.get_generate_previews(params=params)[0]["body"])

    def test_a_batch_makes_each_call_and_fails_each_alone(self):
        made, failed = [], []
        batch = FacebookAdsApi.get_default_api().new_batch()
        good = {"name": "Batch", "objective": "OUTCOME_SALES", "special_ad_categories": [], "daily_budget": 1000}
        for params in [good, {**good, "daily_budget": 1}, good]:
            self.account.create_campaign(
                params=params,
                batch=batch,
                success=lambda answer: made.append(answer.json()["id"]),
                failure=lambda answer: failed.append(answer.error().api_error_subcode()),
            )
        batch.execute()
        self.assertEqual((len(made), failed), (2, [1885272]))

    def test_events_are_taken(self):
        now = datetime.fromisoformat(control("clock")["now"])
        event = Event(
            event_name="Purchase",
            event_time=int(now.timestamp()),
            action_source=ActionSource.WEBSITE,
            event_source_url="https://shop.example/",
            event_id="python-order-1",
            user_data=UserData(email="anna@example.com", client_user_agent="Mozilla/5.0"),
            custom_data=CustomData(value=49.9, currency="usd"),
        )
        answer = EventRequest(pixel_id=WORLD["pixel"], events=[event]).execute()
        self.assertEqual(answer.events_received, 1)
        self.assertIn("python-order-1", [taken.get("event_id") for taken in control("state")["events"]])

    def test_images_and_videos_are_uploaded(self):
        with tempfile.TemporaryDirectory() as folder:
            picture, clip = Path(folder, "a.gif"), Path(folder, "clip.mp4")
            picture.write_bytes(b"GIF89a\x40\x01\xf0\x00")
            clip.write_bytes(b"\0\0\0\x18ftypisom" + bytes(2_500_000))
            image = AdImage(parent_id=WORLD["ad_account"])
            image[AdImage.Field.filename] = str(picture)
            image.remote_create()
            video = AdVideo(parent_id=WORLD["ad_account"])
            video[AdVideo.Field.filepath] = str(clip)
            video.remote_create()
        listed = self.account.get_ad_images(fields=["width", "hash"], params={"hashes": [image["hash"]]})
        self.assertEqual([(row["width"], row["hash"]) for row in listed], [(320, image["hash"])])
        [arrived] = [row for row in control("state")["uploads"] if row["id"] == video["id"]]
        self.assertEqual(arrived["bytes"], 2_500_012)
        control("clock", "POST", {"advance_seconds": 10})
        video.waitUntilEncodingReady()
        self.assertEqual(len(list(AdVideo(video["id"]).get_thumbnails(fields=["uri"]))), 3)

    def test_a_carousel_is_published(self):
        user = IGUser(WORLD["instagram_user"])
        images = [f"https://cdn.example.com/{name}.jpg" for name in "ab"]
        items = [user.create_media(params={"image_url": url, "is_carousel_item": True})["id"] for url in images]
        album = user.create_media(params={"media_type": "CAROUSEL", "children": items, "caption": "Two"})
        post = user.create_media_publish(params={"creation_id": album["id"]})
        found = post.api_get(fields=["media_type", "permalink"])
        self.assertEqual(found["media_type"], "CAROUSEL_ALBUM")
        [limit] = user.get_content_publishing_limit(fields=["quota_usage"])
        self.assertGreater(limit["quota_usage"], 0)


if __name__ == "__main__":
    unittest.main()
