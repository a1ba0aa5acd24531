import { compareAll, stateFor } from './compare.ts';
import { describe } from './describe.ts';
import { FAMILIES } from './families.ts';
const [name, seed, hex, machine] = process.argv.slice(2);
const code = Buffer.alloc(128);
Buffer.from(hex!, 'hex').copy(code);
const [one] = await compareAll((machine ?? 'qemu') as never, [{ seed: 1, code, state: stateFor(FAMILIES[name!]!, Number(seed)) }], true);
console.log(one!.agreed); console.log(describe(one!));
