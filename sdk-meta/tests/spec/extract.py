"""Writes names.json: which parameters, fields and values Meta's Python SDK names, which is generated from Meta's own
specification of its API. Names alone are taken.

    pip install facebook-business==26.0.3 && python extract.py > names.json
"""

import ast
import importlib.metadata
import json
import pathlib
import textwrap

import facebook_business.adobjects
from facebook_business.apiconfig import ads_api_config

FOLDER = pathlib.Path(facebook_business.adobjects.__file__).parent
PARAMETERS = {
    "AdAccount": [
        "create_ad", "create_ad_creative", "create_ad_label", "create_ad_set", "create_ad_video", "create_ads_pixel",
        "create_async_ad_request_set", "create_async_batch_request", "create_campaign", "create_custom_audience",
        "create_subscribed_app", "delete_ad_images", "delete_subscribed_apps", "delete_users_of_any_audience",
        "get_ad_creatives_by_labels", "get_ad_images", "get_ad_sets", "get_ad_sets_by_labels", "get_ads", "get_ads_by_labels",
        "get_campaigns", "get_campaigns_by_labels", "get_delivery_estimate", "get_generate_previews", "get_insights",
        "get_reach_estimate", "get_targeting_browse", "get_targeting_search", "get_targeting_suggestions",
    ],
    "Ad": ["api_update", "create_copy", "get_previews"],
    "AdAsyncRequestSet": ["get_requests"],
    "AdCreative": ["api_update", "get_previews"],
    "AdSet": ["api_update", "create_budget_schedule", "create_copy", "get_delivery_estimate"],
    "AdsPixel": ["api_update", "get_stats"],
    "Application": ["create_subscription", "delete_subscriptions"],
    "Campaign": ["api_update", "create_budget_schedule", "create_copy", "get_budget_schedules"],
    "CustomAudience": [
        "api_update", "create_ad_account", "create_user", "create_users_replace", "delete_ad_accounts", "delete_users",
        "get_sessions",
    ],
    "HighDemandPeriod": ["api_update"],
    "IGMedia": ["get_insights"],
    "IGUser": ["create_media", "create_media_publish", "get_insights"],
    "LeadgenForm": ["create_test_lead"],
    "Page": ["create_subscribed_app"],
}
FIELDS = [
    "Ad", "AdAccount", "AdAsyncRequest", "AdAsyncRequestSet", "AdCampaignFrequencyControlSpecs", "AdCreative",
    "AdCreativeLinkData", "AdCreativeLinkDataCallToAction", "AdCreativeLinkDataCallToActionValue",
    "AdCreativeLinkDataChildAttachment", "AdCreativeObjectStorySpec", "AdCreativePhotoData", "AdCreativeVideoData",
    "AdLabel", "AdPromotedObject", "AdSet", "AdVideo", "AdsInsights", "AdsPixel", "AttributionSpec", "Campaign",
    "CustomAudience", "DayPart", "HighDemandPeriod", "IGMedia", "Lead", "LeadgenForm", "LookalikeSpec", "Page",
    "SavedAudience", "Targeting", "TargetingAutomation", "TargetingGeoLocation", "TargetingGeoLocationCity",
    "TargetingGeoLocationCustomLocation", "AdCampaignBidConstraint",
]
VALUES = {
    "Ad": ["EffectiveStatus", "ExecutionOptions", "Status", "StatusOption"],
    "AdAsyncRequest": ["Statuses"],
    "AdAsyncRequestSet": ["NotificationMode"],
    "AdCreative": ["AuthorizationCategory", "CallToActionType", "Status"],
    "AdPreview": ["AdFormat"],
    "AdPromotedObject": ["CustomEventType"],
    "AdSet": [
        "BidStrategy", "BillingEvent", "DestinationType", "EffectiveStatus", "ExecutionOptions", "OptimizationGoal", "Status",
        "StatusOption",
    ],
    "AdsInsights": ["ActionAttributionWindows", "ActionBreakdowns", "Breakdowns", "DatePreset", "Level"],
    "AdsPixel": ["DataUseSetting"],
    "Campaign": [
        "BidStrategy", "EffectiveStatus", "ExecutionOptions", "Objective", "SpecialAdCategories", "Status", "StatusOption",
    ],
    "CustomAudience": ["CustomerFileSource", "Subtype"],
    "HighDemandPeriod": ["BudgetValueType"],
    "LeadgenForm": ["Status"],
    "Targeting": ["DevicePlatforms"],
}
SERVER_SIDE = [
    "ActionSource", "AttributionMethod", "AttributionModel", "DeclineReason", "DeliveryCategory", "MessagingChannel",
]


def class_of(tree, name):
    return next(node for node in ast.walk(tree) if isinstance(node, ast.ClassDef) and node.name == name)


def object_class(name, file=None):
    return class_of(ast.parse((FOLDER / f"{file or name.lower()}.py").read_text()), name)


def constants(node):
    assigned = [entry.value for entry in node.body if isinstance(entry, ast.Assign)]
    return sorted({value.value for value in assigned if isinstance(value, ast.Constant)})


def inner(name, of):
    return class_of(object_class(name), of)


def server_side(name):
    file = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).strip("_")
    return constants(object_class(name, f"serverside/{file}"))


def parameters(name, method):
    function = next(node for node in object_class(name).body if isinstance(node, ast.FunctionDef) and node.name == method)
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "param_types":
            return sorted(key.value for key in node.value.keys)
    raise LookupError(f"{name}.{method}")


def written(lists):
    def entry(name, values):
        text = textwrap.fill(json.dumps(values), 118, initial_indent="      ", subsequent_indent="      ",
                             break_long_words=False, break_on_hyphens=False)
        return f"    {json.dumps(name)}:\n{text}"
    return "{\n" + ",\n".join(entry(name, values) for name, values in sorted(lists.items())) + "\n  }"


print("{")
print(f'  "source": "facebook-business {importlib.metadata.version("facebook-business")} (PyPI)",')
print(f'  "version": "{ads_api_config["API_VERSION"]}",')
print('  "parameters": ' + written(
    {f"{name}.{method}": parameters(name, method) for name, methods in PARAMETERS.items() for method in methods}) + ",")
print('  "fields": ' + written({name: constants(inner(name, "Field")) for name in FIELDS}) + ",")
values = {f"{name}.{kind}": constants(inner(name, kind)) for name, kinds in VALUES.items() for kind in kinds}
values |= {f"serverside.{name}": server_side(name) for name in SERVER_SIDE}
values["CustomAudience.MultiKeySchema"] = constants(object_class("MultiKeySchema", "helpers/customaudiencemixin"))
print('  "values": ' + written(values))
print("}")
