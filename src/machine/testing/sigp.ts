/**
 * SIGNAL PROCESSOR as a table: for each order and each state of the addressed CPU, the response and the changes. The tests
 * of the machine and of virtual machines check every cell.
 */

/** The states of the addressed CPU. */
export const SIGP_STATES = [
  'operating',
  'stopped',
  /** A stop is pending. */
  'stopping',
  'disabled wait',
  /** Enabled for I/O and external interruptions. */
  'enabled wait',
  /** No CPU has the address. */
  'missing',
  /** The sender addresses itself. */
  'self',
] as const;
export type SigpState = (typeof SIGP_STATES)[number];

/** The parameter that a test sends with an order, by order. */
export const SIGP_PARAMETER = { 13: 0x6000, 14: 0x7000, 19: 5 } as const;

/**
 * One row for each order, one cell for each state: condition code, status in hexadecimal after condition code 1, then the
 * changes of the target.
 *
 * The changes: `emergency`, `call`, `restart` and `stopping` are pending now; `stopped` and `started` are states;
 * `reset` is a CPU reset and `initial` an initial CPU reset; `prefix`; `status` and `assigned` are a status stored at
 * the address of the parameter and at absolute 0x1200.
 */
export const SIGP_TABLE: Readonly<Record<number, readonly string[]>> = {
  0: ['1 002', '1 002', '2', '1 002', '1 002', '3', '1 002'],
  1: ['0', '1 040', '2', '0', '0', '3', '0'],
  2: ['0 call', '0 call', '2', '0 call', '0 call', '3', '0 call'],
  3: ['0 emergency', '0 emergency', '2', '0 emergency', '0 emergency', '3', '0 emergency'],
  4: ['0', '0 started', '2', '0', '0', '3', '0'],
  5: ['0 stopping', '0', '2', '0 stopping', '0 stopping', '3', '0 stopping'],
  6: ['0 restart', '0 restart started', '2', '0 restart', '0 restart', '3', '0 restart'],
  7: ['1 002', '1 002', '2', '1 002', '1 002', '3', '1 002'],
  9: ['0 stopping', '0 assigned', '2', '0 stopping', '0 stopping', '3', '0 stopping'],
  11: [
    '0 initial stopped',
    '0 initial',
    '0 initial stopped',
    '0 initial stopped',
    '0 initial stopped',
    '3',
    '0 initial stopped',
  ],
  12: [
    '0 reset stopped',
    '0 reset',
    '0 reset stopped',
    '0 reset stopped',
    '0 reset stopped',
    '3',
    '0 reset stopped',
  ],
  13: ['1 200', '0 prefix', '2', '1 200', '1 200', '3', '1 200'],
  14: ['1 200', '0 status', '2', '1 200', '1 200', '3', '1 200'],
  18: ['1 100', '1 100', '1 100', '1 100', '1 100', '1 100', '1 100'],
  19: ['0 emergency', '0 emergency', '2', '0 emergency', '0 emergency', '3', '0 emergency'],
  21: ['0', '1 400', '2', '1 400', '1 400', '3', '0'],
  // Set multithreading and store additional status: invalid orders without their facilities.
  22: ['1 002', '1 002', '2', '1 002', '1 002', '3', '1 002'],
  23: ['1 002', '1 002', '2', '1 002', '1 002', '3', '1 002'],
  255: ['1 002', '1 002', '2', '1 002', '1 002', '3', '1 002'],
};

/** PSW masks of the states; a CPU is at address 0x1234. */
export const SIGP_PSW: Readonly<Record<SigpState, bigint>> = {
  operating: 0x0300_0001_8000_0000n,
  stopped: 0x0300_0001_8000_0000n,
  stopping: 0x0300_0001_8000_0000n,
  'disabled wait': 0x0002_0001_8000_0000n,
  'enabled wait': 0x0302_0001_8000_0000n,
  missing: 0n,
  self: 0x1_8000_0000n,
};

/** The state of the target that a test compares before and after an order. */
export interface SigpTargetState {
  readonly emergency: boolean;
  readonly call: boolean;
  readonly restart: boolean;
  readonly stopping: boolean;
  readonly stopped: boolean;
  readonly prefix: number;
  /** Control register 4, which an initial CPU reset clears and a CPU reset does not. */
  readonly control4: bigint;
  /** Whether an interruption that was pending from the start is still pending: every reset clears it. */
  readonly seed: boolean;
  /** Whether the words at the two places of a status have been stored into. */
  readonly status: boolean;
  readonly assigned: boolean;
}

/** Returns the changes, in the words of the table. */
export function sigpEffect(before: SigpTargetState, after: SigpTargetState): string[] {
  const changes: string[] = [];
  for (const name of ['emergency', 'call', 'restart'] as const) {
    if (after[name] && !before[name]) changes.push(name);
  }
  if (!before.stopping && after.stopping) changes.push('stopping');
  if (before.seed && !after.seed) changes.push(after.control4 === before.control4 ? 'reset' : 'initial');
  else if (before.prefix !== after.prefix) changes.push('prefix');
  if (after.status) changes.push('status');
  if (after.assigned) changes.push('assigned');
  if (!before.stopped && after.stopped) changes.push('stopped');
  if (before.stopped && !after.stopped) changes.push('started');
  return changes;
}

/** The rules of a conditional emergency signal: states of the addressed CPU, and whether it accepts the signal. */
export const CONDITIONAL_EMERGENCY: readonly {
  readonly name: string;
  readonly mask: bigint;
  readonly address: bigint;
  readonly primary: number;
  readonly secondary: number;
  readonly signalled: boolean;
}[] = [
  {
    name: 'disabled for I/O',
    mask: 0x0100_0001_8000_0000n,
    address: 4n,
    primary: 1,
    secondary: 1,
    signalled: true,
  },
  {
    name: 'disabled for external',
    mask: 0x0200_0001_8000_0000n,
    address: 4n,
    primary: 1,
    secondary: 1,
    signalled: true,
  },
  {
    name: 'running in its space',
    mask: 0x0300_0001_8000_0000n,
    address: 4n,
    primary: 5,
    secondary: 1,
    signalled: true,
  },
  {
    name: 'with it as secondary',
    mask: 0x0300_0001_8000_0000n,
    address: 4n,
    primary: 1,
    secondary: 5,
    signalled: true,
  },
  {
    name: 'running elsewhere',
    mask: 0x0300_0001_8000_0000n,
    address: 4n,
    primary: 1,
    secondary: 1,
    signalled: false,
  },
  {
    name: 'waiting not at 0',
    mask: 0x0302_0001_8000_0000n,
    address: 4n,
    primary: 1,
    secondary: 1,
    signalled: true,
  },
  {
    name: 'waiting at 0',
    mask: 0x0302_0001_8000_0000n,
    address: 0n,
    primary: 5,
    secondary: 5,
    signalled: false,
  },
];
