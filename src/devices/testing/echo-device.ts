/** A device for tests of the channel subsystem: it stores and returns bytes. */

import type { ChannelData } from '../channel/data.ts';
import type { ChannelDevice, ChannelPort } from '../channel/device.ts';
import { SENSE } from '../channel/device.ts';
import { SavedFields } from '../saved-state.ts';

/** Commands of the device. */
export const ECHO = { WRITE: 0x01, READ: 0x02, CONTROL: 0x07 } as const;

/** A device that returns by READ what WRITE has stored. */
export class EchoDevice implements ChannelDevice {
  readonly identity = { controlUnitType: 0x1234, controlUnitModel: 5, deviceType: 0x6789, deviceModel: 10 };
  /** The bytes that READ returns. */
  content: Uint8Array = new Uint8Array(0);
  /** Maximum number of bytes that WRITE takes. */
  size = 16;
  readonly calls: string[] = [];
  port: ChannelPort | null = null;

  connect(port: ChannelPort): void {
    this.port = port;
  }

  execute(command: number, data: ChannelData): number {
    switch (command) {
      case ECHO.WRITE:
        this.content = data.read(this.size);
        return 0;
      case ECHO.READ:
        data.write(this.content);
        return 0;
      case ECHO.CONTROL:
        this.calls.push('control');
        return 0;
      default:
        return SENSE.COMMAND_REJECT;
    }
  }

  notify(queue: number): boolean {
    this.calls.push(`notify ${queue}`);
    return queue === 0;
  }

  disabled(): void {
    this.calls.push('disabled');
  }

  reset(): void {
    this.calls.push('reset');
    this.content = new Uint8Array(0);
  }

  save(): unknown {
    return { content: this.content.slice() };
  }

  prepareRestore(state: unknown): () => void {
    const content = new SavedFields('echo', state).bytes('content', 64, false);
    return () => {
      this.content = content;
    };
  }
}
