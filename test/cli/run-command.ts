// Runs one command of the command line in this process and catches what it prints.

import { Command } from "commander";

/** What a command wrote to standard output, and how it failed if it did. */
export interface CommandRun {
  readonly stdout: string;
  readonly error: unknown;
}

/** @param args as on a shell, without the program's name */
export async function runCommand(register: (program: Command) => void, args: readonly string[]): Promise<CommandRun> {
  const program = new Command("trimtab");
  register(program);
  const quiet = (command: Command): void => {
    command.exitOverride().configureOutput({ writeErr: () => {} });
    for (const child of command.commands) quiet(child);
  };
  quiet(program);
  let stdout = "";
  const write = jest.spyOn(process.stdout, "write").mockImplementation((chunk) => {
    stdout += String(chunk);
    return true;
  });
  try {
    await program.parseAsync([...args], { from: "user" });
    return { stdout, error: null };
  } catch (error) {
    return { stdout, error };
  } finally {
    write.mockRestore();
  }
}
