#include "engine/app/command_line.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>
#include <string_view>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "engine/app/admin_command.h"
#include "engine/app/check_command.h"
#include "engine/app/completion_command.h"
#include "engine/app/create_command.h"
#include "engine/app/demo_command.h"
#include "engine/app/exit_code.h"
#include "engine/app/format_command.h"
#include "engine/app/reference_commands.h"
#include "engine/app/rules_paths.h"
#include "engine/app/run_command.h"
#include "engine/app/test_command.h"
#include "engine/base/diagnostic.h"
#include "engine/settings/quantity.h"

namespace weir {
namespace {

constexpr std::string_view paths_meaning =
    "Config files (.yaml, .yml), rules files (.rules), or folders: the weir.yaml in one, and the rules files below it; "
    "weir.yaml here, or else config/weir.yaml";
constexpr std::array<std::string_view, 4> listable{"functions", "sources", "sinks", "errors"};

constexpr const char* summary =
    "Weir holds fraud in a stream of payments: it reads records from Kafka, keeps exact\n"
    "sliding-window features per card, device or any other key, evaluates rules, and sends\n"
    "every decision on.";
constexpr const char* ending =
    "Examples:\n"
    "  weir create card-payments            a folder to start from, with rules and their tests\n"
    "  weir demo                            the whole path on one screen, with payments made up\n"
    "  weir check config/weir.yaml          what is wrong with a config and its rules\n"
    "  weir test config/rules               whether the rules decide as their tests expect\n"
    "  weir run config/weir.yaml            the service\n"
    "  weir status config/weir.yaml         what a running service does\n"
    "  weir explain C0104                   what an error code means\n"
    "  weir check --help                    the options of one command\n\n"
    "Exit codes: 0 fine, 1 a check or a test found something, 64 wrong usage, 69 the drain timed out\n"
    "or no service runs, 70 internal error, 78 bad configuration.";

// In a folder that `weir create` made, its own.
std::string usual_config() {
  return std::filesystem::exists("weir.yaml") ? "weir.yaml" : "config/weir.yaml";
}

// What was asked for, filled while parsing.
struct Request {
  RunOptions run;
  DemoOptions demo;
  std::string ends_after;  // of run and demo
  CheckCommandOptions check;
  std::string check_format = "text";
  AdminOptions admin;
  TestCommandOptions test;
  FormatCommandOptions format;
  std::string starter;
  std::string folder;
  std::string shell;
  bool markdown = false;
  std::string listed;
  std::string code;
  bool json = false;
};

void add_set(CLI::App& verb, std::vector<std::string>& overrides) {
  verb.add_option("--set", overrides, "Override a setting of the config: --set log.level=debug; may be repeated")
      ->option_text("A.B=VALUE")
      ->allow_extra_args(false);
}

void add_end(CLI::App& verb, std::string& ends_after) {
  verb.add_option("--for", ends_after, "End cleanly after so long: 30s, 5m")->option_text("DURATION");
}

void add_run(CLI::App& app, Request& request) {
  CLI::App* run = app.add_subcommand("run", "Run the service until SIGTERM or Ctrl-C, or to the end of its files");
  run->add_option("CONFIG", request.run.config, "The config file, or a folder with a weir.yaml: weir.yaml here, or else config/weir.yaml")
      ->option_text(" ");
  add_set(*run, request.run.overrides);
  add_end(*run, request.ends_after);
  run->add_flag("--live", request.run.live, "Show the service on one screen; without a terminal, a line a second");
  run->footer(
      "Examples:\n  weir run config/weir.yaml\n  weir run config/weir.yaml --set runtime.lanes=4 --live\n\n"
      "SIGTERM and SIGINT drain: outputs are delivered and positions committed; a second one ends at once.");
  CLI::App* demo = app.add_subcommand("demo", "Show the whole path: payments made up with planted fraud, Kafka, rules, decisions");
  demo->add_option("--config", request.demo.config, "The config file, or a folder with a weir.yaml")
      ->option_text("FILE")
      ->capture_default_str();
  demo->add_option("--brokers", request.demo.brokers, "A real Kafka instead of the embedded broker")->option_text("HOST:PORT");
  demo->add_option("--rate", request.demo.rate, "Payments a second, 1 to 1000000")
      ->option_text("N")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  add_end(*demo, request.ends_after);
  demo->footer("Example:\n  weir demo --for 30s");
}

void add_check(CLI::App& app, Request& request) {
  CLI::App* verb = app.add_subcommand("check", "Check configs and rules: all errors at once, then what the rules cost");
  verb->add_option("PATH", request.check.paths, std::string(paths_meaning))->option_text("...");
  add_set(*verb, request.check.overrides);
  verb->add_flag("--connect", request.check.connect,
                 "Check as the service: ask the brokers of configs for the topics that they name; creates nothing");
  verb->add_flag("--measure", request.check.measure, "Measure what an event costs here, instead of estimating it");
  verb->add_flag("--strict", request.check.strict, "Warn about rules that no test names, too; any warning ends with 1");
  verb->add_option("--format", request.check_format, "text or json")->option_text("FORMAT")->check(CLI::IsMember({"text", "json"}));
  verb->add_flag("--json", request.json, "The same as --format json");
  verb->footer(
      "Examples:\n  weir check config/weir.yaml       the config and the rules that it names\n"
      "  weir check config/rules           all rules below a folder; each folder is one rule set\n\n"
      "Ends with 0 if there is no error, otherwise with 1. Without --connect, nothing is connected to. What an event costs is an "
      "estimate;\n--measure runs "
      "made-up events through the rules for a second.");
}

void add_test(CLI::App& app, Request& request) {
  CLI::App* verb = app.add_subcommand("test", "Run the `test` blocks of rules files as the service would run the rules");
  verb->add_option("PATH", request.test.paths, std::string(paths_meaning))->option_text("...");
  add_set(*verb, request.test.overrides);
  verb->add_option("--junit", request.test.junit, "Write the results as JUnit XML, too")->option_text("FILE");
  verb->add_flag("--coverage", request.test.coverage, "Show which rules never fired and which operands were never true or never false");
  verb->add_flag("--json", request.json, "Print JSON");
  verb->footer(
      "Examples:\n  weir test config/rules            every rules file below a folder; each folder is one rule set\n"
      "  weir test weir.yaml --coverage    the rules that a config names\n\n"
      "Ends with 0 if all tests passed, with 1 if one failed, with 78 if the rules are wrong.");
}

void add_format(CLI::App& app, Request& request) {
  CLI::App* verb = app.add_subcommand("fmt", "Write rules files anew in the canonical layout");
  verb->add_option("PATH", request.format.paths, "Rules files (.rules) or folders of them; - reads the input and writes the output")
      ->required()
      ->option_text("...");
  verb->add_flag("--check", request.format.check, "Change nothing; name the files that would change and end with 1");
  verb->footer("Examples:\n  weir fmt config/rules\n  weir fmt --check config/rules     for a continuous build");
}

void add_create(CLI::App& app, Request& request) {
  CLI::App* verb = app.add_subcommand("create", "Write a folder to start from: config, rules, tests, and a page that says how to go on");
  verb->add_option("TEMPLATE", request.starter, "card-payments, account-takeover or payouts")->required()->option_text(" ");
  verb->add_option("DIR", request.folder, "Where; a folder named as the template if it is left out")->option_text(" ");
  verb->footer("Example:\n  weir create card-payments my-rules && cd my-rules && weir test weir.yaml && weir run weir.yaml");
}

// What is asked of a running service.
void add_admin(CLI::App& app, Request& request) {
  request.admin.config = usual_config();
  constexpr const char* meaning =
      "The config that the service runs, or a folder with a weir.yaml: weir.yaml here, or else config/weir.yaml";
  // The config is written either way with each of them; `weir rules` finds it among its words.
  const auto common = [&request](CLI::App& verb, bool takes_words) {
    CLI::Option* named = verb.add_option("--config", request.admin.config, meaning)->option_text("FILE");
    if (!takes_words) verb.add_option("CONFIG", request.admin.config, meaning)->option_text(" ")->excludes(named);
    verb.add_option("--socket", request.admin.socket, "The service's local socket, instead of the one that the config names")
        ->option_text("PATH");
    verb.add_flag("--json", request.json, "Print JSON");
  };
  CLI::App* status = app.add_subcommand("status", "Show what a running service does: rules in force, the last reload, lag, shards, sinks");
  common(*status, false);
  status->footer("Examples:\n  weir status config/weir.yaml\n  weir status --socket state/admin.sock --json");
  CLI::App* rules = app.add_subcommand("rules", "Look at the versions of a running service's rules, and put one in force");
  rules->add_option("ACTION", request.admin.words, "ls, show [N], diff [A [B]], rollback N or activate PATH; behind it, the config")
      ->required()
      ->option_text("...");
  common(*rules, true);
  rules->footer(
      "Examples:\n  weir rules ls                     the versions that are kept, the one in force with a star\n"
      "  weir rules show                   the files of the version in force, or of another\n"
      "  weir rules diff 3 4               what changed between two of them; without numbers, by the last switch\n"
      "  weir rules rollback 3             version 3 again, as a new version; the files stay as they are\n"
      "  weir rules activate new.rules     check these rules, run their tests, put them in force\n"
      "  weir rules ls other/weir.yaml     of another service; --config other/weir.yaml is the same\n\n"
      "Ends with 1 if the rules are refused, with 69 if no service runs.");
  CLI::App* reload = app.add_subcommand("reload", "Let a running service read its rules again, as SIGHUP does, and say what came of it");
  common(*reload, false);
  reload->footer("Example:\n  weir reload config/weir.yaml");
}

void add_references(CLI::App& app, Request& request) {
  CLI::App* schema = app.add_subcommand("schema", "Print the JSON Schema of the config file");
  schema->add_flag("--markdown", request.markdown, "Print the reference of all settings as Markdown instead");
  schema->footer(
      "Example:\n  weir schema > weir.schema.json    and in the config's first line:\n"
      "  # yaml-language-server: $schema=weir.schema.json");
  CLI::App* list = app.add_subcommand("list", "List what there is: functions of the rules, sources, sinks, error codes");
  list->add_option("WHAT", request.listed, "functions, sources, sinks or errors")->required()->option_text(" ");
  list->add_flag("--json", request.json, "Print JSON");
  list->footer("Example:\n  weir list functions");
  CLI::App* explain = app.add_subcommand("explain", "Explain an error code at length");
  explain->add_option("CODE", request.code, "The code as it stands in a diagnostic: error[C0104] has the code C0104")
      ->required()
      ->option_text(" ");
  explain->add_flag("--json", request.json, "Print JSON");
  explain->footer("Example:\n  weir explain C0104");
}

void add_completion(CLI::App& app, Request& request) {
  CLI::App* verb = app.add_subcommand("completion", "Print what a shell needs to complete these commands");
  verb->add_option("SHELL", request.shell, "bash, zsh or fish")->required()->option_text(" ");
  verb->footer(
      "Examples:\n  source <(weir completion bash)\n  weir completion zsh > \"${fpath[1]}/_weir\"\n"
      "  weir completion fish > ~/.config/fish/completions/weir.fish");
}

std::vector<std::string> verb_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) names.push_back(verb->get_name());
  return names;
}

