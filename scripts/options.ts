/** The command line of a script: its options, its help, and what is said of a wrong option. */

import { type ParseArgsConfig, parseArgs } from 'node:util';

/**
 * Parses the command line of a script. With `--help` or `-h` it prints the help and ends the program. If an option is wrong, it says
 * so in one line and ends the program with status 2.
 *
 * @param help what the script does, how it is called, and its options
 */
export function scriptOptions<const Config extends ParseArgsConfig>(help: string, config: Config) {
  const words = process.argv.slice(2);
  const own = words.includes('--') ? words.slice(0, words.indexOf('--')) : words;
  if (own.includes('--help') || own.includes('-h')) {
    console.log(help.trim());
    process.exit(0);
  }
  try {
    return parseArgs(config);
  } catch (error) {
    return wrongOption((error as Error).message);
  }
}

/** Says in one line what is wrong with an option, and ends the program with status 2. */
export function wrongOption(problem: string): never {
  const [line] = problem.split(/\.\s|\n/);
  console.error(`error: ${line} (--help lists the options)`);
  process.exit(2);
}

/** Returns the value of an option that is a whole number. Ends the program with status 2 if it is none, or less than the minimum. */
export function wholeNumber(option: string, text: string, minimum = 1): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(number) && number >= minimum) return number;
  return wrongOption(`--${option} ${text}: it must be a whole number, ${minimum} or more`);
}
