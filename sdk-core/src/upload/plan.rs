//! How one source is cut.

use serde::{Deserialize, Serialize};

use super::rule::Layout;

/// The parts of one source, made by [`ChunkRule::plan`](super::ChunkRule::plan). It has at least one part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Numbers", into = "Numbers")]
pub struct ChunkPlan {
    layout: Layout,
    size: u64,
    chunk_size: u64,
}

/// One part's place in its source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Span {
    /// The part's number, from 1. With [`Layout::FromOffset`] it is that of the part where the span begins.
    pub number: u64,
    /// The first byte.
    pub offset: u64,
    /// The number of bytes.
    pub length: u64,
}

impl Span {
    /// The first byte behind the part.
    pub const fn end(&self) -> u64 {
        self.offset.saturating_add(self.length)
    }
}

impl ChunkPlan {
    /// `chunk_size` is at least 1 and at most `size`.
    pub(super) const fn new(layout: Layout, size: u64, chunk_size: u64) -> Self {
        Self { layout, size, chunk_size }
    }

    /// The source's size in bytes.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The size of every part but the last.
    pub const fn chunk_size(&self) -> u64 {
        self.chunk_size
    }

    /// The number of parts.
    pub const fn count(&self) -> u64 {
        match self.layout {
            Layout::LongLast => self.size / self.chunk_size,
            Layout::ShortLast | Layout::FromOffset => self.size.div_ceil(self.chunk_size),
        }
    }

    /// The size of the last part.
    pub const fn last_size(&self) -> u64 {
        self.size - (self.count() - 1) * self.chunk_size
    }

    /// Every part, in order, for an upload that starts at the beginning.
    pub fn spans(&self) -> impl Iterator<Item = Span> + Send + use<> {
        let plan = *self;
        (1..=plan.count()).filter_map(move |number| plan.span(number))
    }

    /// The part with this number, from 1.
    pub const fn span(&self, number: u64) -> Option<Span> {
        if number == 0 || number > self.count() {
            return None;
        }
        let offset = (number - 1) * self.chunk_size;
        let length = if number == self.count() { self.size - offset } else { self.chunk_size };
        Some(Span { number, offset, length })
    }

    /// What to send when the server has everything before `offset`: the rest of the part with fixed borders in which it
    /// lies, or a whole part from there on. `None` at the end.
    pub fn span_at(&self, offset: u64) -> Option<Span> {
        let left = self.size.checked_sub(offset).filter(|left| *left > 0)?;
        let number = (offset / self.chunk_size + 1).min(self.count());
        let length = match self.layout {
            Layout::FromOffset => left.min(self.chunk_size),
            Layout::ShortLast | Layout::LongLast => self.span(number)?.end() - offset,
        };
        Some(Span { number, offset, length })
    }
}

/// A plan as it is stored.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Numbers {
    layout: Layout,
    size: u64,
    chunk_size: u64,
}

impl From<ChunkPlan> for Numbers {
    fn from(plan: ChunkPlan) -> Self {
        Self { layout: plan.layout, size: plan.size, chunk_size: plan.chunk_size }
    }
}

impl TryFrom<Numbers> for ChunkPlan {
    type Error = &'static str;

