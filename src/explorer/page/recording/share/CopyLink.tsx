/**
 * The button that copies a link to the current position.
 */

import { useSignal } from '@preact/signals';
import { complain } from '../../ui/notice.ts';
import { fragment } from './link.ts';

/** How long the button shows that the link was copied, in milliseconds. */
const SHOWN = 2000;

/** The button. */
export function CopyLink() {
  const done = useSignal(false);
  const copy = async () => {
    const hash = fragment();
    if (hash === null) {
      complain(
        new Error('A link cannot hold a guest image, a trace or more than 1 MiB. Send the file instead.'),
      );
      return;
    }
    const link = `${location.href.split('#')[0]}#${hash}`;
    try {
      await navigator.clipboard.writeText(link);
      done.value = true;
      setTimeout(() => (done.value = false), SHOWN);
    } catch {
      history.replaceState(null, '', `#${hash}`);
      complain(new Error('The browser does not allow the page to copy. The link is in the address bar.'));
    }
  };
  return (
    <button type="button" class="copy-link" title="Copy a link to this position" onClick={() => void copy()}>
      <span aria-live="polite">{done.value ? 'Copied ✓' : 'Copy link'}</span>
    </button>
  );
}
