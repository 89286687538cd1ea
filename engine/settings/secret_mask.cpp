#include "engine/settings/secret_mask.h"

#include <algorithm>
#include <array>
#include <string>

namespace weir {
namespace {

constexpr std::array<std::string_view, 8> secret_words{"password", "passwd",     "passphrase", "secret",
                                                       "token",    "credential", ".pem",       "sasl.jaas"};

std::string lower(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return out;
}

void mask(SourceFile& file, SourceSpan span) {
  for (std::size_t at = span.begin; at < std::min(span.end, file.text.size()); ++at)
    if (file.text[at] != '\n' && file.text[at] != '\r') file.text[at] = '*';
}

// "${NAME}" or "${file:path}" and nothing else: says where the secret is, not what it is.
bool only_names_its_origin(std::string_view text) {
  return text.starts_with("${") && text.find('}') == text.size() - 1 && text.find(":-") == std::string_view::npos;
}

bool key_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

void mask_all_of(const SettingsNode& node, SourceFile& file) {
  if (node.kind == SettingsNode::Kind::scalar && node.place.file == &file && !only_names_its_origin(node.written))
    mask(file, node.place.span);
  for (const SettingsNode& item : node.items) mask_all_of(item, file);
  for (const SettingsEntry& entry : node.entries) mask_all_of(entry.value, file);
}

}  // namespace

bool names_secret(std::string_view key) {
  const std::string name = lower(key);
  const bool contained =
      std::any_of(secret_words.begin(), secret_words.end(), [&](std::string_view word) { return name.find(word) != std::string::npos; });
  return contained || !closest_name(name, {"password", "passphrase", "secret", "token", "key_password"}).empty();
}

void mask_secrets(const SettingsNode& tree, SourceFile& file) {
  for (const SettingsEntry& entry : tree.entries) {
    if (names_secret(entry.key)) {
      mask_all_of(entry.value, file);
    } else {
      mask_secrets(entry.value, file);
    }
  }
  for (const SettingsNode& item : tree.items) mask_secrets(item, file);
}

void mask_secret_lines(SourceFile& file) {
  std::size_t begin = 0;
  while (begin < file.text.size()) {
    const std::size_t end = std::min(file.text.find('\n', begin), file.text.size());
    for (std::size_t colon = file.text.find(':', begin); colon < end; colon = file.text.find(':', colon + 1)) {
      std::size_t key_end = colon;
      while (key_end > begin && (file.text[key_end - 1] == '"' || file.text[key_end - 1] == '\'' || file.text[key_end - 1] == ' '))
        --key_end;
      std::size_t key_begin = key_end;
      while (key_begin > begin && key_character(file.text[key_begin - 1])) --key_begin;
      if (!names_secret(std::string_view(file.text).substr(key_begin, key_end - key_begin))) continue;
      mask(file, {colon + 1, end});
      break;
    }
    begin = end + 1;
  }
}

}  // namespace weir
