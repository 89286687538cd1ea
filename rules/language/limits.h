// What a rules file may ask for at most. Each limit is an error with its name and value; none is ever exceeded silently.
#pragma once

#include <cstddef>
#include <cstdint>

namespace weir::limits {

constexpr std::size_t rules_file_bytes_max = std::size_t{4} * 1024 * 1024;
constexpr std::size_t rules_files_max = 1'000;
constexpr std::size_t rules_bytes_max = std::size_t{16} * 1024 * 1024;  // of all files together
constexpr std::size_t tokens_max = 500'000;                             // in one file
constexpr std::size_t nesting_depth_max = 100;                          // of parentheses, operators and calls in one expression
constexpr std::size_t expression_nodes_max = 20'000;                    // in one condition or let, as written
constexpr std::size_t name_bytes_max = 128;
constexpr std::size_t string_bytes_max = 4'096;  // of one string literal
constexpr std::size_t event_types_max = 64;
constexpr std::size_t event_fields_max = 1'000;  // of all event types together
constexpr std::size_t rules_max = 10'000;
constexpr std::size_t features_max = 4'096;    // aggregates written in place included
constexpr std::size_t feature_keys_max = 512;  // different `by` of features, and features that are reset: each takes megabytes at once
constexpr std::size_t lets_max = 4'096;
constexpr std::size_t lists_max = 1'024;
constexpr std::size_t list_entries_max = 10'000'000;
constexpr std::size_t all_list_values_max = 50'000'000;  // entries of all lists, cells of all lookups: beyond, no further one is read
constexpr std::size_t list_file_bytes_max = std::size_t{1024} * 1024 * 1024;
constexpr std::size_t lookups_max = 256;
constexpr std::size_t lookup_rows_max = 5'000'000;
constexpr std::size_t lookup_columns_max = 64;
constexpr std::size_t csv_cells_max = 10'000;   // of one line
constexpr std::size_t set_entries_max = 1'000;  // of `in [a, b, ...]`
constexpr std::size_t patterns_max = 4'096;     // regular expressions
constexpr std::size_t key_parts_max = 8;        // of `by a, b`
constexpr std::size_t call_arguments_max = 16;
constexpr std::size_t facts_max = 1'024;            // that rules write
constexpr std::size_t fact_type_depth_max = 500;    // of lets and facts that lead to a fact's type
constexpr std::size_t sequences_max = 256;          // `pattern` declarations
constexpr std::size_t searching_patterns_max = 32;  // of which one event may try 65,536 combinations of earlier ones
constexpr std::size_t steps_max = 16;               // of one pattern, repetitions counted
constexpr std::size_t pattern_values_max = 64;      // that steps of one pattern compare; the engine has a bit for each
constexpr std::size_t resets_max = 16;              // of one rule
constexpr std::size_t outcomes_max = 64;
constexpr std::size_t bands_max = 64;
constexpr std::size_t tests_max = 10'000;
constexpr std::size_t test_steps_max = 1'000;                                         // of one test
constexpr std::size_t test_events_max = 100'000;                                      // of one test
constexpr std::size_t all_test_events_max = 1'000'000;                                // of all tests together
constexpr std::size_t test_bytes_max = std::size_t{256} * 1024 * 1024;                // of one test's events, as records
constexpr std::size_t all_test_bytes_max = std::size_t{1024} * 1024 * 1024;           // of all tests' events together
constexpr std::size_t updates_max = 16;                                               // of one rule
constexpr std::size_t all_updates_max = 10'000;                                       // of all rules together
constexpr std::int64_t window_ms_max = std::int64_t{400} * 24 * 60 * 60 * 1000;       // 400d
constexpr std::uint64_t window_events_max = 10'000;                                   // of `over last N events`
constexpr std::int64_t duration_ms_max = std::int64_t{36'500} * 24 * 60 * 60 * 1000;  // of a duration literal: 36500d
constexpr std::int64_t score_max = 1'000'000;                                         // of one rule, either sign, in whole points
constexpr std::int64_t regex_memory_bytes_max = std::int64_t{1} * 1024 * 1024;        // of one compiled expression (RE2)
constexpr std::size_t all_regex_memory_bytes = std::size_t{256} * 1024 * 1024;  // shared by a rule set's, and 256 bytes an instruction
constexpr std::size_t regex_instructions_max = 1'000'000;                       // of all of them together, as RE2 counts
constexpr std::size_t diagnostics_max = 200;                                    // errors of one run, and as many warnings

}  // namespace weir::limits
