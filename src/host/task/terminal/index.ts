/**
 * Terminals. A `Terminal` has a line discipline (`LineDiscipline`: `InputQueue`, `LineEditor`, `TerminalOutput`), and controls a session.
 * Its files are `TerminalFile`s. The other end is outside (`SystemTerminal`), or the master of a pseudo-terminal (`MasterFile`), whose
 * names `DevPts` has.
 */

export { SystemTerminal, type SystemTerminalOptions } from './system-terminal.ts';
export { SystemTerminals } from './system-terminals.ts';
