/** Opens a saved state that the address of the page names: `?state=path`, from the page's own origin only. */

import { machine } from '../../client.ts';
import { tab } from '../tabs.ts';
import { openOwn } from '../workspace.ts';
import { FileError, LARGEST_FILE } from './detect.ts';
import { isState } from './kernel-files.ts';

/** The longest path that a message repeats, in characters. */
const PATH_SHOWN = 100;

/** Opens the state at an address. @throws Error if that is not possible, with a sentence for the reader */
export async function openState(path: string): Promise<void> {
  const shown = path.length > PATH_SHOWN ? `${path.slice(0, PATH_SHOWN)}…` : path;
  const url = ownAddress(path, shown);
  const image = await fetched(url, shown);
  if (!isState(image)) throw new FileError(`${shown} is not the saved state of a guest.`);
  const name = decodeURIComponent(url.pathname.split('/').at(-1) ?? '');
  const source = { kind: 'guest', name, image } as const;
  await machine.demandPlayable(source);
  tab.value = 'spaces';
  await openOwn(source, { name });
}

/** @throws FileError if the address is not one of the page's own origin */
function ownAddress(path: string, shown: string): URL {
  const url = URL.canParse(path, document.baseURI) ? new URL(path, document.baseURI) : null;
  if (url?.origin === location.origin) return url;
  throw new FileError(`The state ${shown} is not opened: it must come from ${location.origin}.`);
}

/** @throws FileError if there is no such file, or if it is too large */
async function fetched(url: URL, shown: string): Promise<Uint8Array> {
  const answer = await fetch(url, { redirect: 'error' }).catch(() => null);
  if (answer === null || !answer.ok || answer.body === null) {
    throw new FileError(
      `The state ${shown} could not be fetched${answer ? ` (status ${answer.status})` : ''}.`,
    );
  }
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  const reader = answer.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size > LARGEST_FILE) {
      await reader.cancel();
      throw new FileError(`The state ${shown} is larger than 256 MiB.`);
    }
    parts.push(value);
  }
  return new Uint8Array(await new Blob(parts).arrayBuffer());
}
