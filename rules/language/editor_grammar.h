// What an editor needs to colour rules files, made from the tables of the parser, so that it knows every word.
#pragma once

#include <string>

namespace weir {

// A TextMate grammar as JSON: config/editors/vscode/syntaxes/weir.tmLanguage.json.
std::string textmate_grammar();

}  // namespace weir