// What the command line declares, as the shells' completions want it.
std::vector<CompletionVerb> completion_verbs(const CLI::App& app) {
  std::vector<CompletionVerb> found;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    CompletionVerb made{verb->get_name(), verb->get_description(), {}, {}, false};
    for (const CLI::Option* option : verb->get_options()) {
      CompletionOption known{{}, option->get_description(), option->get_items_expected_max() > 0};
      for (const std::string& name : option->get_lnames()) known.names.push_back("--" + name);
      for (const std::string& name : option->get_snames()) known.names.push_back("-" + name);
      if (!known.names.empty()) made.options.push_back(std::move(known));
      made.files = made.files || option->get_name() == "PATH" || option->get_name() == "CONFIG";
    }
    if (made.name == "list") made.words.assign(listable.begin(), listable.end());
    if (made.name == "create") made.words = starter_names();
    if (made.name == "rules") {
      made.words = rules_actions();
      made.files = true;  // of `activate`, and the config
    }
    if (made.name == "completion") made.words = {"bash", "zsh", "fish"};
    found.push_back(std::move(made));
  }
  return found;
}

int complain(const Terminal& terminal, std::string_view message, std::string_view suggestion, std::string_view verb) {
  terminal.err << fmt::format("weir: {}\n", message);
  if (!suggestion.empty()) terminal.err << fmt::format("did you mean `{}`?\n", suggestion);
  terminal.err << fmt::format("`weir {}{}--help` shows how it is used.\n", verb, verb.empty() ? "" : " ");
  return exit_code::usage;
}

