// Everything that one config file says, checked. What a connector is told lies in its own struct, beside the connector.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/settings/field_reader.h"
#include "engine/settings/settings_node.h"

namespace weir {

// How a shard becomes batches.
struct MappingSettings {
  std::uint32_t batch_size = 256;  // records
  std::chrono::microseconds batch_window{0};
  std::size_t batch_bytes = std::size_t{6} * 1024 * 1024;
  std::optional<LocatedText> filter;
  std::uint32_t in_flight_max = 65'536;  // records per shard
  bool strict = false;
  std::uint32_t lanes_per_shard = 1;
};

// Which of several events a record is: what one of its fields says.
struct EventTelling {
  enum class Unknown : std::uint8_t { dead_letter, skip };
  std::string field;
  std::map<std::string, std::string> types;  // what it says -> event; none: it says the event's name
  std::map<std::string, SettingsPlace> type_places;
  Unknown unknown = Unknown::dead_letter;
};

struct SourceSettings {
  std::string name;
  SettingsPlace place;  // of the name
  ConnectorChoice connector;
  std::string event;  // empty where a field tells
  std::optional<EventTelling> telling;
  SettingsPlace event_place;
  MappingSettings mapping;
};

enum class SinkTakes : std::uint8_t { decisions, profile_updates };
enum class FeaturesWritten : std::uint8_t { fired, all, none };

struct SinkSettings {
  std::string name;
  SettingsPlace place;  // of the name
  ConnectorChoice connector;
  std::optional<LocatedText> when;
  SinkTakes takes = SinkTakes::decisions;
  FeaturesWritten features = FeaturesWritten::fired;
};

// When the rules files are read again while the service runs. SIGHUP asks for it except with `off`.
enum class RulesReload : std::uint8_t { on_change, on_signal, off };

struct RulesSettings {
  std::vector<std::string> files;          // patterns as written
  std::vector<SettingsPlace> file_places;  // of each pattern
  RulesReload reload = RulesReload::on_change;
  std::uint32_t versions_kept = 100;  // beyond those that a replay may need
  std::chrono::hours expiry_warning{7 * 24};
};

enum class LateThen : std::uint8_t { count, dead_letter, drop };

struct LateSettings {
  std::chrono::milliseconds allowed{30'000};
  LateThen then = LateThen::count;  // of events that are too late for all their keys
};

// Records whose id was seen before.
struct DuplicateIdSettings {
  std::chrono::milliseconds horizon{0};
  std::size_t ids_max = 100'000;
};

struct StateSettings {
  std::filesystem::path dir = "state";  // absolute after loading
  SettingsPlace dir_place;              // none where it is not given
  LateSettings late;
  DuplicateIdSettings duplicates;
};

// What a record may be at most; beyond it, it is a dead letter.
struct ParseSettings {
  std::size_t record_bytes_max = std::size_t{1024} * 1024;
  std::uint32_t depth_max = 64;
  std::size_t string_bytes_max = std::size_t{64} * 1024;
};

struct RuntimeSettings {
  std::optional<std::uint32_t> lanes;  // none: cores less one, at least one; one where the rules need it
  SettingsPlace lanes_place;
  std::chrono::milliseconds shutdown_timeout{25'000};
};

// The socket of `weir status` and `weir rules`.
struct AdminSettings {
  std::optional<std::string> socket;  // none: admin.sock in state.dir
};

struct LogSettings {
  enum class Format : std::uint8_t { automatic, json, text };
  enum class Level : std::uint8_t { debug, info, warning, error };
  Format format = Format::automatic;  // text on a terminal, JSON elsewhere
  Level level = Level::info;
};

struct ServiceSettings {
  std::filesystem::path folder;  // of the config file: relative paths start there
  std::vector<SourceSettings> sources;
  RulesSettings rules;
  std::vector<SinkSettings> sinks;
  ConnectorChoice dead_letters;
  StateSettings state;
  ParseSettings parse;
  RuntimeSettings runtime;
  AdminSettings admin;
  LogSettings log;
};

// The connectors that a config may name, and what is to be checked and filled in across them once all are read (may be null).
struct ConnectorKinds {
  std::span<const ConnectorKind> sources;
  std::span<const ConnectorKind> sinks;
  void (*link)(ServiceSettings& settings, Diagnostics& diagnostics) = nullptr;
};

void describe(FieldReader& fields, MappingSettings& to);
void describe(FieldReader& fields, LateSettings& to);
void describe(FieldReader& fields, StateSettings& to);
void describe(FieldReader& fields, ParseSettings& to);
void describe(FieldReader& fields, RuntimeSettings& to);
void describe(FieldReader& fields, AdminSettings& to);
void describe(FieldReader& fields, LogSettings& to);
void describe(FieldReader& fields, ServiceSettings& to, const ConnectorKinds& kinds);

}  // namespace weir
