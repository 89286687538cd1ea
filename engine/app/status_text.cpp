#include "engine/app/status_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include <fmt/format.h>

#include "engine/base/byte_buffer.h"
#include "engine/base/counted.h"
#include "engine/base/json_text.h"
#include "engine/base/timestamp.h"
#include "engine/control/expiry_watch.h"

namespace weir {
namespace {

std::string time_text(std::int64_t ms) {
  ByteBuffer out;
  append_timestamp(out, ms);
  return std::string(out.view());
}

// Seconds since 1970 that are read as milliseconds lie before this: in the first weeks of that year.
constexpr std::int64_t seconds_look_like_ms = 4'000'000'000;

std::string_view outcome_text(ReloadResult::Outcome outcome) {
  switch (outcome) {
    case ReloadResult::Outcome::switched:
      return "switched";
    case ReloadResult::Outcome::unchanged:
      return "unchanged";
    case ReloadResult::Outcome::failed:
      break;
  }
  return "failed";
}

std::string lag_text(std::int64_t lag) {
  return lag < 0 ? "unknown" : std::to_string(lag);
}

// Of what began on the direct path to Kafka.
std::string hand_overs_text(std::uint64_t count, std::string_view what) {
  return count == 0 ? std::string() : ", " + counted(count, what) + " handed over to librdkafka";
}

template <typename Items, typename Write>
std::string joined(const Items& items, Write write) {
  std::string all;
  for (const auto& item : items) all += (all.empty() ? "" : ",") + write(item);
  return all;
}

std::string indented(const std::string& text) {
  std::string all;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    all += "    " + text.substr(at, end - at) + '\n';
    at = end + 1;
  }
  return all;
}

// How often a limit was met.
struct MetLimit {
  std::string_view name;
  std::string_view what;
  std::uint64_t count;
};

std::array<MetLimit, 9> met_limits(const ServiceStatus& service) {
  return {{{"events_a_key_max", "oldest events of a key dropped", service.key_events_dropped},
           {"distinct_values_max", "answers of distinct cut", service.distinct_values_cut},
           {"out_of_range", "sums that do not fit, and are missing", service.sums_out_of_range},
           {"ids_max", "ids forgotten within their horizon", service.ids_forgotten},
           {"fact_keys_max", "facts not kept", service.facts_refused},
           {"pattern_events_a_key_max", "steps of patterns forgotten", service.pattern_events_dropped},
           {"pattern_tries_max", "events not compared with every step of a pattern", service.pattern_tries_reached},
           {"reason_bytes_max", "reasons cut or left out", service.reasons_cut},
           {"update_bytes_max", "updates left out", service.updates_left_out}}};
}

// What happens to few records, and in few services.
std::string seldom_text(const ServiceStatus& service) {
  std::string text;
  if (service.skipped > 0) text += fmt::format(", of no known event {}", service.skipped);
  if (service.duplicates > 0) text += fmt::format(", duplicates {}", service.duplicates);
  if (service.late_dropped > 0) text += fmt::format(", too late and dropped {}", service.late_dropped);
  if (service.rule_errors > 0) text += fmt::format(", rules that met an error {}", service.rule_errors);
  return text;
}

}  // namespace

std::string reload_text(const ReloadResult& result) {
  std::string text = fmt::format("{} ({}): {}\n", outcome_text(result.outcome), result.origin, result.text);
  if (!result.diagnostics.empty()) text += result.diagnostics;
  return text;
}

std::string reload_json(const ReloadResult& result) {
  return fmt::format(R"({{"result":"{}","version":{},"origin":{},"text":{},"diagnostics":{},"at":"{}","took_ms":{}}})",
                     outcome_text(result.outcome), result.version, json_of(result.origin), json_of(result.text),
                     json_of(result.diagnostics), time_text(result.at_ms), result.took_ms);
}

std::string version_text(const RuleVersion& version, bool in_force) {
  return fmt::format("{:>6} {} {}  {}  {}\n", version.number, in_force ? '*' : ' ', version.hash, time_text(version.made_at_ms),
                     version.origin);
}

std::string version_json(const RuleVersion& version, bool in_force) {
  const std::string files = joined(version.files, [](const KeptFile& file) {
    return fmt::format(R"({{"kind":"{}","path":{},"bytes":{},"content":"{}"}})", file.kind == KeptFile::Kind::rules ? "rules" : "list",
                       json_of(file.path), file.bytes, file.content);
  });
  return fmt::format(R"({{"version":{},"hash":"{}","made_at":"{}","origin":{},"in_force":{},"files":[{}]}})", version.number, version.hash,
                     time_text(version.made_at_ms), json_of(version.origin), in_force, files);
}

