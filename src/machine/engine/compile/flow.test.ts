/** The control flow of regions: loops, joins, calls, and graphs that cannot be reduced. */

import { describe, expect, it } from 'vitest';
import { type Flow, findFlow } from './flow.ts';
import type { Code } from './nearby-code.ts';

const KNOWN = () => true;

/** A page, and nothing near it. */
function only(view: DataView): Code {
  return { halfword: (offset) => (offset >= 0 && offset < view.byteLength ? view.getUint16(offset) : -1) };
}

/** A page that begins with code in hexadecimal. */
function page(hex: string): Code {
  return only(bytes(hex));
}

function bytes(hex: string): DataView {
  const digits = hex.replaceAll(' ', '');
  const bytes = new Uint8Array(0x1000);
  for (let i = 0; i * 2 < digits.length; i++) bytes[i] = Number.parseInt(digits.slice(i * 2, i * 2 + 2), 16);
  return new DataView(bytes.buffer);
}

/** The flow as text: for each block its offset, what it continues with, its dominator, and its marks. */
function shown({ blocks, dominators, heads, joins }: Flow): string[] {
  return blocks.map(({ offset, successors }, place) => {
    const marks = `${heads[place] ? ' loop' : ''}${joins[place] ? ' join' : ''}`;
    const to = successors.map((one) => blocks[one]?.offset).sort((a, b) => Number(a) - Number(b));
    return `${offset}: to ${to.join(' ') || 'nowhere'}, dominated by ${blocks[dominators[place]!]?.offset}${marks}`;
  });
}

describe('a region', () => {
  it('ends where the compiler does not know an instruction', () => {
    // LHI 1,1; STCK 0; LHI 2,2
    const flow = findFlow(page('a7180001 b2050000 a7280002'), 0, ({ mnemonic }) => mnemonic === 'LHI');
    expect(flow.blocks.map(({ instructions, next }) => [instructions.length, next])).toEqual([[1, 4]]);
  });

  it('is a loop in a loop', () => {
    // LHI 1,9; LHI 2,9; BRCT 2,.; BRCT 1,.-8; BCR 15,14
    const flow = findFlow(page('a7180009 a7280009 a7260000 a716fffc 07fe'), 0, KNOWN);
    expect(shown(flow)).toEqual([
      '0: to 4, dominated by 0',
      '4: to 8, dominated by 0 loop',
      '8: to 8 12, dominated by 4 loop',
      '12: to 4 16, dominated by 8',
      '16: to nowhere, dominated by 12',
    ]);
  });

  it('has a join behind an if with an else', () => {
    // BRC 8,else; LHI 1,1; BRC 15,end; else: LHI 1,2; end: BCR 15,14
    const flow = findFlow(page('a7840006 a7180001 a7f40004 a7180002 07fe'), 0, KNOWN);
    expect(shown(flow).sort()).toEqual([
      '0: to 4 12, dominated by 0',
      '12: to 16, dominated by 0',
      '16: to nowhere, dominated by 0 join',
      '4: to 16, dominated by 0',
    ]);
  });

  it('leaves a loop that is entered in its middle: one way into it is cut', () => {
    // BRC 8,second; first: LHI 1,1; second: LHI 2,2; BRC 4,first; BCR 15,14
    const flow = findFlow(page('a7840004 a7180001 a7280002 a744fffc 07fe'), 0, KNOWN);
    expect(flow.heads).not.toContain(true);
    const edges = flow.blocks.flatMap(({ offset, successors }) =>
      successors.map((to) => `${offset} ${flow.blocks[to]?.offset}`),
    );
    expect(edges.sort()).toEqual(['0 4', '0 8', '8 16', '8 4']);
  });

  it('does not have code that is elsewhere, unless it begins there', () => {
    // BRC 8,else; LHI 1,1; BRC 15,end; else: LHI 1,2; end: BCR 15,14
    const code = page('a7840006 a7180001 a7f40004 a7180002 07fe');
    const offsets = { isReached: () => true, isElsewhere: (offset: number) => offset === 12 };
    expect(shown(findFlow(code, 0, KNOWN, offsets)).sort()).toEqual([
      '0: to 4, dominated by 0',
      '16: to nowhere, dominated by 4',
      '4: to 16, dominated by 0',
    ]);
    expect(findFlow(code, 12, KNOWN, offsets).blocks).toHaveLength(1);
  });

  it('does not go where only a branch leads that was never taken', () => {
    // BRC 8,else; LHI 1,1; BRC 15,end; else: LHI 1,2; end: BCR 15,14
    const flow = findFlow(page('a7840006 a7180001 a7f40004 a7180002 07fe'), 0, KNOWN, {
      isReached: () => false,
      isElsewhere: () => false,
    });
    expect(shown(flow).sort()).toEqual([
      '0: to 4, dominated by 0',
      '16: to nowhere, dominated by 4',
      '4: to 16, dominated by 0',
    ]);
  });

  it('continues behind a call where an indirect branch returns', () => {
    // BRASL 14,func; BCR 15,13; func: BCR 15,14
    const flow = findFlow(page('c0e500000004 07fd 07fe'), 0, KNOWN);
    expect(flow.returns).toEqual([6]);
    expect(flow.blocks.map(({ offset }) => offset)).toEqual([0, 8, 6]);
  });

  it.each([0xffe, 0xffc])('does not have an instruction whose end is not there, at %d', (at) => {
    const view = bytes('');
    // BRASL needs six bytes.
    view.setUint16(at, 0xc0e5);
    expect(findFlow(only(view), at, KNOWN).blocks[0]?.instructions).toEqual([]);
  });

  it('has a bound', () => {
    const many = page('a7180001'.repeat(1000));
    const count = findFlow(many, 0, KNOWN).blocks.reduce((sum, block) => sum + block.instructions.length, 0);
    expect(count).toBe(400);
  });
});

