#include "engine/settings/field_reader.h"

#include <algorithm>
#include <charconv>

#include "engine/base/json_text.h"
#include "engine/settings/config_errors.h"
#include "engine/settings/field_wording.h"
#include "engine/settings/secret_mask.h"

namespace weir {
namespace {

using Kind = SettingsNode::Kind;

bool looks_like_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} && end == text.data() + text.size();
}

}  // namespace

FieldReader::FieldReader(const SettingsNode& node, std::string title, const std::filesystem::path& folder, Diagnostics& diagnostics)
    : node_(&node), title_(std::move(title)), folder_(&folder), diagnostics_(&diagnostics) {}

std::string FieldReader::shown(std::string_view name, const SettingsNode& node) {
  if (node.written.empty()) return "empty";
  return names_secret(name) ? "(a secret)" : ticked(node.written);
}

void FieldReader::complain_at(std::string_view code, const SettingsPlace& place, std::string message, std::string label,
                              std::vector<std::string> help) {
  diagnostics_->push_back(config_diagnostic(code, place, std::move(message), std::move(label), std::move(help)));
}

SettingsPlace FieldReader::place_of(std::string_view name) const {
  if (!reading()) return {};
  const SettingsEntry* entry = node_->find(name);
  return entry == nullptr ? node_->place : entry->value.place;
}

SettingsPlace FieldReader::place_of_property(std::string_view name, std::string_view property) const {
  const SettingsEntry* group = reading() ? node_->find(name) : nullptr;
  const SettingsNode* at = group == nullptr ? nullptr : &group->value;
  // A property is one key or, joined with dots, the keys on the way to it.
  while (at != nullptr) {
    const SettingsNode* next = nullptr;
    for (const SettingsEntry& entry : at->entries) {
      if (entry.key == property) return entry.key_place;
      if (!property.starts_with(entry.key + ".")) continue;
      property.remove_prefix(entry.key.size() + 1);
      next = &entry.value;
      break;
    }
    at = next;
  }
  return place_of(name);
}

void FieldReader::complain(std::string_view code, std::string_view name, std::string message, std::vector<std::string> help) {
  complain_at(code, place_of(name), std::move(message), "", std::move(help));
}

void FieldReader::complain_type(std::string_view name, const SettingsNode& node, std::string_view wanted, std::vector<std::string> help) {
  std::string found = "nothing";
  if (node.kind == Kind::sequence) found = "a list";
  if (node.kind == Kind::mapping) found = "a group of settings";
  if (node.kind == Kind::scalar && node.written.empty()) {
    found = "an empty text";
  } else if (node.kind == Kind::scalar) {
    found = (node.plain && looks_like_number(node.written) ? "the number " : "the text ") + shown(name, node);
  }
  complain_at(
      config_error::wrong_type, node.place,
      (title_.empty() && name == "the config" ? std::string(name) : ticked(name)) + " must be " + std::string(wanted) + ", found " + found,
      "", std::move(help));
}

const SettingsNode* FieldReader::begin(FieldDoc doc, bool nothing_allowed) {
  if (docs_ != nullptr) {
    docs_->push_back(std::move(doc));
    return nullptr;
  }
  const SettingsEntry* entry = node_->find(doc.name);
  if (entry == nullptr) {
    if (doc.required) {
      const std::string example = doc.default_text.empty() ? "" : " (for example " + ticked(doc.name + ": " + doc.default_text) + ")";
      complain_at(config_error::missing, node_->place, (title_.empty() ? "the config" : ticked(title_)) + " needs " + ticked(doc.name), "",
                  {"add " + ticked(doc.name) + ": " + doc.meaning + example});
    }
    missing_.push_back(doc.name);
    return nullptr;
  }
  given_.push_back(entry->key);
  if (entry->value.unknown) return nullptr;
  if (entry->value.kind == Kind::nothing && !nothing_allowed) {
    complain_at(config_error::no_value, entry->value.place, ticked(doc.name) + " has no value", "", {"give a value, or remove the line"});
    return nullptr;
  }
  return &entry->value;
}

bool FieldReader::read_group(const SettingsNode& node, std::string title, const std::function<void(FieldReader&)>& declare) {
  if (node.kind != Kind::mapping && node.kind != Kind::nothing) {
    complain_type(title, node, "a group of settings");
    return false;
  }
  SettingsNode stand_in;
  if (node.kind == Kind::nothing) {
    stand_in.kind = Kind::mapping;
    stand_in.place = node.place;
  }
  FieldReader fields(node.kind == Kind::nothing ? stand_in : node, std::move(title), *folder_, *diagnostics_);
  declare(fields);
  fields.finish();
  return true;
}

bool FieldReader::group_of(std::string_view name, std::string_view meaning, Presence presence,
                           const std::function<void(FieldReader&)>& declare) {
  FieldDoc doc = field_doc(name, "a group", meaning, presence);
  if (docs_ != nullptr) {
    FieldReader fields(doc.fields);
    declare(fields);
  }
  const SettingsNode* node = begin(std::move(doc), true);
  return node != nullptr && read_group(*node, (title_.empty() ? "" : title_ + ".") + std::string(name), declare);
}