std::string status_text(const StatusLook& look) {
  const ServiceStatus& service = look.service;
  std::string text =
      fmt::format("{}: up {}s, {}, {}\n", look.config, look.uptime.count(), counted(look.lanes, "lane"), counted(service.shards, "shard"));
  text += fmt::format("rules   version {}, hash {}, {}, {}\n", look.rules.version, look.rules.hash, counted(look.rules.switches, "switch"),
                      counted(look.reloads, "reload"));
  if (look.files_differ) text += "        the files on disk say something else; their next change takes over\n";
  if (look.last_reload) {
    text += fmt::format("reload  {} at {} ({}): {}\n", outcome_text(look.last_reload->outcome), time_text(look.last_reload->at_ms),
                        look.last_reload->origin, look.last_reload->text);
    if (look.last_reload->outcome == ReloadResult::Outcome::failed) text += indented(look.last_reload->diagnostics);
  }
  if (!look.rules.last_failure.empty())
    text += fmt::format("epochs  {} failures, the last: {}\n", look.rules.log_failures, look.rules.last_failure);
  if (look.rules.shards_anew > 0) text += fmt::format("epochs  dropped for {} shards whose topic was made anew\n", look.rules.shards_anew);
  text += fmt::format("records {}, decided {}, filtered {}, dead letters {}, replayed {}, held for an epoch {}{}\n", service.records,
                      service.decided, service.filtered, service.dead_letters, service.replayed, service.held, seldom_text(service));
  if (!service.first_dead_letter.empty()) text += fmt::format("        the first dead letter: {}\n", service.first_dead_letter);
  if (service.last_event_ms != 0)
    text += fmt::format("events  the last of {}{}\n", time_text(service.last_event_ms),
                        service.last_event_ms < seconds_look_like_ms ? "; a time in seconds is declared `timestamp(s)`" : "");
  text += fmt::format("windows {}, {} MiB, late events {}, too late for their key {}\n", counted(service.keys, "key"),
                      service.state_bytes >> 20, service.late_events, service.too_late_events);
  for (const MetLimit& limit : met_limits(service))
    if (limit.count > 0) text += fmt::format("limits  {} {} (`{}`)\n", limit.count, limit.what, limit.name);
  for (std::size_t lane = 0; lane < service.switches.size(); ++lane) {
    const LaneSwitches& switches = service.switches[lane];
    if (switches.pauses == 0 && switches.held_longest_us == 0) continue;
    text += fmt::format(
        "lane    {}: {} pauses for changed rules, the last {} us, the longest {} us, turns about them {} us at most; records waited "
        "{} us at most\n",
        lane, switches.pauses, switches.last_us, switches.longest_us, switches.turn_longest_us, switches.held_longest_us);
  }
  for (const SourceStatus& source : look.sources)
    text += fmt::format("source  {}: lag {}{}{}\n", source.name, lag_text(source.lag), hand_overs_text(source.hand_overs, "shard"),
                        source.awaited ? ", has no shards yet, and the others wait for it" : "");
  for (const ShardRuleStatus& shard : look.rules.shards) {
    text += fmt::format("shard   {}/{}/{}: lane {}, decided below {}, version {}", shard.name.source, shard.name.topic,
                        shard.name.partition, shard.lane, shard.decided_below, shard.version);
    if (shard.switch_at >= 0) text += fmt::format(", the next at {}", shard.switch_at);
    text += '\n';
  }
  for (const SinkStatus& sink : service.sinks) {
    text +=
        fmt::format("sink    {}: {} outputs, {} delivered, {} queued", sink.name, sink.outputs, sink.state.delivered, sink.state.queued);
    text += hand_overs_text(sink.state.hand_overs, "lane");
    text += sink.state.healthy ? "\n" : ", fails: " + sink.state.last_error + "\n";
  }
  for (const OutcomeCount& outcome : service.outcomes) text += fmt::format("outcome {}: {}\n", outcome.name, outcome.count);
  if (look.rules.switches > 0) text += fmt::format("rules   counted since version {} is in force\n", look.rules.version);
  for (const RuleStatus& rule : service.rules) text += "rule    " + rule_text(rule) + '\n';
  for (const RuleStatus& rule : service.rules)
    if (const std::string near = expiry_text(rule, look.now_ms, look.expiry_warning_ms); !near.empty()) text += "warning " + near + '\n';
  for (const ShardFailure& failure : service.failures)
    text += fmt::format("failed  {}/{}: {}\n", failure.name.topic, failure.name.partition, failure.error.text);
  return text;
}

