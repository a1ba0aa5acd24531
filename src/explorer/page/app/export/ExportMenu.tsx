/**
 * The menu that saves the current picture.
 */

import { position } from '../../recording/state.ts';
import { tab } from '../../recording/tabs.ts';
import { Menu } from '../../ui/Menu.tsx';
import { complain } from '../../ui/notice.ts';

/** Views that can be saved. The console is text, and can be copied. */
const SAVED: readonly string[] = ['spaces', 'trees', 'walk', 'processors'];

async function saveAs(kind: 'svg' | 'png'): Promise<void> {
  const name = `guesthouse-${tab.value}-step-${position.value.step}`;
  try {
    const { picture, savePng, saveSvg } = await import('./save.ts');
    const shown = picture();
    if (shown === null) throw new Error('This view has no picture to save.');
    if (kind === 'svg') saveSvg(shown, name);
    else await savePng(shown, name);
  } catch (error) {
    complain(error);
  }
}

/** The menu; absent where there is no drawing. */
export function ExportMenu() {
  if (!SAVED.includes(tab.value)) return null;
  return (
    <Menu name="Save the picture" label={<>Save picture ▾</>} align="right">
      <button type="button" role="menuitem" tabIndex={-1} onClick={() => void saveAs('svg')}>
        <strong>SVG</strong>
        <small>vector graphics, for papers and slides</small>
      </button>
      <button type="button" role="menuitem" tabIndex={-1} onClick={() => void saveAs('png')}>
        <strong>PNG</strong>
        <small>pixels, at twice the resolution of the page</small>
      </button>
    </Menu>
  );
}
