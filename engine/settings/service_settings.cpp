#include "engine/settings/service_settings.h"

#include <algorithm>
#include <string_view>

#include "engine/settings/config_errors.h"

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kib = 1024;
constexpr std::size_t mib = 1024 * kib;

void describe_telling(FieldReader& fields, EventTelling& to) {
  fields.text("field", to.field, "the field of each record that says which event it is; it stands anywhere in the record",
              Presence::required);
  fields.properties("types", to.types, "what the field says, and the event that is meant; without it, it says the event's name");
  for (const auto& [says, event] : to.types) to.type_places[says] = fields.place_of_property("types", says);
  fields.choice("unknown", to.unknown, {{"dead_letter", EventTelling::Unknown::dead_letter}, {"skip", EventTelling::Unknown::skip}},
                "what becomes of records that say something else, or nothing: dead letters, or passed over and counted");
}

void describe_source(FieldReader& fields, SourceSettings& to, const ConnectorKinds& kinds) {
  fields.connector(kinds.sources, to.connector);
  EventTelling telling;
  bool told = false;
  fields.text_or_group("event", to.event, "the event, declared in the rules files, that the records are, or which field says it",
                       Presence::required, [&](FieldReader& group) {
                         told = group.reading();
                         describe_telling(group, telling);
                       });
  if (told) to.telling = std::move(telling);
  fields.group("mapping", to.mapping, "how the records of a shard become batches");
}

void describe_sink(FieldReader& fields, SinkSettings& to, const ConnectorKinds& kinds) {
  fields.connector(kinds.sinks, to.connector);
  fields.expression("when", to.when,
                    "what the sink gets: a condition over `outcome`, `score`, fields and features; without one, everything");
  fields.choice("takes", to.takes, {{"decisions", SinkTakes::decisions}, {"profile_updates", SinkTakes::profile_updates}},
                "what is delivered: decisions, or the facts that rules write with `update`");
  fields.choice("features", to.features,
                {{"fired", FeaturesWritten::fired}, {"all", FeaturesWritten::all}, {"none", FeaturesWritten::none}},
                "which feature values a decision carries: those read by rules that fired (in shadow too), all, or none");
  if (!fields.reading() || to.takes != SinkTakes::profile_updates) return;
  if (fields.given("features"))
    fields.complain(config_error::contradiction, "features",
                    "`takes: profile_updates` and `features` do not go together: profile updates carry no features",
                    {"remove `features`, or take decisions"});
  if (fields.given("when"))
    fields.complain(config_error::contradiction, "when",
                    "`takes: profile_updates` and `when` do not go together: conditions choose among decisions",
                    {"remove `when`; the rule that writes the update decides when"});
}

void describe_rules(FieldReader& fields, RulesSettings& to) {
  constexpr std::size_t patterns_max = 256;
  fields.texts("files", to.files, {1, patterns_max}, "rules files; `*` and `?` match; relative to the folder of this file",
               Presence::required, &to.file_places);
  fields.choice("reload", to.reload,
                {{"on_change", RulesReload::on_change}, {"on_signal", RulesReload::on_signal}, {"off", RulesReload::off}},
                "when changed rules come into force while the service runs: as soon as a file changes, at SIGHUP, or not at all");
  fields.number("versions_kept", to.versions_kept, {1, 100'000},
                "former versions of the rules that are kept for `weir rules`; those that a restart may need are kept anyway");
  fields.duration("expiry_warning", to.expiry_warning, {0h, 24h * 365},
                  "how long before a rule expires `weir check` and `weir status` say so, and the log once a day");
}

void describe_version(FieldReader& fields) {
  fields.custom("version", "`1`", "1", R"("const": 1)", "the format of this file", Presence::required, [&](const SettingsNode& node) {
    if (node.kind == SettingsNode::Kind::scalar && node.text == "1") return;
    fields.complain_at(config_error::version, node.place, "this Weir reads configs of `version: 1`", "", {"write `version: 1`"});
  });
}

}  // namespace

