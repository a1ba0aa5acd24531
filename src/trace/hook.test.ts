import { describe, expect, it } from 'vitest';
import { Hook, Operations, Trace, type TraceEvent } from './index.ts';

const PURGE: TraceEvent = { type: 'purge', by: 'all' };

describe('a hook', () => {
  it('calls every listener in order, each until it unsubscribes', () => {
    const trace = new Trace();
    const called: string[] = [];
    expect(trace.listener).toBe(null);
    const first = trace.subscribe(() => called.push('first'));
    const second = trace.subscribe(() => called.push('second'));
    trace.listener?.(PURGE);
    first();
    first();
    trace.listener?.(PURGE);
    second();
    expect(trace.listener).toBe(null);
    expect(called).toEqual(['first', 'second', 'second']);
  });

  it('distinguishes two subscriptions of the same function', () => {
    const trace = new Trace();
    let calls = 0;
    const count = () => void calls++;
    const once = trace.subscribe(count);
    trace.subscribe(count);
    trace.listener?.(PURGE);
    once();
    trace.listener?.(PURGE);
    expect(calls).toBe(3);
  });

  it('cannot be assigned to', () => {
    const trace = new Trace() as { listener: unknown };
    expect(() => {
      trace.listener = () => {};
    }).toThrow(TypeError);
    expect(() => new Trace().subscribe(null as never)).toThrow('a listener must be a function, not object');
  });

  it('respects an unsubscription during a call, and calls a new listener from the next time on', () => {
    const trace = new Trace();
    const called: string[] = [];
    trace.subscribe(() => {
      unsubscribe();
      if (called.length === 0) trace.subscribe(() => called.push('new'));
      called.push('first');
    });
    const unsubscribe = trace.subscribe(() => called.push('gone'));
    trace.listener?.(PURGE);
    expect(called).toEqual(['first']);
    trace.listener?.(PURGE);
    expect(called).toEqual(['first', 'first', 'new']);
  });

  it('reports a change of its listener', () => {
    const seen: boolean[] = [];
    const hook: Hook<[]> = new Hook(new Operations(), () => seen.push(hook.listener !== null));
    hook.subscribe(() => {})();
    expect(seen).toEqual([true, false]);
  });
});

describe('a listener that throws', () => {
  it('is unsubscribed, and its error is thrown at once if no operation is in progress', () => {
    const trace = new Trace();
    let calls = 0;
    trace.subscribe(() => {
      throw new Error('first');
    });
    trace.subscribe(() => {
      throw new Error('second');
    });
    trace.subscribe(() => void calls++);
    expect(() => trace.listener?.(PURGE)).toThrow('first');
    trace.listener?.(PURGE);
    expect(calls).toBe(2);
  });

  it('has its error thrown at the end of the outermost operation, once', () => {
    const trace = new Trace();
    const { operations } = trace;
    trace.subscribe(() => {
      throw new Error('of a listener');
    });
    operations.begin();
    operations.begin();
    trace.listener?.(PURGE);
    operations.end();
    expect(() => operations.end()).toThrow('of a listener');
    operations.begin();
    operations.end();
  });

  it('is reported as being called only during the call', () => {
    const trace = new Trace();
    const seen: boolean[] = [];
    trace.subscribe(() => seen.push(trace.operations.delivering));
    trace.listener?.(PURGE);
    expect([...seen, trace.operations.delivering]).toEqual([true, false]);
  });
});
