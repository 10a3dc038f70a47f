//! The kinds of nodes and what can be read of each.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Serialize;

/// What a node of the graph is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(super) enum Kind {
    AdAccount,
    Campaign,
    AdSet,
    Ad,
    AdCreative,
    AdLabel,
    AdAsyncRequest,
    AdAsyncRequestSet,
    AdReportRun,
    AdImage,
    AdVideo,
    VideoThumbnail,
    AdsPixel,
    CustomAudience,
    SavedAudience,
    AsyncSession,
    HighDemandPeriod,
    Page,
    LeadgenForm,
    Lead,
    IGUser,
    IGContainer,
    IGMedia,
}

/// What can be read of a node, by its kind.
static FIELDS: LazyLock<BTreeMap<&'static str, BTreeSet<&'static str>>> = LazyLock::new(|| {
    let mut fields: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut kind = "";
    for line in include_str!("nodes.txt").lines().filter(|line| !line.starts_with('#')) {
        let names = match line.split_once(": ") {
            Some((name, names)) => {
                kind = name;
                names
            }
            None => line,
        };
        fields.entry(kind).or_default().extend(names.split_whitespace());
    }
    fields
});

impl Kind {
    /// Its name in error messages.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::AdAccount => "AdAccount",
            Self::Campaign => "Campaign",
            Self::AdSet => "AdSet",
            Self::Ad => "Ad",
            Self::AdCreative => "AdCreative",
            Self::AdLabel => "AdLabel",
            Self::AdAsyncRequest => "AdAsyncRequest",
            Self::AdAsyncRequestSet => "AdAsyncRequestSet",
            Self::AdReportRun => "AdReportRun",
            Self::AdImage => "AdImage",
            Self::AdVideo => "AdVideo",
            Self::VideoThumbnail => "VideoThumbnail",
            Self::AdsPixel => "AdsPixel",
            Self::CustomAudience => "CustomAudience",
            Self::SavedAudience => "SavedAudience",
            Self::AsyncSession => "AsyncSession",
            Self::HighDemandPeriod => "HighDemandPeriod",
            Self::Page => "Page",
            Self::LeadgenForm => "LeadgenForm",
            Self::Lead => "Lead",
            Self::IGUser => "IGUser",
            Self::IGContainer => "IGContainer",
            Self::IGMedia => "IGMedia",
        }
    }

    /// Whether a field of this name exists.
    pub(super) fn has_field(self, name: &str) -> bool {
        has_field(self.name(), name)
    }
}

/// Whether the list of fields under this heading has the name.
pub(super) fn has_field(heading: &str, name: &str) -> bool {
    FIELDS.get(heading).is_some_and(|fields| fields.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_has_an_id_and_no_invented_field() {
        let kinds = [
            Kind::AdAccount,
            Kind::Campaign,
            Kind::AdSet,
            Kind::Ad,
            Kind::AdCreative,
            Kind::AdLabel,
            Kind::AdAsyncRequest,
            Kind::AdAsyncRequestSet,
            Kind::AdReportRun,
            Kind::AdImage,
            Kind::AdVideo,
            Kind::VideoThumbnail,
            Kind::AdsPixel,
            Kind::CustomAudience,
            Kind::SavedAudience,
            Kind::AsyncSession,
            Kind::HighDemandPeriod,
            Kind::Page,
            Kind::LeadgenForm,
            Kind::Lead,
            Kind::IGUser,
            Kind::IGContainer,
            Kind::IGMedia,
        ];
        for kind in kinds {
            assert!(kind.has_field("id") && !kind.has_field("nonsense"), "{kind:?}");
        }
        assert!(has_field("AdsInsights", "cost_per_action_type"));
    }
}
