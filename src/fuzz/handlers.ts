/** Handlers of interruptions in the programs of fuzzers. They return. */

/** The addresses of new PSWs in the prefix area, and the offsets of their handlers: restart, external, supervisor call, program. */
export const NEW_PSWS = [
  [0x1a0, 0x300],
  [0x1b0, 0x200],
  [0x1c0, 0x100],
  [0x1d0, 0],
] as const;

/** The handlers, by offset. That of program interruptions returns to the next instruction, even after nullification. */
export const HANDLERS = [
  // STMG 0,1,512; MVC 528(16),336; LLGH 0,140; LLGH 1,142; CHI 1,16; JL .+16; AG 0,536; STG 0,536; LMG 0,1,512; LPSWE 528
  [
    0,
    'eb0102000024d20f02100150e300008c0091e310008e0091a71e0010a7440008e30002180008e30002180024eb0102000004b2b20210',
  ],
  [0x100, 'b2b20140'],
  [0x200, 'b2b20130'],
  [0x300, 'b2b20120'],
] as const;

/** Parses hexadecimal digits. */
export function bytesOf(hex: string): Uint8Array {
  const bytes = new Uint8Array(hex.length >> 1);
  for (let i = 0; i < bytes.length; i++) bytes[i] = Number.parseInt(hex.slice(i * 2, i * 2 + 2), 16);
  return bytes;
}
