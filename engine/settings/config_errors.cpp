#include "engine/settings/config_errors.h"

#include <algorithm>
#include <array>
#include <utility>

namespace weir {
namespace {

constexpr std::array table{
    ConfigError{
        config_error::unreadable, "the config file cannot be read",
        "The file that was named on the command line does not exist, is a folder, or may not be read by this user.\n\n"
        "  weir run config/weir.yaml\n\n"
        "Relative paths on the command line start at the current folder; relative paths inside the file start at the folder of the file."},
    ConfigError{
        config_error::syntax, "the file is not YAML",
        "The parser could not make sense of the text, so nothing behind this place was checked. Usual causes: a tab where spaces are\n"
        "needed, a quote or a bracket that is never closed, a line that is indented differently from its neighbours, a value that begins\n"
        "with @, `, % or another character that YAML reserves, or bytes that are not UTF-8.\n\n"
        "  filter: \"amount > 0        wrong: the quote is never closed\n"
        "  filter: \"amount > 0\"       right"},
    ConfigError{config_error::duplicate_key, "a key stands twice in one group",
                "YAML itself does not say which of the two wins, so Weir takes neither. Remove one of them.\n\n"
                "  mapping:\n    batch_size: 100\n    batch_size: 200      wrong"},
    ConfigError{config_error::unknown_key, "no setting has this name here",
                "The name is misspelt, or the setting stands in the wrong group. The complaint names the closest setting of the group.\n"
                "`weir schema --markdown` lists all settings; `weir schema` prints a JSON Schema with which editors complete and check "
                "while you type.\n\n"
                "  mapping: { batchsize: 100 }       wrong\n  mapping: { batch_size: 100 }      right"},
    ConfigError{
        config_error::wrong_type, "the value is of another kind than the setting",
        "For example a text where a number is expected, or a list where a group is expected. Numbers and true/false stand without quotes.\n"
        "YAML 1.2 knows only true and false: yes, no, on and off are ordinary texts.\n\n"
        "  batch_size: \"100\"     wrong: a text\n  batch_size: 100       right"},
    ConfigError{config_error::missing, "a setting that must be given is missing",
                "The setting has no sensible default. The complaint names the group in which to add it, and shows how."},
    ConfigError{config_error::no_value, "the setting has a name but no value",
                "There is nothing behind the colon (or `~`, or `null`). Give a value, or remove the line: then the default applies.\n\n"
                "  group:            wrong\n  group: weir       right"},
    ConfigError{config_error::unsupported_yaml, "a feature of YAML that a config does not use",
                "Anchors (&name), aliases (*name), merge keys (<<), tags (!name), several documents in one file, and keys that are lists "
                "or groups\n"
                "are refused, because they hide what is in force. Write the value out; what differs between installations belongs into\n"
                "${VARIABLES} or --set. A text that begins with & * or ! is put in quotes."},
    ConfigError{config_error::too_large, "the file is larger or deeper than a config can be",
                "A config may have up to 1 MiB and up to 32 groups inside each other. Lists of cards, merchants and the like belong into "
                "list files of\n"
                "the rules."},
    ConfigError{config_error::version, "the version of the config's format is not known",
                "The first line says for which format the file was written, so that a later Weir can still read it.\n\n  version: 1"},
    ConfigError{
        config_error::out_of_range, "the number, duration or size is outside of its limits",
        "The complaint names the value and both limits. The limits of every setting stand in config/README.md and in `weir schema`."},
    ConfigError{config_error::bad_duration, "not a duration",
                "A duration is a whole number with a unit: us, ms, s, m, h or d; several may follow each other. A number without a unit is "
                "refused,\n"
                "because nobody can see whether it means seconds or milliseconds.\n\n"
                "  batch_window: 5        wrong\n  batch_window: 5ms      right\n  late: { allowed: 1m30s }"},
    ConfigError{config_error::bad_size, "not a size",
                "A size is a whole number with a unit: B, KiB, MiB, GiB (powers of 1024) or KB, MB, GB (powers of 1000).\n\n"
                "  batch_bytes: 6291456   wrong\n  batch_bytes: 6MiB      right"},
    ConfigError{config_error::unknown_word, "not one of the words that the setting knows",
                "The complaint lists the words. They are written in lower case, as in config/README.md."},
    ConfigError{config_error::bad_name, "not a name for a source or sink",
                "Names of sources and sinks appear in metrics and logs: 1 to 64 letters, digits, `_` or `-`, beginning with a letter."},
    ConfigError{config_error::bad_timestamp, "not a point in time",
                "RFC 3339, with a zone: 2026-11-01T00:00:00Z or 2026-11-01T01:00:00+01:00."},
    ConfigError{config_error::bad_address, "not the address of a broker",
                "host:port, for example kafka-1.internal:9092 or [::1]:9092; or the one word `embedded` for a broker inside of the "
                "process, for tries."},
    ConfigError{config_error::item_count, "too few or too many items",
                "The complaint names the number of items and the limits. A list may not repeat an item."},
    ConfigError{config_error::no_such_file, "a pattern matches no file",
                "Each entry of `rules.files` must match at least one file. Relative patterns start at the folder of the config file.\n"
                "`*` stands for any characters but `/`, `?` for one character.\n\n  rules: { files: [\"rules/*.rules\"] }"},
    ConfigError{
        config_error::unwritable_state, "the folder of the state cannot be written",
        "The service keeps in `state.dir` what must survive a restart. It makes the folder where it is missing, so the nearest "
        "folder\n"
        "above it that is there must be one that its user may write to. `weir check` only warns where the user who checks may not write,\n"
        "since the service may be another; with `--connect` it checks as the service. Relative paths start at the folder of the config "
        "file.\n\n"
        "  state: { dir: /var/lib/weir }"},
    ConfigError{
        config_error::missing_variable, "a variable of the environment is not set",
        "`${NAME}` is replaced with the variable NAME. Where it is not set, there is no silent empty text: give a default, or set it.\n\n"
        "  ${NAME:-default}      the default where NAME is not set or empty\n"
        "  ${NAME:?message}      where NAME is not set or empty, the complaint shows the message"},
    ConfigError{config_error::bad_placeholder, "a placeholder is malformed",
                "Placeholders are ${NAME}, ${NAME:-default}, ${NAME:?message} and ${file:path}; they do not stand inside each other.\n"
                "A literal ${ is written $${."},
    ConfigError{config_error::unreadable_secret, "the file of a placeholder cannot be read",
                "`${file:path}` is replaced with the content of the file, without one line end at its end. The file may have up to 64 KiB "
                "of text.\n"
                "Relative paths start at the folder of the config file. The content is never shown in any output."},
    ConfigError{config_error::no_connector, "a source or sink without a connector",
                "Each source and each sink says where it is connected to. `weir list sources` and `weir list sinks` show what there is.\n\n"
                "  sinks:\n    decisions: { kafka: { topic: payments.decisions } }"},
    ConfigError{config_error::two_connectors, "two connectors in one source or sink",
                "A source reads from one place and a sink writes to one place. Give each its own name:\n\n"
                "  sinks:\n    blocked:      { kafka: { topic: payments.blocked } }\n    blocked_file: { file: { path: blocked.jsonl } }"},
    ConfigError{config_error::contradiction, "two settings contradict each other",
                "Each of the two is fine by itself. The complaint names both values and what to change."},
    ConfigError{config_error::reserved_property, "a property of librdkafka that Weir sets itself",
                "What Weir promises depends on these properties (explicit commits, its own assignment, durable deliveries), or they have a "
                "setting\n"
                "of their own, which the complaint names."},
    ConfigError{
        config_error::refused_property, "a property that librdkafka does not take",
        "What stands under `librdkafka` is passed on as it is. The installed version of librdkafka does not know the name, or the\n"
        "value is none of those that it takes. All properties: https://github.com/confluentinc/librdkafka/blob/master/CONFIGURATION.md"},
    ConfigError{config_error::bad_override, "--set is not of the form a.b=value",
                "The path names the setting from the top of the file, the value is YAML; nothing behind the `=` removes the setting.\n"
                "A key that has dots itself stands in double quotes.\n\n"
                "  weir run weir.yaml --set sources.payments.mapping.batch_size=512 --set 'rules.files=[\"other/*.rules\"]'"},
    ConfigError{config_error::no_broker, "the brokers do not answer",
                "`weir check --connect` asks the brokers that the config names, and waits a few seconds for their answer. The complaint "
                "says\n"
                "what was the matter. Check `brokers`, `security`, and whether the brokers can be reached from this machine."},
    ConfigError{config_error::no_topic, "the brokers do not have a topic",
                "`weir check --connect` asks for each topic that is read or written. A service does not start without them.\n"
                "A topic that the user may not describe is not shown. "
                "A sink makes its topic, with the brokers' defaults, where it may:\n\n"
                "  sinks:\n    decisions: { kafka: { topic: payments.decisions, create_topic: true } }"},
};

}  // namespace

std::span<const ConfigError> config_errors() {
  return table;
}

const ConfigError* find_config_error(std::string_view code) {
  const auto found = std::find_if(table.begin(), table.end(), [&](const ConfigError& each) { return each.code == code; });
  return found == table.end() ? nullptr : &*found;
}

Diagnostic config_diagnostic(std::string_view code, const SettingsPlace& place, std::string message, std::string label,
                             std::vector<std::string> help) {
  Diagnostic diagnostic;
  diagnostic.code = code;
  diagnostic.message = std::move(message);
  diagnostic.file = place.file;
  diagnostic.span = place.span;
  diagnostic.label = std::move(label);
  diagnostic.help = std::move(help);
  return diagnostic;
}

}  // namespace weir
