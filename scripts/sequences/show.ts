import { FAMILIES } from './families.ts';
import { compare } from './compare.ts';
import { describe } from './describe.ts';
const [name, seedText, count] = process.argv.slice(2);
const family = FAMILIES[name!]!;
const all = await compare(name!, family, 1, Number(count ?? 1000));
const one = all.find((x) => String(x.seed) === seedText)!;
console.log(describe(one));
console.log(one.here, one.first, one.second);
