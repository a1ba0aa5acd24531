/**
 * Random runs of a guest with a dirty log and storage keys. After each step every rule is checked, and a model of each
 * page is compared: its contents, its key, and whether it was written.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PROT } from '../host/index.ts';
import { GUEST_BYTES, GUEST_HOME, TestGuest } from '../host/testing/index.ts';
import { KEY_CHANGED, KEY_REFERENCED } from '../machine/index.ts';
import { diag, ipm, iske, lg, load, pfmf, rrbe, sske, stg } from '../machine/testing/index.ts';
import { Checker, describeViolation } from './index.ts';

const PAGE = 4096n;
const USED = KEY_REFERENCED;
const WRITTEN = KEY_REFERENCED | KEY_CHANGED;
/** The pages that the steps access: in two segments, none of them a prefix or program page. */
const PAGES = [0x20, 0x21, 0x7f, 0xff, 0x100, 0x1fe, 0x300];

/** The model of one page. */
interface Known {
  value: number;
  /** Access control and fetch protection, reference and change. */
  key: number;
  dirty: boolean;
}

/** A guest, its model, and the steps of a run. */
class Life {
  readonly guest: TestGuest;
  readonly #checker: Checker;
  readonly #known = new Map<number, Known>();
  #logs = false;
  #keys = false;

  constructor(large: boolean) {
    this.guest = new TestGuest({ large });
    this.#checker = Checker.attach(this.guest.host);
    for (const page of PAGES) this.#known.set(page, { value: 0, key: 0, dirty: false });
  }

  /** Performs one step, and checks all rules. */
  step(name: Step, page: number, value: number): void {
    this.#checker.record(`${name} ${page.toString(16)} ${value}`);
    STEPS[name](this, page, value);
    const [violation] = this.#checker.checkChanged();
    if (violation) throw new Error(describeViolation(violation));
  }

  of(page: number): Known {
    return this.#known.get(page) as Known;
  }

  /** Notes in the model that a page was written. */
  wrote(page: number, value: number): void {
    Object.assign(this.of(page), { value, dirty: true, key: this.of(page).key | WRITTEN });
  }

