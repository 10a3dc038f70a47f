"""Reads all ads with the official SDK, a round for each line on standard input.

A line is the rows a page; the answer is the nanoseconds of the processor, in user and in kernel mode, that it took, and the
sum of the lengths of the ads' names.
"""

import json
import os
import sys
import time

from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

META = json.loads(os.environ["META"])
WORLD = META["world"]
FIELDS = ["name", "status", "effective_status", "campaign_id", "adset_id", "creative", "created_time"]

# The host, the one thing that changes.
FacebookSession.GRAPH = META["url"]
# With the app's secret, as on the other side, and without the crash reporter.
FacebookAdsApi.init(WORLD["app_id"], WORLD["app_secret"], WORLD["access_token"], crash_log=False)

for line in sys.stdin:
    start = time.process_time_ns()
    letters = sum(len(ad["name"]) for ad in AdAccount(WORLD["ad_account"]).get_ads(fields=FIELDS, params={"limit": int(line)}))
    print(time.process_time_ns() - start, letters, flush=True)
