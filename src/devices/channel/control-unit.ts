/** The commands that every control unit executes. The Common I/O-Device Commands (SA22-7204) define their data. */

import type { ChannelData } from './data.ts';
import type { ChannelDevice, DeviceIdentity } from './device.ts';

const NO_OPERATION = 0x03;
const SENSE_DATA = 0x04;
const SENSE_ID = 0xe4;

/**
 * Executes a command of a control unit or, if it is another one, of its device. Returns 0, or the first byte of sense data.
 * @param sense the sense data, which SENSE returns
 */
export function executeBasic(
  device: ChannelDevice,
  sense: Uint8Array,
  command: number,
  data: ChannelData,
): number {
  switch (command) {
    case NO_OPERATION:
      return 0;
    case SENSE_DATA:
      data.write(sense);
      return 0;
    case SENSE_ID:
      data.write(senseId(device.identity));
      return 0;
    default:
      return device.execute(command, data);
  }
}

function senseId(identity: DeviceIdentity): Uint8Array {
  const bytes = new Uint8Array(7);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, 0xff);
  view.setUint16(1, identity.controlUnitType);
  view.setUint8(3, identity.controlUnitModel);
  view.setUint16(4, identity.deviceType);
  view.setUint8(6, identity.deviceModel);
  return bytes;
}
