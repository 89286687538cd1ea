#include "engine/settings/placeholders.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

#include "engine/settings/config_errors.h"

namespace weir {
namespace {

constexpr std::size_t secret_bytes_max = std::size_t{64} * 1024;

bool is_name(std::string_view text) {
  const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return !text.empty() && letter(text[0]) && std::all_of(text.begin(), text.end(), [&](char c) { return letter(c) || digit(c); });
}

// Expands one scalar.
class Expansion {
 public:
  Expansion(SettingsNode& node, const Environment& environment, const std::filesystem::path& folder, Diagnostics& diagnostics)
      : node_(node), environment_(environment), folder_(folder), diagnostics_(diagnostics) {}

  void run() {
    const std::string text = node_.text;
    std::string out;
    std::size_t at = 0;
    bool changed = false;
    while (at < text.size()) {
      const std::size_t dollar = text.find('$', at);
      if (dollar == std::string::npos) break;
      out += text.substr(at, dollar - at);
      if (text.compare(dollar, 3, "$${") == 0) {
        out += "${";
        at = dollar + 3;
        changed = true;
      } else if (text.compare(dollar, 2, "${") == 0) {
        const std::size_t close = text.find('}', dollar);
        if (close == std::string::npos) {
          complain(config_error::bad_placeholder, {dollar, text.size()}, "a placeholder is never closed", "no `}` behind this",
                   "a literal `${` is written `$${`");
          return;
        }
        out += value_of(std::string_view(text).substr(dollar + 2, close - dollar - 2), {dollar, close + 1});
        at = close + 1;
        changed = true;
        node_.expanded = true;
      } else {
        out += '$';
        at = dollar + 1;
      }
    }
    if (!changed) return;
    out += text.substr(std::min(at, text.size()));
    node_.text = out;
    node_.lines_at.clear();
  }

 private:
  std::string value_of(std::string_view inside, SourceSpan within) {
    if (inside.starts_with("file:")) return content_of(inside.substr(5), within);
    const std::size_t colon = inside.find(':');
    const std::string name(inside.substr(0, colon));
    const std::string_view operation = colon == std::string_view::npos ? std::string_view{} : inside.substr(colon, 2);
    if (!is_name(name) || (colon != std::string_view::npos && operation != ":-" && operation != ":?")) {
      complain(config_error::bad_placeholder, within, "`${" + shown(inside) + "}` is not a placeholder", "",
               "placeholders are `${NAME}`, `${NAME:-default}`, `${NAME:?message}` and `${file:path}`; a literal `${` is written `$${`");
      return {};
    }
    const std::optional<std::string> value = environment_(name);
    const std::string_view rest = operation.empty() ? std::string_view{} : inside.substr(colon + 2);
    if (value && (operation.empty() || !value->empty())) return checked(*value, "the variable `" + name + "`", within);
    if (operation == ":-") return std::string(rest);
    if (operation == ":?") {
      complain(config_error::missing_variable, within, "the variable `" + name + "` is not set: " + std::string(rest), "",
               "set `" + name + "` in the environment of the service");
    } else {
      complain(config_error::missing_variable, within, "the variable `" + name + "` is not set", "",
               "set it, or give a default: `${" + name + ":-default}`");
    }
    return {};
  }

  std::string content_of(std::string_view path_text, SourceSpan within) {
    const std::filesystem::path path = folder_ / std::filesystem::path(path_text);
    std::error_code error;
    std::ifstream stream;
    if (std::filesystem::is_regular_file(path, error)) stream.open(path, std::ios::binary);
    if (path_text.empty() || !stream.is_open()) {
      complain(config_error::unreadable_secret, within, "the file `" + path.string() + "` of `${file:...}` cannot be read",
               std::filesystem::exists(path, error) ? "it is not a readable file" : "there is no such file", "");
      return {};
    }
    std::string content(secret_bytes_max + 1, '\0');
    stream.read(content.data(), static_cast<std::streamsize>(content.size()));
    content.resize(static_cast<std::size_t>(stream.gcount()));
    if (content.size() > secret_bytes_max) {
      complain(config_error::unreadable_secret, within, "the file `" + path.string() + "` of `${file:...}` is larger than 64 KiB", "", "");
      return {};
    }
    if (content.ends_with('\n')) content.pop_back();
    if (content.ends_with('\r')) content.pop_back();
    return checked(std::move(content), "the file `" + path.string() + "`", within);
  }

  // A NUL would silently cut the text in every C interface behind us.
  std::string checked(std::string value, const std::string& origin, SourceSpan within) {
    if (value.find('\0') == std::string::npos) return value;
    complain(config_error::unreadable_secret, within, origin + " holds a NUL byte, which no setting can", "", "");
    return {};
  }

  // What stands behind `:-` may be a secret.
  static std::string shown(std::string_view inside) {
    const std::size_t colon = inside.find(":-");
    return std::string(inside.substr(0, colon)) + (colon == std::string_view::npos ? "" : ":-...");
  }

  void complain(std::string_view code, SourceSpan within, std::string message, std::string label, std::string help) {
    const LocatedText text{node_.text, node_.place, node_.lines_at};
    Diagnostic diagnostic = config_diagnostic(code, text.place_of(within), std::move(message), std::move(label));
    if (!help.empty()) diagnostic.help.push_back(std::move(help));
    diagnostics_.push_back(std::move(diagnostic));
    node_.expanded = true;
  }

  SettingsNode& node_;
  const Environment& environment_;
  const std::filesystem::path& folder_;
  Diagnostics& diagnostics_;
};

}  // namespace

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

void expand_placeholders(SettingsNode& tree, const Environment& environment, const std::filesystem::path& folder,
                         Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.size();
  if (tree.kind == SettingsNode::Kind::scalar) Expansion(tree, environment, folder, diagnostics).run();
  // A value that could not be expanded is unknown: it is not judged any further.
  if (diagnostics.size() > before) tree.unknown = true;
  for (SettingsNode& item : tree.items) expand_placeholders(item, environment, folder, diagnostics);
  for (SettingsEntry& entry : tree.entries) expand_placeholders(entry.value, environment, folder, diagnostics);
}

}  // namespace weir
