//! Generated from the public items of acd-analytics by `cargo xtask test --only types --fix`; not to be edited.

super::wire_types! {
    Batch() = acd_analytics::wire::Batch<'_>;
    BatchReply() = acd_analytics::wire::BatchReply;
    Message() = acd_analytics::wire::Message<'_>;
    MessageType() = acd_analytics::wire::MessageType;
    Rejection() = acd_analytics::wire::Rejection;
    RejectionCode() = acd_analytics::wire::RejectionCode;
}
