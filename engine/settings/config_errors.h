// Every way in which a config can be wrong: one code, one sentence, one long text each. `weir explain C0104` prints from here.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "engine/settings/settings_node.h"

namespace weir {

namespace config_error {
constexpr std::string_view unreadable = "C0101";
constexpr std::string_view syntax = "C0102";
constexpr std::string_view duplicate_key = "C0103";
constexpr std::string_view unknown_key = "C0104";
constexpr std::string_view wrong_type = "C0105";
constexpr std::string_view missing = "C0106";
constexpr std::string_view no_value = "C0107";
constexpr std::string_view unsupported_yaml = "C0108";
constexpr std::string_view too_large = "C0109";
constexpr std::string_view version = "C0110";
constexpr std::string_view out_of_range = "C0201";
constexpr std::string_view bad_duration = "C0202";
constexpr std::string_view bad_size = "C0203";
constexpr std::string_view unknown_word = "C0204";
constexpr std::string_view bad_name = "C0205";
constexpr std::string_view bad_timestamp = "C0206";
constexpr std::string_view bad_address = "C0207";
constexpr std::string_view item_count = "C0208";
constexpr std::string_view no_such_file = "C0209";
constexpr std::string_view unwritable_state = "C0210";
constexpr std::string_view missing_variable = "C0301";
constexpr std::string_view bad_placeholder = "C0302";
constexpr std::string_view unreadable_secret = "C0303";
constexpr std::string_view no_connector = "C0401";
constexpr std::string_view two_connectors = "C0402";
constexpr std::string_view contradiction = "C0403";
constexpr std::string_view reserved_property = "C0404";
constexpr std::string_view refused_property = "C0405";
constexpr std::string_view bad_override = "C0501";
constexpr std::string_view no_broker = "C0601";
constexpr std::string_view no_topic = "C0602";
}  // namespace config_error

struct ConfigError {
  std::string_view code;
  std::string_view title;
  std::string_view text;  // causes, an example and the mended example
};

std::span<const ConfigError> config_errors();  // in the order of their codes
const ConfigError* find_config_error(std::string_view code);

// One complaint about a place in a config. `place.file` may be null.
Diagnostic config_diagnostic(std::string_view code, const SettingsPlace& place, std::string message, std::string label = {},
                             std::vector<std::string> help = {});

}  // namespace weir
