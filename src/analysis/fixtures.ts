/** Helpers for the tests of traces. */

import { parseLine, World } from '../scenario/index.ts';
import { Trace, type TraceEvent } from '../trace/index.ts';
import { TraceChecker } from './check/checker.ts';

/** A fault of a host, or null. */
type Fault = World['host']['kernel']['injectedFault'];

/** Returns the events of a scenario, from the creation of process 0 on. */
export function eventsOf(lines: readonly string[], injectedFault: Fault = null): TraceEvent[] {
  const trace = new Trace();
  const events: TraceEvent[] = [];
  trace.subscribe((event) => events.push(event));
  const world = new World({ storageSize: 32 << 20, trace });
  world.host.kernel.injectedFault = injectedFault;
  for (const line of lines) {
    const operation = parseLine(line);
    if (operation === null) continue;
    try {
      world.perform(operation);
    } catch {
      // With an injected fault, the host may reach a state in which nothing works.
      break;
    }
  }
  return events;
}

/** Checks events. */
export function checked(events: readonly TraceEvent[]): TraceChecker {
  const checker = new TraceChecker();
  for (const event of events) checker.add(event);
  checker.end();
  return checker;
}
