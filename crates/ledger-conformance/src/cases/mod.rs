//! The cases, by what they are about.

mod append;
mod dedup;
mod guards;
mod interrupted;
mod lock;
mod migrate;
mod payload;
mod read;
mod rebuild;
mod rules;
mod writers;

use clawstead_ledger::Engine;

use crate::Case;

macro_rules! list {
    ($($module:ident :: $case:ident),+ $(,)?) => {
        /// The suite.
        pub fn cases<E: Engine + 'static>() -> Vec<Case<E>> {
            vec![$(Case {
                name: concat!(stringify!($module), "::", stringify!($case)),
                run: |engine| Box::pin($module::$case(engine)),
            }),+]
        }
    };
}

list![
    append::a_line_is_read_back_as_it_was_handed_in,
    append::versions_ascend_in_every_stream,
    append::a_stale_version_is_refused,
    append::a_version_that_is_not_there_yet_is_refused,
    append::several_streams_go_in_together,
    append::several_streams_stay_out_together,
    append::refused_appends_leave_no_gap,
    append::nothing_is_appended_by_an_empty_append,
    dedup::a_repeat_gives_the_first_outcome,
    dedup::a_repeat_is_one_even_when_the_version_has_moved_on,
    dedup::a_key_counts_in_the_whole_log,
    dedup::a_repeat_outweighs_a_broken_rule,
    rules::a_raised_rule_refuses_the_append_with_its_name,
    rules::a_unique_index_refuses_the_append_and_keeps_what_it_guards,
    rules::the_last_event_can_refuse_them_all,
    guards::no_line_is_changed_or_removed,
    guards::no_line_is_replaced,
    guards::a_conflict_clause_on_the_intake_changes_nothing,
    guards::a_line_has_the_next_position_and_version,
    guards::intakes_and_feeds_stay_empty,
    read::an_empty_log_is_at_zero,
    read::a_stream_is_loaded_after_a_version,
    read::the_log_is_paged_by_position,
    read::a_page_can_be_of_one_stream_and_of_one_type,
    read::deep_pages_are_complete,
    read::an_unreadable_line_is_an_error,
    payload::numbers_keep_their_digits,
    payload::every_unicode_character_survives,
    payload::a_large_payload_survives,
    payload::large_texts_reach_the_views_whole,
    migrate::migrating_again_changes_nothing,
    migrate::two_may_migrate_at_once,
    migrate::a_newer_schema_is_refused,
    migrate::an_interrupted_migration_goes_on,
    lock::one_holder_at_a_time,
    lock::a_name_alone_is_no_proof_of_holding,
    lock::an_expired_lock_passes_on_with_a_larger_fence,
    lock::of_many_at_once_one_gets_it,
    writers::of_two_writers_one_wins,
    writers::none_of_many_writers_loses_a_line,
    rebuild::rebuilt_views_equal_live_ones,
    rebuild::rules_hold_after_a_rebuild,
    rebuild::appends_go_on_meanwhile,
    rebuild::writers_and_a_rebuild_share_the_database,
    rebuild::one_rebuild_at_a_time,
    rebuild::a_log_that_breaks_a_rule_leaves_the_live_views,
    interrupted::a_rebuild_that_dies_leaves_the_live_views,
    interrupted::a_rebuild_that_is_overtaken_gives_up,
];
