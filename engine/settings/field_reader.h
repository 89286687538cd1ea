// Declares the fields of a group of settings, one line each, and in the same breath reads and checks them or documents them.
#pragma once

#include <any>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <initializer_list>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/settings/field_doc.h"
#include "engine/settings/settings_node.h"

namespace weir {

class FieldReader;

enum class Presence : std::uint8_t { optional, required };

template <typename T>
struct Limits {
  T min;
  T max;
};

// One way to connect a source or a sink. `read` declares the connector's fields and returns its settings.
struct ConnectorKind {
  std::string_view name;
  std::string_view meaning;
  std::any (*read)(FieldReader& fields);
};

// A connector that was chosen in a config.
struct ConnectorChoice {
  std::string kind;     // its name; empty while none was chosen
  std::any settings;    // as returned by ConnectorKind::read
  SettingsPlace place;  // of its name
};

// Used by `describe(FieldReader&, Settings&)` functions, one per struct of settings. When reading, fields that are absent keep the value
// that the struct came with, which is their default. Complaints are collected, never thrown. Single-threaded.
class FieldReader {
 public:
  // Reads `node`, whose complaints go to `diagnostics`; relative paths start at `folder`. `title` names the group in complaints.
  FieldReader(const SettingsNode& node, std::string title, const std::filesystem::path& folder, Diagnostics& diagnostics);
  // Documents: every declared field is appended to `docs`, nothing is read.
  explicit FieldReader(std::vector<FieldDoc>& docs) : docs_(&docs) {}

  void text(std::string_view name, std::string& to, std::string_view meaning, Presence presence = Presence::optional);
  void text(std::string_view name, std::optional<std::string>& to, std::string_view meaning);
  void flag(std::string_view name, bool& to, std::string_view meaning);
  void path(std::string_view name, std::filesystem::path& to, std::string_view meaning, Presence presence = Presence::optional);
  void path(std::string_view name, std::optional<std::string>& to, std::string_view meaning);
  void expression(std::string_view name, std::optional<LocatedText>& to, std::string_view meaning);
  void share(std::string_view name, double& to, std::string_view meaning);  // from 0 to 1
  // One text or a list of them, without repetitions.
  // `places`, where given, gets one place for each text.
  void texts(std::string_view name, std::vector<std::string>& to, Limits<std::size_t> items, std::string_view meaning,
             Presence presence = Presence::optional, std::vector<SettingsPlace>* places = nullptr);
  // Keys that are not ours, passed on with their values as text. Groups inside are joined with dots.
  void properties(std::string_view name, std::map<std::string, std::string>& to, std::string_view meaning);
  void size(std::string_view name, std::size_t& to, Limits<std::size_t> bytes, std::string_view meaning);

  template <std::integral T>
  void number(std::string_view name, T& to, Limits<T> limits, std::string_view meaning, Presence presence = Presence::optional) {
    std::optional<std::int64_t> value = static_cast<std::int64_t>(to);
    whole_number(name, value, {static_cast<std::int64_t>(limits.min), static_cast<std::int64_t>(limits.max)}, meaning, presence, "");
    to = static_cast<T>(*value);
  }
  // `absent`: the word that stands for none ("auto"), or "" where only leaving the field out does.
  template <std::integral T>
  void number(std::string_view name, std::optional<T>& to, Limits<T> limits, std::string_view meaning, std::string_view absent = "") {
    std::optional<std::int64_t> value;
    if (to) value = static_cast<std::int64_t>(*to);
    whole_number(name, value, {static_cast<std::int64_t>(limits.min), static_cast<std::int64_t>(limits.max)}, meaning, Presence::optional,
                 absent);
    to = value ? std::optional<T>(static_cast<T>(*value)) : std::nullopt;
  }

  // The limits' unit is the field's resolution: a value that is finer is refused.
  template <typename Rep, typename Period>
  void duration(std::string_view name, std::chrono::duration<Rep, Period>& to,
                std::type_identity_t<Limits<std::chrono::duration<Rep, Period>>> limits, std::string_view meaning) {
    using Duration = std::chrono::duration<Rep, Period>;
    std::chrono::microseconds value = to;
    read_duration(name, value, {limits.min, limits.max}, Duration(1), meaning);
    to = std::chrono::duration_cast<Duration>(value);
  }

  template <typename Enum>
  struct Word {
    std::string_view name;
    Enum value;
  };
  template <typename Enum>
  void choice(std::string_view name, Enum& to, std::initializer_list<Word<std::type_identity_t<Enum>>> words, std::string_view meaning) {
    std::vector<std::string_view> names;
    std::optional<std::size_t> chosen;
    for (const auto& word : words) {
      if (word.value == to) chosen = names.size();
      names.push_back(word.name);
    }
    read_word(name, chosen, names, meaning);
    if (chosen) to = (words.begin() + *chosen)->value;
  }
  template <typename Enum>
  void choice(std::string_view name, std::optional<Enum>& to, std::initializer_list<Word<std::type_identity_t<Enum>>> words,
              std::string_view meaning) {
    std::vector<std::string_view> names;
    for (const auto& word : words) names.push_back(word.name);
    std::optional<std::size_t> chosen;
    read_word(name, chosen, names, meaning);
    if (chosen) to = (words.begin() + *chosen)->value;
  }

