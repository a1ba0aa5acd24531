import { GuestsFuzzer } from '../../src/fuzz/guests/run.ts';
import { formatCase, reduceCase } from '../../src/fuzz/fuzzer.ts';
import { seedOf } from '../../src/fuzz/random.ts';
const f = new GuestsFuzzer();
const [from, to] = [Number(process.argv[2]), Number(process.argv[3])];
const seen = new Map<string, number>();
const t = performance.now();
let steps = 0;
for (let i = from; i < to; i++) {
  const seed = seedOf(1, i);
  const one = f.generate(seed);
  const r = f.run(one);
  steps += r.performed;
  if (!r.finding) continue;
  const key = r.finding.kind + ': ' + r.finding.message.replace(/0x[0-9a-f]+|[0-9]+/g,'N').slice(0, 60);
  seen.set(key, (seen.get(key) ?? 0) + 1);
  if (seen.get(key) === 1 && seen.size < 8) {
    const end = performance.now() + 15000;
    const short = reduceCase(f, one, r.finding.kind, () => performance.now() < end);
    const again = f.run(short);
    console.log(formatCase({ what: 'guests', seed, run: i, finding: again.finding ?? r.finding, ...short }).slice(0, 3500));
  }
}
console.log(to - from, 'runs', steps, 'steps', performance.now() - t, 'ms');
for (const e of seen) console.log(e);
