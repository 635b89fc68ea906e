import { CommanderError } from 'commander';
import { exitCodeOf, messageOf } from './errors.js';
import { createProgram } from './program.js';
import { processTerminal } from './terminal.js';

const terminal = processTerminal();
try {
  await createProgram(terminal).parseAsync(process.argv);
} catch (error) {
  // Commander has already written what was wrong with the arguments, or the help that was asked for.
  if (!(error instanceof CommanderError))
    terminal.note(messageOf(error, /^(debug|trace)$/.test(terminal.env['LOG_LEVEL'] ?? '')));
  process.exitCode = exitCodeOf(error);
}