CLI::App* chosen_verb(CLI::App& app) {
  const std::vector<CLI::App*> parsed = app.get_subcommands();
  return parsed.empty() ? nullptr : parsed.front();
}

// The option of `verb` that an unknown one was probably meant to be.
std::string closest_option(const CLI::App& verb, const std::vector<std::string>& arguments) {
  std::vector<std::string> names;
  for (const CLI::Option* option : verb.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  const std::vector<std::string_view> candidates(names.begin(), names.end());
  for (const std::string& argument : arguments) {
    const std::string written = argument.substr(0, argument.find('='));
    if (!written.starts_with("--") || std::find(names.begin(), names.end(), written) != names.end()) continue;
    if (const std::string_view closest = closest_name(written, candidates); !closest.empty()) return std::string(closest);
  }
  return {};
}

// What the first argument that is missing would say: `TEMPLATE is required: card-payments, account-takeover or payouts`.
std::string said_of_missing(const CLI::App& verb, std::string_view message) {
  for (const CLI::Option* option : verb.get_options())
    if (option->get_required() && option->count() == 0 && !option->get_description().empty())
      return fmt::format("{}: {}", message, option->get_description());
  return std::string(message);
}

int explain_parse_error(CLI::App& app, const CLI::ParseError& error, const std::vector<std::string>& arguments, const Terminal& terminal) {
  const CLI::App* verb = chosen_verb(app);
  const CLI::App& shown = verb == nullptr ? app : *verb;
  if (error.get_name() == "CallForHelp" || error.get_name() == "CallForAllHelp") {
    terminal.out << (verb == nullptr ? app.help() : verb->help("weir"));
    return exit_code::fine;
  }
  if (error.get_name() == "CallForVersion") {
    terminal.out << error.what() << "\n";
    return exit_code::fine;
  }
  const std::string said = error.get_name() == "RequiredError" ? said_of_missing(shown, error.what()) : error.what();
  return complain(terminal, said, closest_option(shown, arguments), verb == nullptr ? "" : verb->get_name());
}

// The verbs that work on a config without being told which.
bool takes_usual_config(std::string_view verb, Request& request) {
  if (verb != "run" && verb != "check" && verb != "test") return true;
  std::vector<std::string>& paths = verb == "check" ? request.check.paths : request.test.paths;
  if (verb == "run" ? !request.run.config.empty() : !paths.empty()) return true;
  const std::string config = usual_config();
  if (!std::filesystem::exists(config)) return false;
  if (verb == "run") request.run.config = config;
  if (verb != "run") paths = {config};
  return true;
}

int run_verb(std::string_view verb, Request& request, const Terminal& terminal) {
  if (!takes_usual_config(verb, request))
    return complain(terminal, fmt::format("there is no weir.yaml here: which config{}?", verb == "run" ? "" : ", rules file or folder"), "",
                    verb);
  if (verb == "run" || verb == "demo") {
    std::optional<std::chrono::microseconds> ends_after;
    if (!request.ends_after.empty()) {
      const DurationResult parsed = parse_duration(request.ends_after);
      ends_after = parsed.value;
      if (parsed.error != QuantityError::none || parsed.value.count() <= 0)
        return complain(terminal, fmt::format("--for takes a duration with its unit, such as 30s or 5m, not `{}`", request.ends_after), "",
                        verb);
    }
    request.run.for_ = ends_after;
    request.run.config = config_at(request.run.config).string();
    request.demo.config = config_at(request.demo.config).string();
    request.demo.for_ = ends_after;
    return verb == "run" ? run_command(request.run, terminal) : demo_command(request.demo, terminal);
  }
  if (verb == "check") {
    request.check.json = request.json || request.check_format == "json";
    return check_command(request.check, terminal);
  }
  if (verb == "test") {
    request.test.json = request.json;
    return test_command(request.test, terminal);
  }
  if (verb == "fmt") return format_command(request.format, terminal);
  if (verb == "create") return create_command(request.starter, request.folder, terminal);
  if (verb == "status" || verb == "rules" || verb == "reload") {
    request.admin.json = request.json;
    request.admin.config = config_at(request.admin.config).string();
    return admin_command(verb, request.admin, terminal);
  }
  if (verb == "schema") return schema_command(request.markdown, terminal);
  if (verb == "explain") return explain_command(request.code, request.json, terminal);
  if (verb == "list") {
    if (std::find(listable.begin(), listable.end(), request.listed) != listable.end())
      return list_command(request.listed, request.json, terminal);
    const std::string_view closest = closest_name(request.listed, {listable.begin(), listable.end()});
    return complain(terminal, fmt::format("`{}` cannot be listed; functions, sources, sinks and errors can", request.listed),
                    closest.empty() ? "" : fmt::format("weir list {}", closest), "list");
  }
  return exit_code::internal;
}

}  // namespace

