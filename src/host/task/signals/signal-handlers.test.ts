import { describe, expect, it } from 'vitest';
import { SA, SIG, SIG_DFL, SIG_IGN } from '../abi/signals.ts';
import { SignalHandlers } from './signal-handlers.ts';

const caught = { handler: 0x1000, flags: SA.RESTART, restorer: 0, mask: 6n };
const ignored = { ...caught, handler: SIG_IGN };

describe('the actions of a process', () => {
  it('ignore what they are told to, and by default the signals of children, windows and urgent data', () => {
    const handlers = new SignalHandlers();
    handlers.set(SIG.INT, ignored);
    handlers.set(SIG.CHLD, caught);
    const some = [SIG.INT, SIG.CHLD, SIG.WINCH, SIG.URG, SIG.CONT, SIG.TERM];
    expect(some.filter((signal) => handlers.ignores(signal))).toEqual([SIG.INT, SIG.WINCH, SIG.URG]);
  });

  it('are copied, so that a change of one does not change the other', () => {
    const handlers = new SignalHandlers();
    handlers.set(SIG.INT, caught);
    const copy = handlers.copy();
    copy.set(SIG.INT, ignored);
    handlers.set(SIG.TERM, ignored);
    expect([handlers.of(SIG.INT), copy.of(SIG.INT)]).toEqual([caught, ignored]);
    expect(copy.of(SIG.TERM).handler).toBe(SIG_DFL);
  });

  it('are forgotten by exec, except that a signal is ignored', () => {
    const handlers = new SignalHandlers();
    handlers.set(SIG.INT, caught);
    handlers.set(SIG.TERM, ignored);
    handlers.forget();
    expect(handlers.of(SIG.INT)).toEqual({ handler: SIG_DFL, flags: 0, restorer: 0, mask: 0n });
    expect(handlers.of(SIG.TERM)).toEqual({ handler: SIG_IGN, flags: 0, restorer: 0, mask: 0n });
  });
});