  // A group of its own, declared by `describe(FieldReader&, T&)`.
  template <typename T>
  void group(std::string_view name, T& to, std::string_view meaning) {
    const auto declare = [&](FieldReader& fields) { describe(fields, to); };
    // Where it is absent its fields are still gone through: a default path begins at the config's folder as well.
    if (reading() && !given(name)) {
      missing_.emplace_back(name);
      SettingsNode absent;
      absent.place = node_->place;
      read_group(absent, std::string(name), declare);
    } else {
      group_of(name, meaning, Presence::optional, declare);
    }
  }
  template <typename T>
  void group(std::string_view name, std::optional<T>& to, std::string_view meaning) {
    T value = to.value_or(T{});
    if (group_of(name, meaning, Presence::optional, [&](FieldReader& fields) { describe(fields, value); })) to = std::move(value);
  }
  // True if the group was given.
  bool group_of(std::string_view name, std::string_view meaning, Presence presence, const std::function<void(FieldReader&)>& declare);

  // A text or, in its stead, a group declared by `declare`.
  void text_or_group(std::string_view name, std::string& to, std::string_view meaning, Presence presence,
                     const std::function<void(FieldReader&)>& declare);

  // A map from names of the user's to groups, all declared by `declare`. At least one where required.
  void named(std::string_view name, std::string_view meaning, Presence presence,
             const std::function<void(FieldReader&, std::string_view entry, const SettingsPlace& place)>& declare);

  // Exactly one of the kinds, each a group under its own name.
  void connector(std::span<const ConnectorKind> kinds, ConnectorChoice& to);

  // A form that only one connector knows. `read` gets the value and complains through `complain_at`. `schema`: JSON Schema of the value.
  void custom(std::string_view name, std::string_view type, std::string_view default_text, std::string_view schema,
              std::string_view meaning, Presence presence, const std::function<void(const SettingsNode&)>& read);

  // For checks over several fields, after their declaration:
  bool reading() const { return node_ != nullptr; }
  bool given(std::string_view name) const { return node_ != nullptr && node_->find(name) != nullptr; }
  // Of the value of `name` or, if it was not given, of the group.
  SettingsPlace place_of(std::string_view name) const;
  // Of one of the `properties` under `name`.
  SettingsPlace place_of_property(std::string_view name, std::string_view property) const;
  // At the value of `name` or, if it was not given, at the group.
  void complain(std::string_view code, std::string_view name, std::string message, std::vector<std::string> help = {});
  void complain_at(std::string_view code, const SettingsPlace& place, std::string message, std::string label = {},
                   std::vector<std::string> help = {});
  // A complaint about a value of the wrong kind: "`x` must be WANTED, found ...".
  void complain_type(std::string_view name, const SettingsNode& node, std::string_view wanted, std::vector<std::string> help = {});
  // As the user wrote it, in backticks; placeholders are not expanded and secrets not shown.
  static std::string shown(std::string_view name, const SettingsNode& node);

  // Complains about keys that no declaration asked for. Groups do it by themselves; whoever makes a reader for a root calls it once.
  void finish();

 private:
  // Registers the field; the value if reading and given. Complains where a required one is missing or one has no value.
  const SettingsNode* begin(FieldDoc doc, bool nothing_allowed = false);
  const SettingsNode* scalar(FieldDoc doc);
  void whole_number(std::string_view name, std::optional<std::int64_t>& to, Limits<std::int64_t> limits, std::string_view meaning,
                    Presence presence, std::string_view absent);
  void read_duration(std::string_view name, std::chrono::microseconds& to, Limits<std::chrono::microseconds> limits,
                     std::chrono::microseconds resolution, std::string_view meaning);
  void read_word(std::string_view name, std::optional<std::size_t>& chosen, const std::vector<std::string_view>& names,
                 std::string_view meaning);
  bool read_group(const SettingsNode& node, std::string title, const std::function<void(FieldReader&)>& declare);

  const SettingsNode* node_ = nullptr;
  std::string title_;
  const std::filesystem::path* folder_ = nullptr;
  Diagnostics* diagnostics_ = nullptr;
  std::vector<FieldDoc>* docs_ = nullptr;
  std::vector<std::string> given_;    // names that were declared and are in the file
  std::vector<std::string> missing_;  // names that were declared and are not
};

}  // namespace weir