int run_command_line(std::vector<std::string> arguments, const Terminal& terminal) {
  CLI::App app{summary, "weir"};
  app.set_version_flag("--version,-V", "weir " WEIR_VERSION, "Print the version");
  app.footer(ending);
  app.require_subcommand(1);
  app.fallthrough(false);
  app.get_formatter()->column_width(34);
  Request request;
  add_run(app, request);
  add_check(app, request);
  add_test(app, request);
  add_format(app, request);
  add_create(app, request);
  add_admin(app, request);
  add_references(app, request);
  add_completion(app, request);

  if (arguments.empty()) {
    terminal.err << app.help();
    return exit_code::usage;
  }
  if (arguments.front() == "help") {
    arguments.erase(arguments.begin());
    arguments.emplace_back("--help");
  }
  const std::string& first = arguments.front();
  const std::vector<std::string> verbs = verb_names(app);
  if (!first.starts_with('-') && std::find(verbs.begin(), verbs.end(), first) == verbs.end()) {
    const std::string_view closest = closest_name(first, {verbs.begin(), verbs.end()});
    return complain(terminal, fmt::format("there is no command `{}`", first), closest.empty() ? "" : fmt::format("weir {}", closest), "");
  }
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::ParseError& error) {
    return explain_parse_error(app, error, arguments, terminal);
  }
  if (chosen_verb(app)->get_name() == "completion") return completion_command(request.shell, completion_verbs(app), terminal);
  return run_verb(chosen_verb(app)->get_name(), request, terminal);
}

}  // namespace weir