void describe(FieldReader& fields, MappingSettings& to) {
  fields.number("batch_size", to.batch_size, {1, 65'536}, "most records in a batch");
  fields.duration("batch_window", to.batch_window, {0us, 300s},
                  "wait at most this long to fill a batch; 0s: take what is there, never wait");
  fields.size("batch_bytes", to.batch_bytes, {kib, 64 * mib}, "most bytes in a batch; it is closed at the first of size, window and bytes");
  fields.expression("filter", to.filter,
                    "a condition over the event's fields; records for which it is not true are passed over and counted");
  fields.number("in_flight_max", to.in_flight_max, {1, 1'048'576}, "most unacknowledged records of a shard; beyond, the shard is paused");
  fields.flag("strict", to.strict, "check all of each record's JSON, also the parts that no field is read from");
  fields.number(
      "lanes_per_shard", to.lanes_per_shard, {1, 64},
      "lanes that share the keys of one shard, order kept per key; above 1 for shards with more events than one lane can take, at "
      "most as many as `runtime.lanes` count");
  if (fields.reading() && to.in_flight_max < to.batch_size) {
    fields.complain(config_error::contradiction, fields.given("in_flight_max") ? "in_flight_max" : "batch_size",
                    "`in_flight_max` is " + std::to_string(to.in_flight_max) + " and `batch_size` is " + std::to_string(to.batch_size) +
                        ": a full batch could never be in flight",
                    {"raise `in_flight_max` to at least " + std::to_string(to.batch_size) + ", or lower `batch_size`"});
  }
}

void describe(FieldReader& fields, LateSettings& to) {
  fields.duration("allowed", to.allowed, {0ms, 24h},
                  "how much later than the longest window an event may come and still be added to its windows");
  fields.choice(
      "then", to.then, {{"count", LateThen::count}, {"dead_letter", LateThen::dead_letter}, {"drop", LateThen::drop}},
      "what becomes of an event that is later than that for every key: decided on what is still there and counted, a dead letter, or "
      "dropped and counted");
}

void describe(FieldReader& fields, DuplicateIdSettings& to) {
  fields.duration("horizon", to.horizon, {0ms, 24h},
                  "a record whose `id` was first seen at most so long before (by the records' timestamps; in files by the events' times) "
                  "gets the first one's decision again and changes no window; `0s` for "
                  "never. Restarts read twice as much more of the log, and decide what they read");
  fields.number("ids_max", to.ids_max, {1, 100'000'000}, "ids and decisions remembered a shard; beyond it the oldest are forgotten");
}

void describe(FieldReader& fields, StateSettings& to) {
  fields.path("dir", to.dir, "where the service keeps what must survive a restart; each running service has its own");
  if (fields.given("dir")) to.dir_place = fields.place_of("dir");
  fields.group("late", to.late, "events that come late");
  fields.group("duplicates", to.duplicates, "records that come twice");
}

void describe(FieldReader& fields, ParseSettings& to) {
  fields.size("record_bytes_max", to.record_bytes_max, {kib, 64 * mib}, "a longer record is a dead letter");
  fields.number("depth_max", to.depth_max, {1, 1024}, "a record with more objects and arrays inside each other is a dead letter");
  fields.size("string_bytes_max", to.string_bytes_max, {16, 16 * mib}, "a record with a longer text in a declared field is a dead letter");
  if (fields.reading() && to.string_bytes_max > to.record_bytes_max) {
    fields.complain(config_error::contradiction, fields.given("string_bytes_max") ? "string_bytes_max" : "record_bytes_max",
                    "`string_bytes_max` is larger than `record_bytes_max`, so it could never be reached",
                    {"lower `string_bytes_max`, or raise `record_bytes_max`"});
  }
}

void describe(FieldReader& fields, RuntimeSettings& to) {
  fields.number("lanes", to.lanes, {1, 256},
                "threads that work on events; `auto`: as many as cores less one, or one where the rules need it (facts, patterns, earlier "
                "decisions by another "
                "key than the shard's)",
                "auto");
  if (fields.reading()) to.lanes_place = fields.place_of("lanes");
  fields.duration("shutdown_timeout", to.shutdown_timeout, {0ms, 1h}, "how long a drain may take before the process ends with code 69");
}

void describe(FieldReader& fields, AdminSettings& to) {
  fields.path("socket", to.socket, "the local socket of `weir status` and `weir rules`; without it `admin.sock` in `state.dir`");
}

void describe(FieldReader& fields, LogSettings& to) {
  using Format = LogSettings::Format;
  using Level = LogSettings::Level;
  fields.choice("format", to.format, {{"auto", Format::automatic}, {"json", Format::json}, {"text", Format::text}},
                "how log lines look; `auto`: text on a terminal, JSON elsewhere");
  fields.choice("level", to.level, {{"debug", Level::debug}, {"info", Level::info}, {"warn", Level::warning}, {"error", Level::error}},
                "the least important lines that are written");
}

void describe(FieldReader& fields, ServiceSettings& to, const ConnectorKinds& kinds) {
  describe_version(fields);
  fields.named("sources", "where records come from; each has a name of your own", Presence::required,
               [&](FieldReader& entry, std::string_view name, const SettingsPlace& place) {
                 SourceSettings source;
                 source.name = name;
                 source.place = place;
                 describe_source(entry, source, kinds);
                 source.event_place = entry.place_of("event");
                 to.sources.push_back(std::move(source));
               });
  fields.group_of("rules", "what is looked at and what is decided", Presence::required,
                  [&](FieldReader& rules) { describe_rules(rules, to.rules); });
  fields.named("sinks", "where decisions go; each has a name of your own", Presence::required,
               [&](FieldReader& entry, std::string_view name, const SettingsPlace& place) {
                 SinkSettings sink;
                 sink.name = name;
                 sink.place = place;
                 describe_sink(entry, sink, kinds);
                 to.sinks.push_back(std::move(sink));
               });
  fields.group_of("dead_letters", "where records go, whole, that could not be processed", Presence::required,
                  [&](FieldReader& dead_letters) { dead_letters.connector(kinds.sinks, to.dead_letters); });
  fields.group("state", to.state, "what is remembered between events");
  fields.group("parse", to.parse, "limits of a record");
  fields.group("runtime", to.runtime, "threads and shutdown");
  fields.group("admin", to.admin, "how a running service is asked and told, on this machine");
  fields.group("log", to.log, "what the service says about itself, on stderr");
}

}  // namespace weir