  /** Notes in the model that keys are enabled: the first use makes all of them 0. */
  useKeys(): void {
    if (this.#keys) return;
    this.#keys = true;
    for (const known of this.#known.values()) known.key = 0;
  }

  log(on: boolean): void {
    this.guest.slot(on ? 1 : 0);
    if (on && !this.#logs) for (const known of this.#known.values()) known.dirty = false;
    this.#logs = on;
  }

  /** Compares log and model. */
  takeLog(): void {
    if (!this.#logs) return;
    const dirty = PAGES.filter((page) => this.of(page).dirty);
    expect(this.guest.vm.getDirtyLog(0).filter((page) => PAGES.includes(page))).toEqual(dirty);
    for (const known of this.#known.values()) known.dirty = false;
  }

  /** Compares contents and keys with the model. */
  compare(): void {
    for (const page of PAGES) {
      const { value, key } = this.of(page);
      if (this.#keys) expect([page, this.guest.vm.getKey(BigInt(page) * PAGE)]).toEqual([page, key]);
      expect([page, this.guest.mm.read(this.guest.processAddress(page) + 7n, 1)[0]]).toEqual([page, value]);
      this.of(page).key |= USED;
    }
    expect(this.#checker.checkAll()).toEqual([]);
    expect(this.guest.problems).toEqual([]);
  }
}

type Act = (life: Life, page: number, value: number) => void;

const STEPS = {
  'guest stores': (life, page, value) => {
    life.guest.on(page, load(1, value), stg(1, 0, 2));
    life.wrote(page, value);
  },
  'guest loads': (life, page) => {
    expect(Number(life.guest.on(page, lg(1, 0, 2)) & 0xffn)).toBe(life.of(page).value);
    life.of(page).key |= USED;
  },
  'process stores': (life, page, value) => {
    const { host, mm } = life.guest;
    host.writeAsProcess(mm, host.machine.cpu(1), life.guest.processAddress(page) + 7n, Uint8Array.of(value));
    life.wrote(page, value);
  },
  'kernel writes': (life, page, value) => {
    life.guest.mm.write(life.guest.processAddress(page) + 7n, Uint8Array.of(value));
    life.wrote(page, value);
  },
  'guest inserts the key': (life, page) => {
    life.useKeys();
    expect(Number(life.guest.on(page, load(1, 0), iske(1, 2)))).toBe(life.of(page).key);
  },
  'guest sets the key': (life, page, value) => {
    life.useKeys();
    life.guest.on(page, load(1, value & 0xfe), sske(1, 2));
    life.of(page).key = value & 0xfe;
  },
  'guest resets the reference bit': (life, page) => {
    life.useKeys();
    const known = life.of(page);
    const code = Number(life.guest.on(page, rrbe(0, 2), load(1, 0), ipm(1)) >> 28n) & 3;
    expect(code).toBe((known.key & WRITTEN) >>> 1);
    known.key &= ~KEY_REFERENCED;
  },
  'guest manages the frame': (life, page, value) => {
    life.useKeys();
    life.guest.on(page, load(3, 0x3_0000 | (value & 0xfe)), pfmf(3, 2));
    life.wrote(page, 0);
    life.of(page).key = value & 0xfe;
  },
  'user sets the key': (life, page, value) => {
    life.useKeys();
    life.guest.vm.setKey(BigInt(page) * PAGE, value & 0xfe);
    life.of(page).key = value & 0xfe;
  },
  'guest gives the page back': (life, page) => {
    life.guest.on(page, diag(2, 2, 0x10));
    life.of(page).value = 0;
  },
  'process drops the page': (life, page) => {
    life.guest.mm.dontNeed({ address: life.guest.processAddress(page), length: PAGE });
    life.of(page).value = 0;
  },
  'process maps the page anew': (life, page) => {
    life.guest.mm.munmap({ address: life.guest.processAddress(page), length: PAGE });
    life.guest.mm.mmap({ address: life.guest.processAddress(page), length: PAGE });
    life.of(page).value = 0;
  },
  'process protects': (life) => {
    const { mm } = life.guest;
    mm.mprotect({ address: GUEST_HOME, length: GUEST_BYTES, protection: PROT.READ });
    mm.mprotect({ address: GUEST_HOME, length: GUEST_BYTES, protection: PROT.READ | PROT.WRITE });
  },
  'process forks, the child writes': (life, page, value) => {
    const { host, mm } = life.guest;
    const child = host.fork(mm);
    child.write(life.guest.processAddress(page), Uint8Array.of(value));
    if (value & 1) host.exitMm(child);
  },
  'slot logs': (life) => life.log(true),
  'slot does not log': (life) => life.log(false),
  'slot moves and comes back': (life) => {
    const { vm } = life.guest;
    const flags = vm.slots.all.get(0)?.flags ?? 0;
    life.guest.slot(flags, 64n << 20n);
    life.guest.slot(flags);
  },
  'user takes the log': (life) => life.takeLog(),
} satisfies Record<string, Act>;

type Step = keyof typeof STEPS;

const lives = fc.array(
  fc.tuple(
    fc.constantFrom(...(Object.keys(STEPS) as Step[])),
    fc.constantFrom(...PAGES),
    fc.nat({ max: 255 }),
  ),
  { minLength: 1, maxLength: 60 },
);

describe.each([
  ['pages of 4 KiB', false],
  ['frames of 1 MiB', true],
])('random lives of a guest of %s', (_, large) => {
  it('have the contents, keys and logs that they must, and break no rule', () => {
    fc.assert(
      fc.property(lives, (steps) => {
        const life = new Life(large);
        for (const [name, page, value] of steps) life.step(name, page, value);
        life.takeLog();
        life.compare();
      }),
      { numRuns: 30, seed: 7 },
    );
  });
});
