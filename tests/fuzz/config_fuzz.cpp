// Any bytes as a config: no crash, no hang, diagnostics that can be shown, and settings exactly where there is no error.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "connectors/registry.h"
#include "engine/settings/load_service_settings.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace weir;
  std::string text(reinterpret_cast<const char*>(bytes), size);
  // The first line, if it begins with "#set ", is an override as well.
  std::vector<std::string> overrides;
  if (text.starts_with("#set ")) overrides.push_back(text.substr(5, text.find('\n') - 5));
  const Environment environment = [](std::string_view name) {
    return name == "UNSET" ? std::optional<std::string>() : std::optional<std::string>("value");
  };
  const SettingsLoad load = read_service_settings(std::move(text), "/nowhere/config.yaml", overrides, environment, connector_kinds());
  if (load.settings.has_value() == has_errors(load.diagnostics)) std::abort();
  if (render(load.diagnostics, false).empty() != load.diagnostics.empty()) std::abort();
  if (render_json(load.diagnostics).size() < 3) std::abort();
  return 0;
}