    fn try_from(numbers: Numbers) -> Result<Self, Self::Error> {
        let Numbers { layout, size, chunk_size } = numbers;
        if chunk_size == 0 || chunk_size > size {
            return Err("a plan's parts are no larger than its source and not empty");
        }
        Ok(Self::new(layout, size, chunk_size))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::upload::{ChunkRule, PlanError};

    const MIB: u64 = 1 << 20;

    /// TikTok, Content Posting API, Media Transfer Guide.
    const DECLARED: ChunkRule = ChunkRule::new(Layout::LongLast, 10 * MIB)
        .min(5 * MIB)
        .max(64_000_000)
        .max_last(128_000_000)
        .max_parts(1_000)
        .max_size(4 << 30)
        .whole_up_to(64_000_000);
    /// YouTube, resumable uploads.
    const FROM_OFFSET: ChunkRule =
        ChunkRule::new(Layout::FromOffset, 8 * MIB).min(256 << 10).multiple_of(256 << 10).max_size(256 << 30);
    /// Amazon S3, multipart upload.
    const NUMBERED: ChunkRule =
        ChunkRule::new(Layout::ShortLast, 8 * MIB).min(5 * MIB).max(5 << 30).max_parts(10_000).max_size(5 << 40);

    fn vectors() -> Value {
        serde_json::from_str(include_str!("../../tests/vectors/chunk_plan.json")).unwrap()
    }

    fn ranges(plan: ChunkPlan) -> Vec<String> {
        let range = |span: Span| format!("bytes {}-{}/{}", span.offset, span.end() - 1, plan.size());
        plan.spans().map(range).collect()
    }

    #[test]
    fn published_plans_are_made() {
        let vectors = vectors();
        let list = vectors["vectors"].as_array().unwrap();
        assert_eq!(list.len(), 29);
        for vector in list {
            let size = vector["video_size"].as_u64().unwrap();
            let plan = DECLARED.plan(size, vector["preferred_chunk_size"].as_u64());
            match vector["expect_error"].as_str() {
                Some("file_too_large") => assert_eq!(plan, Err(PlanError::TooLarge { size, limit: 4 << 30 })),
                Some("empty_file") => assert_eq!(plan, Err(PlanError::Empty)),
                Some(other) => panic!("{other} is not known"),
                None => {
                    let plan = plan.unwrap();
                    assert_eq!(plan.chunk_size(), vector["chunk_size"], "{vector}");
                    assert_eq!(plan.count(), vector["total_chunk_count"], "{vector}");
                    assert_eq!(plan.last_size(), vector["last_chunk_len"], "{vector}");
                    let ranges = ranges(plan);
                    if let Some(all) = vector["content_ranges"].as_array() {
                        assert_eq!(&ranges, all, "{vector}");
                    } else {
                        assert_eq!(ranges[..2], vector["content_ranges_head"].as_array().unwrap()[..], "{vector}");
                        let tail = vector["content_ranges_tail"].as_array().unwrap();
                        assert_eq!(ranges[ranges.len() - 2..], tail[..], "{vector}");
                    }
                }
            }
        }
    }

    #[test]
    fn published_refusals_are_refused_for_the_same_reason() {
        let vectors = vectors();
        for vector in vectors["invalid_init_requests"].as_array().unwrap() {
            let number = |name: &str| vector["source_info"][name].as_u64().unwrap();
            let refusal =
                DECLARED.verify(number("video_size"), number("chunk_size"), number("total_chunk_count")).unwrap_err();
            match vector["message"].as_str().unwrap() {
                "The chunk size is invalid" => assert!(matches!(refusal, PlanError::ChunkSize { .. }), "{vector}"),
                "The total chunk count is invalid" => assert!(matches!(refusal, PlanError::Count { .. }), "{vector}"),
                other => panic!("{other} is not known"),
            }
        }
    }

    #[test]
    fn a_part_is_counted_from_where_the_server_is() {
        let plan = FROM_OFFSET.plan(20_000_000, None).unwrap();
        assert_eq!(plan.count(), 3);
        assert_eq!(plan.span_at(10_000_000).map(|s| (s.offset, s.end())), Some((10_000_000, 18_388_608)));
        assert_eq!(plan.span_at(18_388_608).map(|s| (s.offset, s.end())), Some((18_388_608, 20_000_000)));
        assert_eq!(plan.span_at(20_000_000), None);
    }

    #[test]
    fn a_part_with_fixed_borders_is_sent_to_its_end() {
        let plan = DECLARED.plan(50_000_123, Some(10_000_000)).unwrap();
        assert_eq!(plan.span_at(12_000_000).map(|s| (s.number, s.end())), Some((2, 20_000_000)));
        assert_eq!(plan.span_at(50_000_000).map(|s| (s.number, s.end())), Some((5, 50_000_123)));
    }

    #[test]
    fn parts_grow_when_they_became_too_many() {
        let plan = NUMBERED.plan(5 << 40, None).unwrap();
        assert_eq!(plan.count(), 10_000);
        assert!(plan.chunk_size() > 500 * MIB);
        let small = ChunkRule::new(Layout::ShortLast, 10).max(10).max_parts(3);
        assert_eq!(small.plan(31, None), Err(PlanError::TooLarge { size: 31, limit: 30 }));
    }

    #[test]
    fn a_stored_plan_that_no_rule_could_make_is_refused() {
        let plan = NUMBERED.plan(20 * MIB, None).unwrap();
        let text = serde_json::to_string(&plan).unwrap();
        assert_eq!(serde_json::from_str::<ChunkPlan>(&text).unwrap(), plan);
        for (from, to) in [("8388608", "0"), ("8388608", "20971521")] {
            assert!(serde_json::from_str::<ChunkPlan>(&text.replace(from, to)).is_err(), "{to}");
        }
    }

    proptest! {
        #[test]
        fn parts_cover_the_source_once_and_satisfy_the_rule(
            rule in prop::sample::select(vec![DECLARED, FROM_OFFSET, NUMBERED]),
            size in prop_oneof![1..200 * MIB, 1..(4_u64 << 30)],
            preferred in prop::option::of(1..(128 * MIB)),
        ) {
            let plan = rule.plan(size, preferred).unwrap();
            prop_assert_eq!(rule.verify(size, plan.chunk_size(), plan.count()), Ok(plan));
            let mut end = 0;
            for span in plan.spans() {
                prop_assert_eq!(span.offset, end);
                prop_assert_eq!(plan.span_at(span.offset), Some(span));
                end = span.end();
            }
            prop_assert_eq!(end, size);
        }

        #[test]
        fn from_any_offset_the_rest_is_covered(size in 1..100 * MIB, at in 0.0..1.0_f64) {
            for rule in [DECLARED, FROM_OFFSET, NUMBERED] {
                let plan = rule.plan(size, None).unwrap();
                let mut offset = (size as f64 * at) as u64;
                while let Some(span) = plan.span_at(offset) {
                    prop_assert_eq!(span.offset, offset);
                    prop_assert!(span.length > 0 && span.length <= plan.chunk_size().max(plan.last_size()));
                    offset = span.end();
                }
                prop_assert_eq!(offset, size);
            }
        }
    }
}