void FieldReader::text_or_group(std::string_view name, std::string& to, std::string_view meaning, Presence presence,
                                const std::function<void(FieldReader&)>& declare) {
  FieldDoc doc = field_doc(name, "a text, or a group", meaning, presence);
  doc.text_too = true;
  if (docs_ != nullptr) {
    FieldReader fields(doc.fields);
    declare(fields);
  }
  const SettingsNode* node = begin(std::move(doc));
  if (node == nullptr) return;
  if (node->kind == Kind::mapping) {
    read_group(*node, (title_.empty() ? "" : title_ + ".") + std::string(name), declare);
  } else if (node->kind != Kind::scalar) {
    complain_type(name, *node, "a text or a group of settings");
  } else {
    if (node->text.empty()) complain_at(config_error::no_value, node->place, ticked(name) + " is empty");
    to = node->text;
  }
}

void FieldReader::named(std::string_view name, std::string_view meaning, Presence presence,
                        const std::function<void(FieldReader&, std::string_view, const SettingsPlace&)>& declare) {
  constexpr std::size_t name_bytes_max = 64;
  FieldDoc doc = field_doc(name, "a map of names to groups", meaning, presence);
  doc.named = true;
  if (docs_ != nullptr) {
    FieldReader fields(doc.fields);
    declare(fields, "", {});
  }
  const SettingsNode* node = begin(std::move(doc));
  if (node == nullptr) return;
  if (node->kind != Kind::mapping)
    return complain_type(name, *node, "a map of names to groups", {"write a name of your own, a `:`, and below it the settings"});
  if (node->entries.empty() && presence == Presence::required)
    complain_at(config_error::missing, node->place, ticked(name) + " is empty, at least one is needed", "", {std::string(meaning)});
  for (const SettingsEntry& entry : node->entries) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const auto fits = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-'; };
    const bool good = !entry.key.empty() && entry.key.size() <= name_bytes_max && letter(entry.key[0]) &&
                      std::all_of(entry.key.begin(), entry.key.end(), fits);
    if (!good)
      diagnostics_->push_back(config_diagnostic(config_error::bad_name, entry.key_place,
                                                ticked(entry.key) + " cannot be a name in " + ticked(name), "",
                                                {"1 to 64 letters, digits, `_` or `-`, beginning with a letter"}));
    if (entry.value.unknown) continue;
    read_group(entry.value, std::string(name) + "." + entry.key, [&](FieldReader& fields) { declare(fields, entry.key, entry.key_place); });
  }
}

void FieldReader::connector(std::span<const ConnectorKind> kinds, ConnectorChoice& to) {
  std::vector<std::string_view> names;
  for (const ConnectorKind& kind : kinds) names.push_back(kind.name);
  const SettingsEntry* first = nullptr;
  for (const ConnectorKind& kind : kinds) {
    FieldDoc doc = field_doc(kind.name, "a group", kind.meaning);
    doc.alternative = true;
    if (docs_ != nullptr) {
      FieldReader fields(doc.fields);
      kind.read(fields);
    }
    const SettingsNode* node = begin(std::move(doc), true);
    if (node == nullptr) continue;
    const SettingsEntry* entry = node_->find(kind.name);
    if (first == nullptr) {
      first = entry;
      to.kind = kind.name;
      to.place = entry->key_place;
      read_group(*node, title_ + "." + entry->key, [&](FieldReader& fields) { to.settings = kind.read(fields); });
    } else {
      diagnostics_->push_back(config_diagnostic(config_error::two_connectors, entry->key_place,
                                                ticked(title_) + " has both " + ticked(first->key) + " and " + ticked(entry->key), "",
                                                {"keep one, or give each its own name beside " + ticked(title_)}));
    }
  }
  if (!reading() || first != nullptr) return;
  // A misspelt connector is reported once, as an unknown key with a suggestion.
  const bool misspelt = std::any_of(node_->entries.begin(), node_->entries.end(), [&](const SettingsEntry& entry) {
    return std::find(names.begin(), names.end(), entry.key) != names.end() || !closest_name(entry.key, names).empty();
  });
  if (!misspelt)
    complain_at(config_error::no_connector, node_->place, ticked(title_) + " is not connected to anything", "",
                {"add " + enumeration(names, "or")});
}

void FieldReader::custom(std::string_view name, std::string_view type, std::string_view default_text, std::string_view schema,
                         std::string_view meaning, Presence presence, const std::function<void(const SettingsNode&)>& read) {
  FieldDoc doc = field_doc(name, type, meaning, presence);
  doc.default_text = default_text;
  if (!default_text.empty() && presence == Presence::optional) doc.default_json = json_of(default_text);
  doc.schema = schema;
  if (const SettingsNode* node = begin(std::move(doc))) read(*node);
}

void FieldReader::finish() {
  if (!reading()) return;
  std::vector<std::string_view> all(missing_.begin(), missing_.end());
  all.insert(all.end(), given_.begin(), given_.end());
  for (const SettingsEntry& entry : node_->entries) {
    if (std::find(given_.begin(), given_.end(), entry.key) != given_.end()) continue;
    std::vector<std::string> help;
    if (const std::string_view closest = closest_name(entry.key, all); !closest.empty()) {
      help.push_back("did you mean " + ticked(closest) + "?" + (given(closest) ? " It is given as well." : ""));
    } else {
      std::sort(all.begin(), all.end());
      help.push_back(all.empty() ? "there are no settings here" : "the settings here are " + enumeration(all, "and"));
    }
    std::string message =
        title_.empty() ? "there is no setting " + ticked(entry.key) : ticked(title_) + " has no setting " + ticked(entry.key);
    diagnostics_->push_back(config_diagnostic(config_error::unknown_key, entry.key_place, std::move(message), "", std::move(help)));
  }
}

}  // namespace weir
