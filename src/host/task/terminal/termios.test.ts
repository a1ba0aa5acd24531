/** Modes of terminals in memory. */

import { expect, it } from 'vitest';
import { CFLAG } from '../abi/terminals.ts';
import { decodeTermios, encodeTermios, INITIAL_TERMIOS, TERMIOS_SIZE, TERMIOS2_SIZE } from './termios.ts';

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

it('are big-endian, and the control characters follow the line discipline', () => {
  const bytes = encodeTermios(INITIAL_TERMIOS, TERMIOS_SIZE);
  expect([...bytes.subarray(0, 22)]).toEqual([
    ...[0, 0, 5, 0, 0, 0, 0, 5, 0, 0, 0, 0xbf, 0, 0, 0x8a, 0x3b],
    ...[0, 3, 28, 127, 21, 4],
  ]);
});

it.each([TERMIOS_SIZE, TERMIOS2_SIZE])('of %i bytes are read as they were written', (size) => {
  const bytes = encodeTermios(INITIAL_TERMIOS, size);
  expect(bytes).toHaveLength(size);
  expect(decodeTermios(viewOf(bytes))).toEqual(INITIAL_TERMIOS);
});

it.each([
  [0x0d, 9600],
  [0x0f, 38_400],
  [0x1001, 57_600],
  [0x1002, 115_200],
  [0x100f, 4_000_000],
])('the speed 0x%x is %i', (code, speed) => {
  const cflag = (INITIAL_TERMIOS.cflag & ~CFLAG.CBAUD) | code;
  const bytes = encodeTermios({ ...INITIAL_TERMIOS, cflag }, TERMIOS_SIZE);
  expect(decodeTermios(viewOf(bytes)).outputSpeed).toBe(speed);
});

it('a speed of its own is given by BOTHER', () => {
  const cflag = (INITIAL_TERMIOS.cflag & ~CFLAG.CBAUD) | CFLAG.BOTHER;
  const bytes = encodeTermios(
    { ...INITIAL_TERMIOS, cflag, inputSpeed: 1, outputSpeed: 12_345 },
    TERMIOS2_SIZE,
  );
  const { inputSpeed, outputSpeed } = decodeTermios(viewOf(bytes));
  expect([inputSpeed, outputSpeed]).toEqual([1, 12_345]);
});

it('always have 8 bits, and receive', () => {
  const bytes = encodeTermios({ ...INITIAL_TERMIOS, cflag: CFLAG.PARENB }, TERMIOS_SIZE);
  expect(decodeTermios(viewOf(bytes)).cflag).toBe(CFLAG.CS8 | CFLAG.CREAD);
});
