// `trimtab completion`: what a shell needs to complete commands, options, and the names behind them.
//
// The shell asks `trimtab completion words <words so far>`: the program itself knows its commands, so nothing goes stale.

import { type Command, Option } from "commander";
import { agents } from "../../agents/index.ts";
import { listScenarios } from "../../environments/index.ts";
import { exporters } from "../export/index.ts";
import { searches } from "../optimizers/index.ts";
import { printLine } from "./output.ts";

const bash = `# trimtab completion: eval "$(trimtab completion bash)"
_trimtab() {
  local IFS=$'\\n'
  COMPREPLY=($(trimtab completion words -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -F _trimtab trimtab`;

const zsh = `#compdef trimtab
# trimtab completion: eval "$(trimtab completion zsh)"
_trimtab() {
  local -a found
  found=("\${(@f)$(trimtab completion words -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ -n "\${found[*]}" ]]; then compadd -a found; else _files; fi
}
compdef _trimtab trimtab`;

const fish = `# trimtab completion: trimtab completion fish | source
function __trimtab
  set -l words (commandline -opc) (commandline -ct)
  trimtab completion words -- $words[2..-1] 2>/dev/null
end
complete -c trimtab -f -a '(__trimtab)'`;

const scripts: Readonly<Record<string, string>> = { bash, zsh, fish };

/** How a shell takes its script in. */
const loadings: Readonly<Record<string, string>> = {
  bash: 'eval "$(trimtab completion bash)"',
  zsh: 'eval "$(trimtab completion zsh)"',
  fish: "trimtab completion fish | source",
};

/** Names an option's value can have, by the option's long name. */
const values: Readonly<Record<string, () => Promise<readonly string[]>>> = {
  "--scenario": listScenarios,
  "--agent": async () => agents.map(({ name }) => name),
  "--policies": async () => agents.map(({ name }) => name),
  "--optimizer": async () => agents.map(({ name }) => name),
  "--format": async () => exporters.map(({ format }) => format),
  "--search": async () => searches.map(({ name }) => name),
};

function commandAt(program: Command, words: readonly string[]): Command {
  const [word, ...rest] = words;
  const child = program.commands.find((command) => command.name() === word);
  return child === undefined ? program : commandAt(child, rest);
}

/** After the last comma of a list, what comes before it kept. */
function continued(typed: string, names: readonly string[]): string[] {
  const before = typed.slice(0, typed.lastIndexOf(",") + 1);
  return names.map((name) => before + name);
}

/** What the last of the words may become. @param words what was typed after `trimtab`, the last one perhaps empty */
export async function completions(program: Command, words: readonly string[]): Promise<string[]> {
  const typed = words.at(-1) ?? "";
  const before = words.at(-2) ?? "";
  const command = commandAt(
    program,
    words.slice(0, -1).filter((word) => !word.startsWith("-")),
  );
  const option = command.options.find(({ long, short }) => long === before || short === before);
  const fitting = (all: readonly string[]): string[] => all.filter((word) => word.startsWith(typed) && word !== typed);
  if (option !== undefined && (option.required || option.optional)) {
    const named = values[option.long ?? ""];
    if (named !== undefined) return fitting(continued(typed, await named()));
    return fitting(option.argChoices ?? []);
  }
  const commands = command.commands.map((child) => child.name());
  const options = [...command.options, new Option("--help")].flatMap(({ long }) => long ?? []);
  return fitting(typed.startsWith("-") ? options : [...commands, ...(commands.length === 0 ? options : [])]);
}

/** Adds the commands. */
export function registerCompletion(program: Command): void {
  const completion = program.command("completion").description("complete commands and names in bash, zsh or fish");
  for (const [shell, script] of Object.entries(scripts)) {
    completion
      .command(shell)
      .description(`the script for ${shell}`)
      .addHelpText("after", `\nExample:\n  $ ${loadings[shell] ?? ""}\n`)
      .action(() => printLine(script));
  }
  completion
    .command("words")
    .description("what the last of the words may become, one a line; what the scripts ask")
    .argument("[words...]", "after --")
    .addHelpText("after", "\nExample:\n  $ trimtab completion words -- evaluate --scen\n")
    .action(async (words: string[]) => {
      for (const word of await completions(program, words)) printLine(word);
    });
}