std::string status_json(const StatusLook& look) {
  const ServiceStatus& service = look.service;
  const std::string shards = joined(look.rules.shards, [](const ShardRuleStatus& shard) {
    return fmt::format(R"({{"source":{},"topic":{},"partition":{},"lane":{},"decided_below":{},"version":{},"switch_at":{}}})",
                       json_of(shard.name.source), json_of(shard.name.topic), shard.name.partition, shard.lane, shard.decided_below,
                       shard.version, shard.switch_at < 0 ? "null" : std::to_string(shard.switch_at));
  });
  const std::string sources = joined(look.sources, [](const SourceStatus& source) {
    return fmt::format(R"({{"name":{},"lag":{},"hand_overs":{},"awaited":{}}})", json_of(source.name),
                       source.lag < 0 ? "null" : std::to_string(source.lag), source.hand_overs, source.awaited);
  });
  const std::string sinks = joined(service.sinks, [](const SinkStatus& sink) {
    return fmt::format(R"({{"name":{},"healthy":{},"outputs":{},"delivered":{},"retries":{},"queued":{},"hand_overs":{},"last_error":{}}})",
                       json_of(sink.name), sink.state.healthy, sink.outputs, sink.state.delivered, sink.state.retries, sink.state.queued,
                       sink.state.hand_overs, json_of(sink.state.last_error));
  });
  const std::string outcomes =
      joined(service.outcomes, [](const OutcomeCount& outcome) { return fmt::format("{}:{}", json_of(outcome.name), outcome.count); });
  const std::string failures = joined(service.failures, [](const ShardFailure& failure) {
    return fmt::format(R"({{"topic":{},"partition":{},"error":{}}})", json_of(failure.name.topic), failure.name.partition,
                       json_of(failure.error.text));
  });
  const std::string lanes = joined(service.switches, [](const LaneSwitches& lane) {
    return fmt::format(R"({{"switch_pauses":{},"switch_last_us":{},"switch_longest_us":{},"turn_longest_us":{},"held_longest_us":{}}})",
                       lane.pauses, lane.last_us, lane.longest_us, lane.turn_longest_us, lane.held_longest_us);
  });
  std::vector<std::string> near;
  for (const RuleStatus& rule : service.rules)
    if (std::string text = expiry_text(rule, look.now_ms, look.expiry_warning_ms); !text.empty()) near.push_back(std::move(text));
  const std::string warnings = joined(near, json_of);
  const std::string limits =
      joined(met_limits(service), [](const MetLimit& limit) { return fmt::format(R"("{}":{})", limit.name, limit.count); });
  // {"rules":[...]} without its braces.
  const std::string rules = rules_json(service.rules);
  return fmt::format(
             R"({{"config":{},"uptime_s":{},"lanes":{},"ruleset":{{"version":{},"hash":"{}","switches":{},"reloads":{},"files_differ":{},"epoch_log_failures":{},"shards_anew":{}}},)",
             json_of(look.config), look.uptime.count(), look.lanes, look.rules.version, look.rules.hash, look.rules.switches, look.reloads,
             look.files_differ, look.rules.log_failures, look.rules.shards_anew) +
         fmt::format(
             R"("last_reload":{},"records":{},"decided":{},"filtered":{},"dead_letters":{},"replayed":{},"held":{},"rule_errors":{},)",
             look.last_reload ? reload_json(*look.last_reload) : "null", service.records, service.decided, service.filtered,
             service.dead_letters, service.replayed, service.held, service.rule_errors) +
         fmt::format(
             R"("last_event":{},"first_dead_letter":{},"skipped":{},"duplicates":{},"late_dropped":{},"keys":{},"state_bytes":{},"late_events":{},"too_late_events":{},"limits":{{{}}},)",
             service.last_event_ms == 0 ? "null" : json_of(time_text(service.last_event_ms)),
             service.first_dead_letter.empty() ? "null" : json_of(service.first_dead_letter), service.skipped, service.duplicates,
             service.late_dropped, service.keys, service.state_bytes, service.late_events, service.too_late_events, limits) +
         fmt::format(R"("by_lane":[{}],"sources":[{}],"shards":[{}],"sinks":[{}],"outcomes":{{{}}},"failures":[{}],"warnings":[{}],{}}})",
                     lanes, sources, shards, sinks, outcomes, failures, warnings, rules.substr(1, rules.size() - 2)) +
         '\n';
}

}  // namespace weir
