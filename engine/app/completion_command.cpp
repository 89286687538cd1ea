#include "engine/app/completion_command.h"

#include <array>
#include <string_view>

#include <fmt/format.h>

#include "engine/app/exit_code.h"
#include "engine/base/diagnostic.h"

namespace weir {
namespace {

constexpr std::array<std::string_view, 3> shells{"bash", "zsh", "fish"};

std::string option_names(const CompletionVerb& verb) {
  std::string all;
  for (const CompletionOption& option : verb.options)
    for (const std::string& name : option.names) all += (all.empty() ? "" : " ") + name;
  return all;
}

std::string bash_text(const std::vector<CompletionVerb>& verbs) {
  std::string names;
  std::string cases;
  for (const CompletionVerb& verb : verbs) {
    names += (names.empty() ? "" : " ") + verb.name;
    cases += fmt::format("    {}) options=\"{}\"; words=\"{}\"; files={} ;;\n", verb.name, option_names(verb), fmt::join(verb.words, " "),
                         verb.files ? "yes" : "no");
  }
  return fmt::format(R"(# bash completion of weir: weir completion bash > /etc/bash_completion.d/weir
_weir() {{
  local word="${{COMP_WORDS[COMP_CWORD]}}" options="" words="" files=no
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "{} help --help --version" -- "$word"))
    return
  fi
  case "${{COMP_WORDS[1]}}" in
{}  esac
  case "$word" in
    -*) COMPREPLY=($(compgen -W "$options" -- "$word")) ;;
    *)
      COMPREPLY=($(compgen -W "$words" -- "$word"))
      if [ "$files" = yes ]; then COMPREPLY+=($(compgen -f -- "$word")); fi
      ;;
  esac
}}
complete -o filenames -F _weir weir
)",
                     names, cases);
}

// In single quotes, where a quote stands as '\''. zsh reads brackets and colons in what it completes as its own.
std::string quoted(std::string_view text, bool zsh) {
  std::string out = "'";
  for (const char byte : text) {
    if (zsh && (byte == '[' || byte == ']' || byte == ':')) out += '\\';
    out += byte == '\'' ? std::string("'\\''") : std::string(1, byte);
  }
  return out + "'";
}

std::string zsh_option(const CompletionOption& option, const std::string& name) {
  std::string description = quoted(option.description, true);
  description = description.substr(1, description.size() - 2);
  return fmt::format("'{}[{}]{}'", name, description, option.takes_value ? ":value:_files" : "");
}

std::string zsh_text(const std::vector<CompletionVerb>& verbs) {
  std::string names;
  std::string cases;
  for (const CompletionVerb& verb : verbs) {
    std::string description = quoted(verb.description, true);
    names += fmt::format("    '{}:{}\n", verb.name, description.substr(1));
    cases += fmt::format("    {}) _arguments", verb.name);
    for (const CompletionOption& option : verb.options)
      for (const std::string& name : option.names) cases += " \\\n      " + zsh_option(option, name);
    if (!verb.words.empty()) cases += fmt::format(" \\\n      '*:word:({})'", fmt::join(verb.words, " "));
    if (verb.files) cases += " \\\n      '*:file:_files'";
    cases += " ;;\n";
  }
  return fmt::format(R"(#compdef weir
# zsh completion of weir: weir completion zsh > "${{fpath[1]}}/_weir"
_weir() {{
  local -a verbs
  verbs=(
{}  )
  if (( CURRENT == 2 )); then
    _describe command verbs
    return
  fi
  shift words
  (( CURRENT-- ))
  case "$words[1]" in
{}  esac
}}
compdef _weir weir
)",
                     names, cases);
}

std::string fish_text(const std::vector<CompletionVerb>& verbs) {
  std::string out = "# fish completion of weir: weir completion fish > ~/.config/fish/completions/weir.fish\n";
  for (const CompletionVerb& verb : verbs) {
    out += fmt::format("complete -c weir -f -n __fish_use_subcommand -a {} -d {}\n", verb.name, quoted(verb.description, false));
    const std::string here = fmt::format("complete -c weir -n '__fish_seen_subcommand_from {}'", verb.name);
    for (const CompletionOption& option : verb.options) {
      out += here;
      for (const std::string& name : option.names) out += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      out += fmt::format(" -d {}{}\n", quoted(option.description, false), option.takes_value ? " -r" : "");
    }
    if (!verb.words.empty()) out += fmt::format("{} -f -a '{}'\n", here, fmt::join(verb.words, " "));
    if (verb.files) out += here + " -F\n";
  }
  return out;
}

}  // namespace

int completion_command(const std::string& shell, const std::vector<CompletionVerb>& verbs, const Terminal& terminal) {
  if (shell == "bash") {
    terminal.out << bash_text(verbs);
  } else if (shell == "zsh") {
    terminal.out << zsh_text(verbs);
  } else if (shell == "fish") {
    terminal.out << fish_text(verbs);
  } else {
    terminal.err << fmt::format("weir: there is no completion for `{}`; there is for {}\n", shell, fmt::join(shells, ", "));
    if (const std::string_view closest = closest_name(shell, {shells.begin(), shells.end()}); !closest.empty())
      terminal.err << fmt::format("did you mean `weir completion {}`?\n", closest);
    return exit_code::usage;
  }
  return exit_code::fine;
}

}  // namespace weir
