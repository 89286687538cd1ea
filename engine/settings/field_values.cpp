// The readers of single values.
#include <algorithm>
#include <charconv>

#include "engine/base/json_text.h"
#include "engine/settings/config_errors.h"
#include "engine/settings/field_reader.h"
#include "engine/settings/field_wording.h"
#include "engine/settings/quantity.h"

namespace weir {
namespace {

using Kind = SettingsNode::Kind;

// In the schema every scalar may also be a text with a placeholder.
constexpr std::string_view placeholder_pattern = "\"pattern\": \"\\\\$\\\\{\"";

std::string number_text(double value) {
  std::string out(32, '\0');
  out.resize(static_cast<std::size_t>(std::to_chars(out.data(), out.data() + out.size(), value).ptr - out.data()));
  return out;
}

}  // namespace

const SettingsNode* FieldReader::scalar(FieldDoc doc) {
  const std::string name = doc.name;
  const std::string wanted = doc.type;
  const SettingsNode* node = begin(std::move(doc));
  if (node == nullptr || node->kind == Kind::scalar) return node;
  complain_type(name, *node, wanted);
  return nullptr;
}

void FieldReader::text(std::string_view name, std::string& to, std::string_view meaning, Presence presence) {
  std::optional<std::string> value;
  FieldDoc doc = field_doc(name, "a text", meaning, presence);
  doc.schema = R"("type": ["string", "number", "boolean"])";
  if (presence == Presence::optional) {
    doc.default_text = to;
    doc.default_json = json_of(to);
  }
  const SettingsNode* node = scalar(std::move(doc));
  if (node == nullptr) return;
  if (node->text.empty()) complain_at(config_error::no_value, node->place, ticked(name) + " is empty");
  to = node->text;
}

void FieldReader::text(std::string_view name, std::optional<std::string>& to, std::string_view meaning) {
  FieldDoc doc = field_doc(name, "a text", meaning);
  doc.schema = R"("type": ["string", "number", "boolean"])";
  const SettingsNode* node = scalar(std::move(doc));
  if (node == nullptr) return;
  if (node->text.empty()) complain_at(config_error::no_value, node->place, ticked(name) + " is empty");
  to = node->text;
}

void FieldReader::flag(std::string_view name, bool& to, std::string_view meaning) {
  FieldDoc doc = field_doc(name, "`true` or `false`", meaning);
  doc.default_text = doc.default_json = to ? "true" : "false";
  doc.schema = R"("type": ["boolean", "string"], )" + std::string(placeholder_pattern);
  const SettingsNode* node = scalar(std::move(doc));
  if (node == nullptr) return;
  if ((node->plain || node->expanded) && (node->text == "true" || node->text == "false")) {
    to = node->text == "true";
    return;
  }
  std::vector<std::string> help;
  const auto is = [&](std::initializer_list<std::string_view> words) {
    return std::find(words.begin(), words.end(), node->text) != words.end();
  };
  if (!node->expanded && is({"true", "false"})) help = {"remove the quotes"};
  if (is({"yes", "Yes", "YES", "on", "On", "ON", "y", "True", "TRUE", "1"})) help = {"write `true`"};
  if (is({"no", "No", "NO", "off", "Off", "OFF", "n", "False", "FALSE", "0"})) help = {"write `false`"};
  complain_type(name, *node, "`true` or `false`", std::move(help));
}

void FieldReader::path(std::string_view name, std::filesystem::path& to, std::string_view meaning, Presence presence) {
  FieldDoc doc = field_doc(name, "a path", meaning, presence);
  doc.schema = R"("type": "string")";
  if (!to.empty()) {
    doc.default_text = to.string();
    doc.default_json = json_of(to.string());
  }
  const SettingsNode* node = scalar(std::move(doc));
  if (node != nullptr && node->text.empty()) complain_at(config_error::no_value, node->place, ticked(name) + " is empty");
  if (node != nullptr) to = node->text;
  if (reading() && !to.empty()) to = (*folder_ / to).lexically_normal();
}

void FieldReader::path(std::string_view name, std::optional<std::string>& to, std::string_view meaning) {
  std::filesystem::path value = to.value_or("");
  path(name, value, meaning);
  if (!value.empty()) to = value.string();
}

void FieldReader::expression(std::string_view name, std::optional<LocatedText>& to, std::string_view meaning) {
  FieldDoc doc = field_doc(name, "an expression", meaning);
  doc.schema = R"("type": ["string", "boolean"])";
  const SettingsNode* node = scalar(std::move(doc));
  if (node == nullptr) return;
  if (node->text.find_first_not_of(" \t\r\n") == std::string::npos) {
    complain_at(config_error::no_value, node->place, ticked(name) + " is empty", "", {"remove it where there is no condition"});
    return;
  }
  to = LocatedText{node->text, node->place, node->lines_at, node->expanded};
}

void FieldReader::share(std::string_view name, double& to, std::string_view meaning) {
  FieldDoc doc = field_doc(name, "a number", meaning);
  doc.range = "0 to 1";
  doc.default_text = doc.default_json = number_text(to);
  doc.schema = R"("type": ["number", "string"], "minimum": 0, "maximum": 1, )" + std::string(placeholder_pattern);
  const SettingsNode* node = scalar(std::move(doc));
  if (node == nullptr) return;
  double value = 0;
  const auto [end, error] = std::from_chars(node->text.data(), node->text.data() + node->text.size(), value);
  if (error != std::errc{} || end != node->text.data() + node->text.size() || (!node->plain && !node->expanded)) {
    complain_type(name, *node, "a number from 0 to 1");
  } else if (!(value >= 0 && value <= 1)) {
    complain_at(config_error::out_of_range, node->place, ticked(name) + " is " + shown(name, *node) + ", the limits are 0 and 1");
  } else {
    to = value;
  }
}

void FieldReader::texts(std::string_view name, std::vector<std::string>& to, Limits<std::size_t> items, std::string_view meaning,
                        Presence presence, std::vector<SettingsPlace>* places) {
  FieldDoc doc = field_doc(name, "a list of texts", meaning, presence);
  doc.range = std::to_string(items.min) + " to " + std::to_string(items.max) + " items";
  doc.schema = R"("anyOf": [{"type": "string"}, {"type": "array", "items": {"type": ["string", "number", "boolean"]}, "minItems": )" +
               std::to_string(items.min) + R"(, "maxItems": )" + std::to_string(items.max) + R"(, "uniqueItems": true}])";
  const SettingsNode* node = begin(std::move(doc));
  if (node == nullptr) return;
  if (node->kind == Kind::mapping)
    return complain_type(name, *node, "a list of texts", {"write " + ticked(std::string(name) + ": [first, second]")});
  to.clear();
  const std::span<const SettingsNode> given = node->kind == Kind::scalar ? std::span(node, 1) : std::span(node->items);
  for (const SettingsNode& item : given) {
    if (item.unknown) continue;
    if (item.kind != Kind::scalar || item.text.empty()) {
      complain_type(name, item, "a list of texts");
    } else if (std::find(to.begin(), to.end(), item.text) != to.end()) {
      complain_at(config_error::item_count, item.place, ticked(name) + " repeats " + shown(name, item), "", {"remove one of the two"});
    } else {
      to.push_back(item.text);
      if (places != nullptr) places->push_back(item.place);
    }
  }
  if (given.size() < items.min || given.size() > items.max) {
    complain_at(config_error::item_count, node->place,
                ticked(name) + " has " + std::to_string(given.size()) + " items, the limits are " + std::to_string(items.min) + " and " +
                    std::to_string(items.max));
  }
}

void FieldReader::properties(std::string_view name, std::map<std::string, std::string>& to, std::string_view meaning) {
  FieldDoc doc = field_doc(name, "a map of texts", meaning);
  doc.schema = R"("type": "object")";
  const SettingsNode* node = begin(std::move(doc), true);
  if (node == nullptr || node->kind == Kind::nothing) return;
  if (node->kind != Kind::mapping) return complain_type(name, *node, "a map of names to texts");
  const std::function<void(const SettingsNode&, const std::string&)> collect = [&](const SettingsNode& group, const std::string& prefix) {
    for (const SettingsEntry& entry : group.entries) {
      const std::string key = prefix + entry.key;
      if (entry.value.unknown) continue;
      if (entry.value.kind == Kind::mapping) {
        collect(entry.value, key + ".");
      } else if (entry.value.kind == Kind::scalar) {
        to[key] = entry.value.text;
      } else {
        complain_type(key, entry.value, "a text or a number");
      }
    }
  };
  collect(*node, "");
}

void FieldReader::size(std::string_view name, std::size_t& to, Limits<std::size_t> bytes, std::string_view meaning) {
  FieldDoc doc = field_doc(name, "a size", meaning);
  doc.default_text = size_text(to);
  doc.default_json = json_of(doc.default_text);
  doc.range = size_text(bytes.min) + " to " + size_text(bytes.max);
  doc.schema = R"("type": "string", "pattern": "^[0-9]+ ?(B|KiB|MiB|GiB|KB|MB|GB)$|\\$\\{")";
  const std::string range = size_text(bytes.min) + " and " + size_text(bytes.max);
  const SettingsNode* node = scalar(std::move(doc));
  if (node == nullptr) return;
  const SizeResult result = parse_size(node->text);
  if (result.error == QuantityError::none && result.bytes >= bytes.min && result.bytes <= bytes.max) {
    to = static_cast<std::size_t>(result.bytes);
  } else if (result.error == QuantityError::none || result.error == QuantityError::too_large) {
    complain_at(config_error::out_of_range, node->place, ticked(name) + " is " + shown(name, *node) + ", the limits are " + range);
  } else if (result.error == QuantityError::without_unit) {
    const std::string exact = result.bytes > 0 ? size_text(result.bytes) : "0B";
    complain_at(config_error::bad_size, node->place, ticked(name) + " is " + shown(name, *node) + ", a size without a unit", "",
                {node->expanded ? "units are B, KiB, MiB, GiB, KB, MB, GB"
                                : "write " + ticked(std::string(name) + ": " + exact) + " if bytes are meant"});
  } else {
    complain_at(config_error::bad_size, node->place, ticked(name) + " is " + shown(name, *node) + ", which is not a size", "",
                {"a whole number and one of B, KiB, MiB, GiB, KB, MB, GB, for example " + ticked(size_text(to))});
  }
}

void FieldReader::read_duration(std::string_view name, std::chrono::microseconds& to, Limits<std::chrono::microseconds> limits,
                                std::chrono::microseconds resolution, std::string_view meaning) {
  FieldDoc doc = field_doc(name, "a duration", meaning);
  doc.default_text = duration_text(to);
  doc.default_json = json_of(doc.default_text);
  doc.range = duration_text(limits.min) + " to " + duration_text(limits.max);
  doc.schema = R"("type": "string", "pattern": "^([0-9]+ ?(us|ms|s|m|h|d))+$|\\$\\{")";
  const std::string range = duration_text(limits.min) + " and " + duration_text(limits.max);
  const SettingsNode* node = scalar(std::move(doc));
  if (node == nullptr) return;
  const DurationResult result = parse_duration(node->text);
  const std::string is = ticked(name) + " is " + shown(name, *node);
  if (result.error == QuantityError::none && result.value >= limits.min && result.value <= limits.max) {
    to = result.value;
    if (result.value % resolution != std::chrono::microseconds(0))
      complain_at(config_error::out_of_range, node->place, is + ", which is finer than this setting can be", "",
                  {"the smallest step is " + ticked(duration_text(resolution))});
  } else if (result.error == QuantityError::none || result.error == QuantityError::too_large) {
    complain_at(config_error::out_of_range, node->place, is + ", the limits are " + range);
  } else if (result.error == QuantityError::without_unit) {
    const std::string number = node->expanded ? "30" : node->text;
    complain_at(config_error::bad_duration, node->place, is + ", a duration without a unit", "",
                {"write " + ticked(number + "s") + " or " + ticked(number + "ms") + ", whichever is meant"});
  } else {
    complain_at(config_error::bad_duration, node->place, is + ", which is not a duration", "",
                {"a whole number and one of us, ms, s, m, h, d, for example `30s`, `1500ms` or `1h30m`"});
  }
}

void FieldReader::whole_number(std::string_view name, std::optional<std::int64_t>& to, Limits<std::int64_t> limits,
                               std::string_view meaning, Presence presence, std::string_view absent) {
  FieldDoc doc = field_doc(name, "a whole number", meaning, presence);
  const bool unlimited = limits.max == std::numeric_limits<std::int64_t>::max();
  const std::string words = absent.empty() ? "" : " or " + ticked(absent);
  doc.type += words;
  doc.range = unlimited ? "from " + std::to_string(limits.min) : std::to_string(limits.min) + " to " + std::to_string(limits.max);
  doc.schema = R"("type": ["integer", "string"], "minimum": )" + std::to_string(limits.min) +
               (unlimited ? "" : ", \"maximum\": " + std::to_string(limits.max)) + ", \"pattern\": \"" +
               (absent.empty() ? "" : "^" + std::string(absent) + "$|") + "\\\\$\\\\{\"";
  if (to) doc.default_text = doc.default_json = std::to_string(*to);
  if (!to && !absent.empty()) {
    doc.default_text = absent;
    doc.default_json = json_of(absent);
  }
  const std::string range = std::to_string(limits.min) + " and " + std::to_string(limits.max);
  const SettingsNode* node = scalar(std::move(doc));
  if (node == nullptr) return;
  if (!absent.empty() && node->text == absent) {
    to.reset();
    return;
  }
  std::int64_t value = 0;
  const std::string_view text = node->text;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = end == text.data() + text.size() && error != std::errc::invalid_argument;
  const std::string wanted = "a whole number" + words;
  if (whole && (node->plain || node->expanded)) {
    const bool fits = error == std::errc{} && value >= limits.min && value <= limits.max;
    if (!fits)
      complain_at(config_error::out_of_range, node->place, ticked(name) + " is " + shown(name, *node) + ", the limits are " + range);
    if (fits) to = value;
  } else {
    complain_type(name, *node, wanted, whole ? std::vector<std::string>{"remove the quotes"} : std::vector<std::string>{});
  }
}

void FieldReader::read_word(std::string_view name, std::optional<std::size_t>& chosen, const std::vector<std::string_view>& names,
                            std::string_view meaning) {
  FieldDoc doc = field_doc(name, enumeration(names, "or"), meaning);
  if (chosen) {
    doc.default_text = names[*chosen];
    doc.default_json = json_of(names[*chosen]);
  }
  doc.schema = R"("anyOf": [{"enum": [)";
  for (const std::string_view each : names) doc.schema += (each == names.front() ? "" : ", ") + json_of(each);
  doc.schema += "]}, {\"type\": \"string\", " + std::string(placeholder_pattern) + "}]";
  const SettingsNode* node = scalar(std::move(doc));
  if (node == nullptr) return;
  const auto found = std::find(names.begin(), names.end(), node->text);
  if (found != names.end()) {
    chosen = static_cast<std::size_t>(found - names.begin());
    return;
  }
  std::vector<std::string> help;
  const std::string_view closest = node->expanded ? std::string_view{} : closest_name(node->text, names);
  if (!closest.empty()) help.push_back("did you mean " + ticked(closest) + "?");
  complain_at(config_error::unknown_word, node->place,
              ticked(name) + " is " + shown(name, *node) + ", it must be " + enumeration(names, "or"), "", std::move(help));
}

}  // namespace weir
