/**
 * Where QEMU's TCG (7.2) does not do what the Principles of Operation say. The architecture decides: what was
 * recorded is corrected, and the fixture says so, with the name of the deviation as the case's last element.
 */

const SIGNED_ARITHMETIC = new Set(
  `A AR AH AHI AY AHY AFI ARK AHIK ASI AG AGR AGF AGFR AGHI AGFI AGRK AGHIK AGSI AHHHR AHHLR AIH
   S SR SH SY SHY SRK SG SGR SGF SGFR SGRK SHHHR SHHLR LCR LCGR LCGFR LPR LPGR LPGFR
   SLA SLAK SLAG SLDA`.split(/\s+/),
);

/** Instructions whose operand, relative to them, must be on its boundary, and the boundary. */
const RELATIVE = { 4: /^(CRL|CLRL|CGFRL|CLGFRL|LRL|LGFRL|LLGFRL|STRL)$/, 8: /^(CGRL|CLGRL|LGRL|STGRL)$/ };

function misplaced({ mnemonic, asm }) {
  const match = /\.\+(\d+)/.exec(asm);
  if (!match) return false;
  return Object.entries(RELATIVE).some(([size, names]) => names.test(mnemonic) && match[1] % size !== 0);
}

const DEVIATIONS = [
  {
    name: 'fixed-point overflow is never an exception',
    applies: ({ mnemonic, state }, out) =>
      SIGNED_ARITHMETIC.has(mnemonic) && state.pm & 8 && (out.cc ?? state.cc) === 3 && !out.pgm,
    correct: (out, length) => ({ ...out, pgm: 8, ilc: length }),
  },
  {
    name: 'relative operands are not checked for their boundary',
    applies: (one, out) => misplaced(one) && out.pgm !== 6,
    correct: ({ at }, length) => ({ pgm: 6, ilc: length, at }),
  },
  {
    name: 'CDSG does not demand even registers',
    applies: ({ mnemonic, patch }, out) => mnemonic === 'CDSG' && patch && out.pgm !== 6,
    correct: ({ at }, length) => ({ pgm: 6, ilc: length, at }),
  },
  {
    name: 'CLST does not mind bits beside the ending character',
    applies: ({ mnemonic, state }, out) => mnemonic === 'CLST' && state.r0 === '10000' && out.pgm !== 6,
    correct: (_out, length) => ({ pgm: 6, ilc: length, at: '20e04' }),
  },
  {
    name: 'LOAD ADDRESS changes the high half of the register outside the 64-bit mode',
    applies: ({ mnemonic, state }) => /^LA(Y|RL)?$/.test(mnemonic) && (state.mode ?? 64) !== 64,
    correct: (out, _length, { state }) => {
      const mask = state.mode === 31 ? 0x7fff_ffffn : 0x00ff_ffffn;
      const before = BigInt(`0x${state.r2 ?? '2222222222222222'}`);
      const after = (before & ~0xffff_ffffn) | (BigInt(`0x${out.r2}`) & mask);
      return { ...out, r2: after.toString(16) };
    },
  },
];

/** The result as the architecture has it, and the name of the deviation, if there is one. */
export function corrected(one, code, out) {
  const length = code[0] < 0x40 ? 2 : code[0] < 0xc0 ? 4 : 6;
  const deviation = DEVIATIONS.find(({ applies }) => applies(one, out));
  return deviation ? [deviation.correct(out, length, one), deviation.name] : [out];
}