/** Whether block `to` can be reached from the entry without block `without`. */
function reaches({ blocks }: Flow, to: number, without: number): boolean {
  const seen = new Set<number>();
  const todo = without === 0 ? [] : [0];
  while (todo.length > 0) {
    const at = todo.pop()!;
    if (seen.has(at)) continue;
    seen.add(at);
    todo.push(...blocks[at]!.successors.filter((next) => next !== without));
  }
  return seen.has(to);
}

describe('random graphs', () => {
  let state = 1;
  const below = (bound: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return (state >>> 8) % bound;
  };

  /** A page of branches to one another. */
  function branches(count: number): Code {
    const view = bytes('');
    for (let i = 0; i < count; i++) {
      const mask = below(4) === 0 ? 15 : 1 + below(14);
      view.setUint16(i * 4, 0xa704 | (mask << 4));
      view.setInt16(i * 4 + 2, (below(count) - i) * 2);
    }
    view.setUint16(count * 4, 0x07fe);
    return only(view);
  }

  it.each(Array.from({ length: 60 }, (_, i) => 2 + (i % 20)))('of %d branches', (count) => {
    const flow = findFlow(branches(count), 0, KNOWN);
    const { blocks, dominators, heads, joins, places } = flow;
    const dominates = (a: number, b: number) => a === b || !reaches(flow, b, a);
    blocks.forEach(({ offset, successors }, place) => {
      expect(places.get(offset)).toBe(place);
      if (place === 0) return;
      const dominator = dominators[place]!;
      // It dominates, and all other blocks that dominate dominate it.
      expect(dominator).toBeLessThan(place);
      const all = blocks.map((_, at) => at).filter((at) => at !== place && dominates(at, place));
      expect(all.filter((at) => !dominates(at, dominator))).toEqual([]);
      expect(all).toContain(dominator);
      // Every edge back leads to a loop's head, which dominates the block.
      for (const to of successors.filter((one) => one <= place)) {
        expect([to, heads[to], dominates(to, place)]).toEqual([to, true, true]);
      }
      const forward = blocks.filter((block, from) => from < place && block.successors.includes(place));
      expect(joins[place]).toBe(forward.length > 1);
    });
  });
});
